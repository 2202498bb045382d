//! What kernels have to remember of connections that are over: the latest close of every 4-tuple.

use std::net::IpAddr;

use prefetch_index::prefetch_index;

use super::waits::{TIME_WAIT, Waits};
use crate::classify::{Closer, ConnectionFacts, Handshake, Signs};
use crate::limits::PORT_PAGES;
use crate::time::{MILLISECOND, Nanos, SECOND, Timestamp};

/// Connection tracking remembers a close by FIN for 120 s, one by RST for 10 s, a SYN without answer for 120 s
/// (Linux: Documentation/networking/nf_conntrack-sysctl.rst).
const TRACKED_FIN: i64 = 120 * SECOND;
const TRACKED_RESET: i64 = 10 * SECOND;
const TRACKED_SYN: i64 = 120 * SECOND;

/// Moments are kept in this unit.
const TICK: i64 = 100 * MILLISECOND;
const PAGE: usize = 256;

/// What an entry means, in its lowest bits.
const CLIENT_WAITS: u32 = 1;
const SERVER_WAITS: u32 = 2;
const RESET: u32 = 4;
const SYN_ONLY: u32 = 8;
const MEANINGS: u32 = 15;

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

/// The latest close of each client port towards one server, in pages of ports.
#[derive(Debug, Default)]
pub(super) struct Ports {
    pages: Vec<Option<Box<[u32; PAGE]>>>,
    open: KernelEntries,
}

impl Ports {
    /// Asks for the memory of a client port: a connection with it will be over soon.
    #[inline]
    pub(super) fn fetch(&self, port: u16) {
        let (page, place) = (usize::from(port) / PAGE, usize::from(port) % PAGE);
        if let Some(Some(page)) = self.pages.get(page) {
            prefetch_index(page.as_slice(), place);
        }
    }

    /// A connection is over, or the capture is. `pages` counts those of all servers, `waits` follows TIME-WAIT over time.
    pub(super) fn note(
        &mut self,
        facts: &ConnectionFacts,
        start: Timestamp,
        pages: &mut usize,
        waits: &mut Waits,
    ) {
        let meaning = match (facts.handshake, facts.closer) {
            (Handshake::Refused, _) => return,
            (Handshake::Unanswered, _) => SYN_ONLY,
            (_, None) => {
                self.open.open += 1;
                self.reuse(facts, start, waits);
                return;
            }
            (_, Some(closer)) => match self.closed(facts, closer) {
                Some(meaning) => meaning,
                None => return,
            },
        };
        self.reuse(facts, start, waits);
        let at = if meaning == SYN_ONLY {
            facts.end
        } else {
            facts.closed_at.unwrap_or(facts.end)
        };
        let ticks = (at.since(start).max(0) / TICK) as u32;
        let (page, place) = (
            usize::from(facts.client.port) / PAGE,
            usize::from(facts.client.port) % PAGE,
        );
        if self.pages.len() <= page {
            self.pages.resize(page + 1, None);
        }
        let page = &mut self.pages[page];
        if page.is_none() {
            if *pages >= PORT_PAGES {
                self.open.incomplete = true;
                return;
            }
            *pages += 1;
        }
        // An entry of nothing means nothing: the first tick is 1.
        let page = page.get_or_insert_with(|| Box::new([0; PAGE]));
        page[place] = (ticks + 1) << MEANINGS.count_ones() | meaning;
        each_waiting(facts, meaning, |host| waits.enter(host, i64::from(ticks) * TICK));
    }

    /// A connection began with ports that one before it had: that one's TIME-WAIT is over.
    fn reuse(&mut self, facts: &ConnectionFacts, start: Timestamp, waits: &mut Waits) {
        let port = usize::from(facts.client.port);
        let page = self.pages.get_mut(port / PAGE).and_then(Option::as_mut);
        let Some(entry) = page.and_then(|page| page.get_mut(port % PAGE)) else {
            return;
        };
        let Some(ticks) = (*entry >> MEANINGS.count_ones()).checked_sub(1) else {
            return;
        };
        let (ended, began) = (i64::from(ticks) * TICK, facts.start.since(start));
        if began < ended + TIME_WAIT {
            each_waiting(facts, *entry, |host| waits.leave(host, ended, began));
        }
        *entry = 0;
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
    pub(super) fn entries(&self, start: Timestamp, now: Timestamp) -> KernelEntries {
        let mut found = self.open;
        found.tracked += found.half_closed_by_client + found.half_closed_by_server;
        // What began after this tick is less than so long ago.
        let before = |lasts: Nanos| (now.since(start) - lasts).div_euclid(TICK);
        let (reset, syn, fin) = (before(TRACKED_RESET), before(TRACKED_SYN), before(TRACKED_FIN));
        let waits = before(TIME_WAIT);
        for entry in self.pages.iter().flatten().flat_map(|page| page.iter()) {
            let Some(ticks) = (entry >> MEANINGS.count_ones()).checked_sub(1) else {
                continue;
            };
            let ticks = i64::from(ticks);
            let tracked = if entry & RESET != 0 {
                reset
            } else if entry & SYN_ONLY != 0 {
                syn
            } else {
                fin
            };
            found.tracked += u64::from(ticks > tracked);
            let waits = ticks > waits;
            found.client_time_wait += u64::from(waits && entry & CLIENT_WAITS != 0);
            found.server_time_wait += u64::from(waits && entry & SERVER_WAITS != 0);
        }
        found
    }
}
