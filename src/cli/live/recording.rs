//! `-w` and when to begin another file.

use std::path::Path;

use jiff::tz::TimeZone;

use super::super::error::Error;
use super::args::LiveArgs;
use crate::source::live::{Dated, RecordOptions};
use crate::time::Timestamp;

/// Where to record; `user` is filled in when it is known.
pub(super) fn resolve(typed: &LiveArgs, snaplen: u32) -> Result<Option<RecordOptions>, Error> {
    let Some(path) = &typed.write else { return Ok(None) };
    if path.as_os_str() == "-" || path == Path::new("/dev/stdout") {
        let problem = "standard output is for the report; name a file";
        return Err(Error::argument(format!("-w {}", path.display()), problem));
    }
    let dated = dated(TimeZone::system());
    if typed.rotate_seconds.is_some() {
        let pattern = path.to_string_lossy();
        let [early, late] =
            [0, 86_400 * 366 * 5 + 3_661].map(|second| dated(&pattern, Timestamp::from_parts(second, 0)));
        let problem = match (early, late) {
            (Some(early), Some(late)) if early != late => None,
            (Some(_), Some(_)) => Some(
                "needs a name with a time in it, such as dump-%H%M%S.pcap: else each file replaces the one before",
            ),
            _ => Some("the name has a conversion that strftime does not know; %Y%m%d-%H%M%S is usual"),
        };
        if let Some(problem) = problem {
            return Err(Error::argument(format!("-G with -w {pattern}"), problem));
        }
    } else if typed.rotate_files.is_some() && typed.rotate_megabytes.is_none() {
        return Err(Error::argument(
            "-W",
            "says how many files of -C or -G there are; give one of them",
        ));
    }
    Ok(Some(RecordOptions {
        path: path.clone(),
        seconds: typed.rotate_seconds,
        bytes: typed
            .rotate_megabytes
            .map(|megabytes| megabytes.saturating_mul(1_000_000)),
        files: typed.rotate_files,
        dated,
        user: String::new(),
        snaplen,
    }))
}

/// Times as in tcpdump's names: local.
fn dated(zone: TimeZone) -> Dated {
    Box::new(move |name, time| {
        let time = jiff::Timestamp::from_nanosecond(time.nanos().into()).ok()?;
        jiff::fmt::strtime::format(name, &time.to_zoned(zone.clone())).ok()
    })
}
