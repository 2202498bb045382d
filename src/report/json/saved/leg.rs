//! Verdicts, legs, pools, hosts and the timeline read back.

use super::capture::{endpoint, nanos, time};
use super::{SavedError, each, known, parsed, unless_star};
use crate::aggregate::TlsCounts;
use crate::diagnose::{self, LegName, Status};
use crate::report::json::cause::Cause;
use crate::report::json::figures::Figures;
use crate::report::json::leg::{
    Bill, Checks, EphemeralPorts, Host, Leg, PartOfLeg, Peak, Pool, Row, Timeline, Tls, Verdict,
};
use crate::report::when::from_rfc3339;
use crate::time::{MICROSECOND, Timestamp};

/// One of the four answers.
pub(super) fn status(field: &'static str, text: &str) -> Result<Status, SavedError> {
    let statuses = Status::ALL.into_iter();
    known(
        field,
        text,
        statuses.into_iter().find(|status| status.as_str() == text),
    )
}

/// `CLIENT -> SERVER:PORT`.
pub(super) fn name(field: &'static str, text: &str) -> Result<LegName, SavedError> {
    let (client, server) = known(field, text, text.split_once(" -> "))?;
    Ok(LegName {
        client: unless_star(client, |text| parsed(field, text))?,
        server: unless_star(server, |text| endpoint(field, text))?,
    })
}

impl Verdict {
    pub(super) fn restore(self) -> Result<diagnose::Verdict, SavedError> {
        Ok(diagnose::Verdict {
            status: status("verdict.status", &self.status)?,
            since: time("verdict.since", self.since.as_deref())?,
            reasons: self.reasons,
        })
    }
}

impl Leg {
    pub(super) fn restore(self) -> Result<diagnose::Leg, SavedError> {
        let mut figures = self.figures.restore()?;
        if let Some(tls) = self.tls {
            figures.counts.tls = tls.restore();
        }
        Ok(diagnose::Leg {
            name: LegName {
                client: unless_star(&self.client, |text| parsed("legs.client", text))?,
                server: unless_star(&self.server, |text| endpoint("legs.server", text))?,
            },
            figures,
            recent: self.recent.map(Figures::restore).transpose()?,
            lately: crate::diagnose::Lately::default(),
            verdict: self.verdict.restore()?,
            by_prefix: self.by_prefix.into_iter().map(Into::into).collect(),
            checks: each(self.checks, Checks::restore)?,
            paired_with: self
                .paired_with
                .map(|text| name("legs.paired_with", &text))
                .transpose()?,
            openings: self
                .openings
                .map(|openings| known("legs.openings.least", &openings.least, openings.restore()))
                .transpose()?
                .unwrap_or_default(),
            bill: self.bill.map(Into::into).unwrap_or_default(),
            causes: each(self.causes, Cause::restore)?,
        })
    }
}

impl From<PartOfLeg> for diagnose::PrefixRow {
    fn from(part: PartOfLeg) -> Self {
        Self {
            host: part.host,
            prefix: part.prefix,
            requests: part.requests,
            first: part.first,
            avoidable: part.avoidable_handshakes,
        }
    }
}

impl Checks {
    fn restore(self) -> Result<diagnose::CheckSeries, SavedError> {
        Ok(diagnose::CheckSeries {
            source: parsed("checks.source", &self.source)?,
            period: self.period_s.map(|period| period.0),
            count: self.count,
            target: self.target,
        })
    }
}

impl Tls {
    fn restore(self) -> TlsCounts {
        TlsCounts {
            // There was one at least, or nothing would be said of TLS.
            connections: self.full.saturating_add(self.resumed).max(1),
            full: self.full,
            resumed: self.resumed,
            server_name: self.sni.map(Into::into),
        }
    }
}

impl From<Bill> for diagnose::Bill {
    fn from(bill: Bill) -> Self {
        Self {
            avoidable_handshakes: bill.avoidable_handshakes,
            avoidable_packets: bill.avoidable_packets,
            avoidable_bytes: bill.avoidable_bytes,
            connect_time: (bill.connect_time_us.0 * MICROSECOND as f64) as i64,
            closes_per_second: bill.closes_per_s.0,
            keepalive: bill.keepalive,
        }
    }
}

impl Pool {
    pub(super) fn restore(self) -> Result<diagnose::Pool, SavedError> {
        let servers = self.servers.iter().map(|text| endpoint("pools.servers", text));
        Ok(diagnose::Pool {
            client: parsed("pools.client", &self.client)?,
            servers: servers.collect::<Result<_, _>>()?,
            idle_pool_size: self.idle_pool_size.map(|size| size.value),
            causes: each(self.causes, Cause::restore)?,
        })
    }
}

impl Host {
    pub(super) fn restore(self) -> Result<diagnose::Host, SavedError> {
        let held = self.projection;
        Ok(diagnose::Host {
            address: parsed("hosts.address", &self.address)?,
            time_wait: held.time_wait.unwrap_or(0),
            time_wait_peak: held.time_wait_peak.map(Peak::restore).transpose()?,
            fin_wait_2: held.fin_wait_2.unwrap_or(0),
            close_wait: held.close_wait.unwrap_or(0),
            conntrack_entries: held.conntrack_entries.unwrap_or(0),
            ports: each(held.ephemeral_ports, EphemeralPorts::restore)?,
            actual: None,
        })
    }
}

impl Peak {
    fn restore(self) -> Result<diagnose::WaitPeak, SavedError> {
        let at = known("time_wait_peak.at", &self.at, from_rfc3339(&self.at))?;
        Ok(diagnose::WaitPeak {
            sockets: self.value,
            at,
        })
    }
}

impl EphemeralPorts {
    fn restore(self) -> Result<diagnose::PortsTo, SavedError> {
        Ok(diagnose::PortsTo {
            to: endpoint("ephemeral_ports.to", &self.to)?,
            in_use: self.in_use,
        })
    }
}

impl Timeline {
    pub(super) fn restore(self) -> diagnose::Timeline {
        let start = self.rows.first().map(|row| Timestamp::from_nanos(nanos(row.t)));
        diagnose::Timeline {
            start,
            step_s: self.step_s,
            rows: self.rows.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<Row> for diagnose::TimelineRow {
    fn from(row: Row) -> Self {
        Self {
            handshakes: row.handshakes,
            requests: row.requests,
            reused: row.reused,
            closes: row.closes,
            resets: row.resets,
            open: row.open,
            time_wait: row.time_wait,
        }
    }
}
