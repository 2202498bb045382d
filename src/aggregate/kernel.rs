//! What kernels have to remember of connections that are over: the latest close of every 4-tuple.

use std::net::IpAddr;

use super::port_pages::{PagesOf, PortPages};
use super::waits::{TIME_WAIT, Waits};
use crate::classify::{Closer, ConnectionFacts, Handshake, Signs};
use crate::time::{MILLISECOND, Nanos, SECOND, Timestamp};

/// Connection tracking remembers a close by FIN for 120 s, one by RST for 10 s, a SYN without answer for 120 s
/// (Linux: Documentation/networking/nf_conntrack-sysctl.rst).
const TRACKED_FIN: i64 = 120 * SECOND;
const TRACKED_RESET: i64 = 10 * SECOND;
const TRACKED_SYN: i64 = 120 * SECOND;

/// Moments are kept in this unit.
const TICK: i64 = 100 * MILLISECOND;
const TICKS_PER_SECOND: u32 = (SECOND / TICK) as u32;

/// What an entry means, in its lowest bits.
const CLIENT_WAITS: u32 = 1;
const SERVER_WAITS: u32 = 2;
const RESET: u32 = 4;
const SYN_ONLY: u32 = 8;
/// How many bits that takes; the tick of the close is above them, from 1 on. An entry of 0 means nothing.
const MEANINGS: u32 = 4;
/// The last tick that there is room for: ten months.
const MOST_TICKS: u64 = (1 << (u32::BITS - MEANINGS)) - 2;

/// Entries that the kernels of both ends hold at a moment.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct KernelEntries {
    /// Connections open, or without their close in the capture.
    pub open: u64,
    /// TIME-WAIT at the client: it sent the first FIN in the last 60 s.
    pub client_time_wait: u64,
    /// TIME-WAIT at the server.
    pub server_time_wait: u64,
    /// Closed by the client, and the server has not closed: FIN-WAIT-2 at the client, CLOSE-WAIT at the server.
    pub half_closed_by_client: u64,
    /// The same with the roles exchanged.
    pub half_closed_by_server: u64,
    /// Connections that connection tracking still holds though they are over.
    pub tracked: u64,
    /// Whether ports were left out at the cap.
    pub incomplete: bool,
}

impl KernelEntries {
    pub(super) fn add(&mut self, other: Self) {
        self.open += other.open;
        self.client_time_wait += other.client_time_wait;
        self.server_time_wait += other.server_time_wait;
        self.half_closed_by_client += other.half_closed_by_client;
        self.half_closed_by_server += other.half_closed_by_server;
        self.tracked += other.tracked;
        self.incomplete |= other.incomplete;
    }
}

/// Does something for each end of a connection that is in TIME-WAIT by what an entry means.
#[inline]
fn each_waiting(facts: &ConnectionFacts, meaning: u32, mut each: impl FnMut(IpAddr)) {
    if meaning & CLIENT_WAITS != 0 {
        each(facts.client.address);
    }
    if meaning & SERVER_WAITS != 0 {
        each(facts.server.address);
    }
}

/// The latest close of each client port towards one server.
#[derive(Debug, Default)]
pub(super) struct Ports {
    pages: PagesOf,
    open: KernelEntries,
}

impl Ports {
    /// Asks for the memory of a client port: a connection with it will be over soon.
    #[inline]
    pub(super) fn fetch(&self, port: u16, pages: &PortPages) {
        pages.fetch(&self.pages, port);
    }

