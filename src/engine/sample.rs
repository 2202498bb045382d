//! Exchanges that are told one by one, so that legs can be paired: few enough to cost nothing, many enough to tell.

use std::net::IpAddr;

use super::asked::{asked, hash};
use super::context::{Now, STEPS};
use super::conversation::Conversation;
use crate::aggregate::{LegRef, SampledExchange};
use crate::http::{RequestHead, fields};
use crate::time::Timestamp;

/// All exchanges that begin within so many frames of the capture's start ...
const FIRST: u64 = 1 << 13;
/// ... and within so many of each power of two after it: their number grows with the logarithm of the capture.
const SLICE: u64 = 1 << 10;

/// Fields that proxies add to what they ask for (RFC 9110 section 7.6.3, RFC 7239, and the older customs).
const FORWARDING: [&str; 4] = ["x-forwarded-for", "x-real-ip", "via", "forwarded"];

/// What proxies call themselves in Server.
const PROXIES: [&[u8]; 8] = [
    b"nginx",
    b"openresty",
    b"tengine",
    b"bigip",
    b"envoy",
    b"haproxy",
    b"varnish",
    b"traefik",
];

impl Now {
    /// Whether exchanges that begin at this frame are sampled: the same for any number of engines.
    #[inline]
    pub(super) fn is_sampled(self) -> bool {
        let frame = self.order / STEPS;
        frame < FIRST || frame ^ (1 << frame.ilog2()) < SLICE
    }
}

/// What is known of an exchange when its request has come.
pub(super) fn sample(head: &RequestHead<'_>, leg: LegRef, began: Timestamp) -> SampledExchange {
    let mut sample = SampledExchange {
        leg,
        asked: asked(head.method_name, head.target),
        id: 0,
        forwarded: None,
        from_proxy: false,
        by_proxy: false,
        began,
        ended: began,
    };
    for (name, value) in fields(head.bytes, b"xvf") {
        let is = |wanted: &str| name.eq_ignore_ascii_case(wanted.as_bytes());
        if is("x-request-id") {
            sample.id = hash(value).max(1);
        } else if FORWARDING.into_iter().any(is) {
            sample.from_proxy = true;
            if is("x-forwarded-for") {
                sample.forwarded = last_address(value);
            }
        }
    }
    sample
}

/// The address that the last proxy heard from: each adds its own client's at the end.
fn last_address(value: &[u8]) -> Option<IpAddr> {
    let last = value.rsplit(|byte| *byte == b',').next()?;
    std::str::from_utf8(last).ok()?.trim().parse().ok()
}

impl Conversation {
    /// Notes of a sampled exchange what its response says of who answers; `head` may go on with a body.
    #[inline]
    pub(super) fn note_answerer(&mut self, head: &[u8]) {
        let kept = self.pending.as_mut().and_then(|pending| pending.kept.as_mut());
        if let Some(sample) = kept.and_then(|kept| kept.sample.as_mut()) {
            sample.by_proxy = is_proxys(head);
        }
    }
}

/// Whether a response's head says that a proxy made it.
#[cold]
#[inline(never)]
fn is_proxys(head: &[u8]) -> bool {
    fields(head, b"sv").any(|(name, value)| {
        let named = |proxy: &&[u8]| {
            let start = value.get(..proxy.len());
            start.is_some_and(|start| start.eq_ignore_ascii_case(proxy))
        };
        name.eq_ignore_ascii_case(b"via") || name.eq_ignore_ascii_case(b"server") && PROXIES.iter().any(named)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_thin_out() {
        let now = |frame: u64| Now {
            order: frame * STEPS,
            tie: 0,
            clock: Timestamp::default(),
        };
        let sampled =
            |frames: std::ops::Range<u64>| frames.filter(|frame| now(*frame).is_sampled()).count() as u64;
        assert_eq!(sampled(0..FIRST), FIRST);
        assert_eq!(sampled(FIRST..2 * FIRST), SLICE);
        assert_eq!(sampled(1 << 20..1 << 21), SLICE);
    }

    #[test]
    fn the_last_address_is_the_proxys_own_client() {
        let address = |text: &str| last_address(text.as_bytes()).map(|address| address.to_string());
        assert_eq!(address("10.0.0.9").as_deref(), Some("10.0.0.9"));
        assert_eq!(address("192.0.2.1, 10.0.0.9").as_deref(), Some("10.0.0.9"));
        assert_eq!(address("192.0.2.1, 2001:db8::9").as_deref(), Some("2001:db8::9"));
        assert_eq!(address("unknown"), None);
    }
}
