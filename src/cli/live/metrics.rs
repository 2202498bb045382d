//! `--metrics`: figures for Prometheus, made when somebody asks for them.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use super::super::error::Error;
use super::super::say;
use super::config::LiveConfig;
use crate::diagnose::look_at_own_host;
use crate::exporter::{Desk, Exporter};
use crate::host::Watched;
use crate::pipeline::SoFar;
use crate::report::metrics::{MEDIA_TYPE, Metrics, Moment};
use crate::source::live::Watch;

/// Reads `[ADDRESS:]PORT`; without an address it is the loopback's.
pub(super) fn address(text: &str) -> Result<SocketAddr, String> {
    let port = text.strip_prefix(':').unwrap_or(text);
    if let Ok(port) = port.parse::<u16>() {
        return Ok(SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port));
    }
    text.parse().map_err(|_| {
        "write an address and a port, 127.0.0.1:9184 or [::1]:9184, or a port alone for loopback: 9184"
            .to_owned()
    })
}

/// Takes the address while there are privileges for it.
pub(super) fn bind(config: &LiveConfig) -> Result<Option<Exporter>, Error> {
    let Some(address) = config.metrics else {
        return Ok(None);
    };
    let exporter = Exporter::bind(address).map_err(|error| {
        let problem = format!("cannot listen there: {error}; choose an address of this host and a free port");
        Error::argument(format!("--metrics {address}"), problem)
    })?;
    if !address.ip().is_loopback() && !config.report.quiet {
        say(&format!(
            "warning: metrics are given to whoever reaches {address}: addresses of clients and servers, and their figures"
        ));
    }
    Ok(Some(exporter))
}

/// What is told when somebody asks.
pub(super) struct Giving {
    desk: Arc<Desk>,
    metrics: Metrics,
}

impl Giving {
    /// Answers from now on.
    pub(super) fn begin(exporter: Exporter, config: &LiveConfig) -> Result<Self, Error> {
        let failed = |source| Error::System {
            what: "cannot give metrics",
            source,
        };
        let address = exporter.address().map_err(failed)?;
        let desk = Arc::new(Desk::default());
        exporter.serve(Arc::clone(&desk), MEDIA_TYPE).map_err(failed)?;
        if !config.report.quiet {
            say(&format!("metrics at http://{address}/metrics"));
        }
        Ok(Self {
            desk,
            metrics: Metrics::default(),
        })
    }

    /// Tells what there is so far, if somebody waits for it.
    pub(super) fn answer(&mut self, so_far: &SoFar<'_>, watch: &Watch, host: &Watched) {
        if !self.desk.is_wanted() {
            return;
        }
        let known = watch.known();
        let mut snapshot = so_far.without_list(known.sources, known.interfaces);
        let host = host.so_far();
        look_at_own_host(&mut snapshot, host.clone());
        let moment = Moment {
            snapshot: &snapshot,
            tally: so_far.tally(),
            host: &host,
        };
        if let Ok(text) = self.metrics.render(&moment) {
            self.desk.tell(text);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_alone_is_on_loopback() {
        for text in ["9184", ":9184", "127.0.0.1:9184"] {
            assert_eq!(address(text), Ok("127.0.0.1:9184".parse().unwrap()), "{text}");
        }
        assert_eq!(address("[::1]:1"), Ok("[::1]:1".parse().unwrap()));
        for text in ["", "localhost", "1.2.3.4", "65536"] {
            assert!(address(text).is_err(), "{text}");
        }
    }
}