    /// A connection is over, or the capture is. `pages` are those of all servers, `waits` follows TIME-WAIT over time.
    #[inline]
    pub(super) fn note(
        &mut self,
        facts: &ConnectionFacts,
        start: Timestamp,
        pages: &mut PortPages,
        waits: &mut Waits,
    ) {
        let (meaning, at) = match facts.handshake {
            Handshake::Refused => return,
            Handshake::Unanswered => (SYN_ONLY, facts.end),
            _ => match facts.closer {
                None => return self.note_open(facts, start, pages, waits),
                Some(closer) => match self.closed(facts, closer) {
                    Some(meaning) => (meaning, facts.closed_at.get().unwrap_or(facts.end)),
                    None => return,
                },
            },
        };
        let ticks = at.after(start).cast_unsigned() / TICK.cast_unsigned();
        let port = facts.client.port;
        let entry = (ticks.min(MOST_TICKS) as u32 + 1) << MEANINGS | meaning;
        let before = pages.replace(&self.pages, port, entry).or_else(|| {
            self.open.incomplete |= !pages.add(&mut self.pages, port);
            pages.replace(&self.pages, port, entry)
        });
        let Some(before) = before else { return };
        if before != 0 {
            reuse(before, facts, start, waits);
        }
        each_waiting(facts, meaning, |host| {
            waits.enter(host, ticks / u64::from(TICKS_PER_SECOND));
        });
    }

    /// A connection is open when the capture ends, or its close is not in it.
    #[inline(never)]
    fn note_open(
        &mut self,
        facts: &ConnectionFacts,
        start: Timestamp,
        pages: &mut PortPages,
        waits: &mut Waits,
    ) {
        self.open.open += 1;
        if let Some(before) = pages.replace(&self.pages, facts.client.port, 0)
            && before != 0
        {
            reuse(before, facts, start, waits);
        }
    }

    /// An RST at any time after the first FIN leaves no TIME-WAIT.
    fn closed(&mut self, facts: &ConnectionFacts, closer: Closer) -> Option<u32> {
        let reset = facts.signs.has(Signs::RESET_BY_CLIENT | Signs::RESET_BY_SERVER);
        let half = !(facts.history.has(b'F', true) && facts.history.has(b'F', false));
        Some(match closer {
            Closer::Lost => return None,
            _ if reset => RESET,
            Closer::Client if half => {
                self.open.half_closed_by_client += 1;
                return None;
            }
            Closer::Server if half => {
                self.open.half_closed_by_server += 1;
                return None;
            }
            Closer::Client => CLIENT_WAITS,
            Closer::Server => SERVER_WAITS,
            Closer::Simultaneous => CLIENT_WAITS | SERVER_WAITS,
            Closer::ResetByClient | Closer::ResetByServer => RESET,
        })
    }

    /// What both ends hold `now`.
    pub(super) fn entries(&self, pages: &PortPages, start: Timestamp, now: Timestamp) -> KernelEntries {
        let mut found = self.open;
        found.tracked += found.half_closed_by_client + found.half_closed_by_server;
        // What began after this tick, counted from 1, is less than so long ago. It is kept in 28 bits.
        let after = |lasts: Nanos| {
            let tick = (now.since(start) - lasts).div_euclid(TICK) + 1;
            tick.clamp(0, 1 << (u32::BITS - MEANINGS)) as i32
        };
        let held = Held {
            wait: after(TIME_WAIT),
            reset: after(TRACKED_RESET),
            syn: after(TRACKED_SYN),
            fin: after(TRACKED_FIN),
        };
        let [tracked, client, server] = held.count(pages, &self.pages);
        found.tracked += u64::from(tracked);
        found.client_time_wait += u64::from(client);
        found.server_time_wait += u64::from(server);
        found
    }
}

/// A connection began with ports that one before it had, whose TIME-WAIT is over with that: what was kept `before`.
#[inline(never)]
fn reuse(before: u32, facts: &ConnectionFacts, start: Timestamp, waits: &mut Waits) {
    let ticks = (before >> MEANINGS).saturating_sub(1);
    let (ended, began) = (i64::from(ticks) * TICK, facts.start.since(start));
    if began < ended + TIME_WAIT {
        let entered = u64::from(ticks / TICKS_PER_SECOND);
        each_waiting(facts, before, |host| waits.leave(host, entered, began));
    }
}

/// After which tick something must have been closed to be held still.
struct Held {
    wait: i32,
    reset: i32,
    syn: i32,
    fin: i32,
}

impl Held {
    /// How many of a pair's entries connection tracking holds, and the client and the server in TIME-WAIT.
    fn count(&self, pages: &PortPages, of: &PagesOf) -> [u32; 3] {
        let (mut tracked, mut client, mut server) = (0, 0, 0);
        pages.each_used(of, |entries| {
            // Of nothing the tick is 0, which is after none: no branch is needed, and several are looked at at a time.
            for entry in entries {
                let ticks = (entry >> MEANINGS).cast_signed();
                let after = match entry & (RESET | SYN_ONLY) {
                    0 => self.fin,
                    SYN_ONLY => self.syn,
                    _ => self.reset,
                };
                let waits = u32::from(ticks > self.wait);
                tracked += u32::from(ticks > after);
                client += waits & (entry / CLIENT_WAITS);
                server += waits & (entry / SERVER_WAITS);
            }
        });
        [tracked, client, server]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aggregate::numbers::numbers;

    /// What pages hold is what their entries say one by one, however long ago the capture began.
    #[test]
    fn entries_are_held_for_as_long_as_they_last() {
        let mut next = numbers(3);
        let start = Timestamp::from_parts(1_000, 0);
        for seconds in [0, 5, 30, 70, 130, 1_000, 1 << 40] {
            let (mut ports, mut pages) = (Ports::default(), PortPages::default());
            let mut expected = KernelEntries::default();
            let now = start.plus(Nanos::min(seconds, 1 << 32) * SECOND);
            for page in [3, 200] {
                assert!(pages.add(&mut ports.pages, page * 256));
                for port in page * 256..(page + 1) * 256 {
                    let ticks = next() % (10 * seconds.unsigned_abs().min(2_000) + 1);
                    let (meaning, lasts) = match next() % 6 {
                        0 => (CLIENT_WAITS, TRACKED_FIN),
                        1 => (SERVER_WAITS, TRACKED_FIN),
                        2 => (CLIENT_WAITS | SERVER_WAITS, TRACKED_FIN),
                        3 => (RESET, TRACKED_RESET),
                        4 => (SYN_ONLY, TRACKED_SYN),
                        _ => continue,
                    };
                    pages.replace(&ports.pages, port, (ticks as u32 + 1) << MEANINGS | meaning);
                    let began_after =
                        |lasts: Nanos| ticks.cast_signed() > (now.since(start) - lasts).div_euclid(TICK);
                    expected.tracked += u64::from(began_after(lasts));
                    let waits = began_after(TIME_WAIT);
                    expected.client_time_wait += u64::from(waits && meaning & CLIENT_WAITS != 0);
                    expected.server_time_wait += u64::from(waits && meaning & SERVER_WAITS != 0);
                }
            }
            assert_eq!(ports.entries(&pages, start, now), expected, "{seconds} s");
        }
    }

    #[test]
    fn ports_beyond_the_cap_are_left_out_and_said() {
        let mut full = PortPages::default();
        let mut others: Vec<PagesOf> = Vec::new();
        while others.last_mut().is_none_or(|of| full.add(of, 0)) {
            others.push(PagesOf::default());
        }
        let facts = ConnectionFacts {
            handshake: Handshake::Unanswered,
            ..ConnectionFacts::BLANK
        };
        let (start, mut waits) = (Timestamp::default(), Waits::default());
        let mut said = |pages: &mut PortPages| {
            let mut ports = Ports::default();
            ports.note(&facts, start, pages, &mut waits);
            let entries = ports.entries(pages, start, start);
            (entries.incomplete, entries.tracked)
        };
        assert_eq!(said(&mut PortPages::default()), (false, 1));
        assert_eq!(said(&mut full), (true, 0));
    }
}
