//! The figures of a leg, a window or the whole capture: counters and distributions that add.

use super::distribution::Distribution;
use super::statuses::Statuses;
use crate::classify::{Class, Closer, TlsFacts};

/// Connections by what became of them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ConnectionCounts {
    /// All.
    pub total: u64,
    /// SYN captured.
    pub opened: u64,
    /// SYN, SYN-ACK and the client's ACK or data captured.
    pub established: u64,
    /// SYN answered by RST.
    pub refused: u64,
    /// SYN never answered.
    pub unanswered: u64,
    /// SYN without outcome when the capture ended.
    pub in_progress: u64,
    /// First seen without SYN.
    pub midstream: u64,
    /// Still open when the capture ended.
    pub open_at_end: u64,
    /// Without a complete request.
    pub zero_request: u64,
    /// In which a direction is missing although the other side's packets prove that it was there.
    pub one_way: u64,
    /// On which heads could not be read as a whole, so that their fields are not known.
    pub heads_cut: u64,
}

/// Requests by what they cost.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RequestCounts {
    /// Complete request heads.
    pub total: u64,
    /// First on an opened connection, health checks and upgraded ones left out.
    pub first: u64,
    /// First observed on a midstream connection near the capture's start or a counted loss.
    pub unknown_first: u64,
    /// Answered by 101 or CONNECT 2xx.
    pub upgraded: u64,
    /// Made by health checks.
    pub checks: u64,
    /// Never answered, or not before the client's FIN; the lost ones included.
    pub unanswered: u64,
    /// Without response on a connection that the server closed or reset.
    pub lost: u64,
    /// HTTP/1.0 requests.
    pub http10: u64,
    /// HTTP/1.1 requests.
    pub http11: u64,
    /// Requests that announced the close.
    pub announced_close: u64,
    /// Whether a figure rests on a heuristic.
    pub estimated: bool,
}

impl RequestCounts {
    /// R: requests without checks and upgraded ones.
    #[must_use]
    pub fn rated(&self) -> u64 {
        self.total.saturating_sub(self.checks + self.upgraded)
    }

    /// Rated requests that are neither firsts nor unknown firsts.
    #[must_use]
    pub fn reused(&self) -> u64 {
        self.rated().saturating_sub(self.first + self.unknown_first)
    }
}

/// Final responses.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ResponseCounts {
    /// Final response heads.
    pub total: u64,
    /// By status code.
    pub by_status: Statuses,
    /// Responses that announced the close.
    pub announced_close: u64,
}

/// Connections by closer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CloseCounts {
    /// First FIN by the client.
    pub client: u64,
    /// First FIN by the server.
    pub server: u64,
    /// FINs that crossed.
    pub simultaneous: u64,
    /// RST by the client before any FIN.
    pub reset_by_client: u64,
    /// RST by the server before any FIN.
    pub reset_by_server: u64,
    /// No close captured, 4-tuple taken over.
    pub lost: u64,
}

impl CloseCounts {
    /// Counts one close.
    pub fn count(&mut self, closer: Closer) {
        *match closer {
            Closer::Client => &mut self.client,
            Closer::Server => &mut self.server,
            Closer::Simultaneous => &mut self.simultaneous,
            Closer::ResetByClient => &mut self.reset_by_client,
            Closer::ResetByServer => &mut self.reset_by_server,
            Closer::Lost => &mut self.lost,
        } += 1;
    }

    /// Closes by `closer`.
    #[must_use]
    pub fn of(&self, closer: Closer) -> u64 {
        match closer {
            Closer::Client => self.client,
            Closer::Server => self.server,
            Closer::Simultaneous => self.simultaneous,
            Closer::ResetByClient => self.reset_by_client,
            Closer::ResetByServer => self.reset_by_server,
            Closer::Lost => self.lost,
        }
    }

    /// All closes.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.client
            + self.server
            + self.simultaneous
            + self.reset_by_client
            + self.reset_by_server
            + self.lost
    }
}

/// TLS connections by their handshakes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TlsCounts {
    /// All.
    pub connections: u64,
    /// Whose handshake was a full one.
    pub full: u64,
    /// Whose handshake resumed a session.
    pub resumed: u64,
    /// The server name asked for in clear; `*` if there were several.
    pub server_name: Option<Box<str>>,
}

impl TlsCounts {
    /// Counts one connection.
    pub fn count(&mut self, facts: &TlsFacts) {
        self.merge(&Self {
            connections: 1,
            full: u64::from(facts.resumed == Some(false)),
            resumed: u64::from(facts.resumed == Some(true)),
            server_name: facts.server_name.clone(),
        });
    }

    fn merge(&mut self, other: &Self) {
        self.connections += other.connections;
        self.full += other.full;
        self.resumed += other.resumed;
        match (&mut self.server_name, &other.server_name) {
            (Some(mine), Some(theirs)) if mine != theirs => *mine = "*".into(),
            (mine @ None, theirs) => mine.clone_from(theirs),
            _ => {}
        }
    }
}

/// Connections by class.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ClassCounts([u64; Class::ALL.len()]);

impl ClassCounts {
    /// The number of connections of `class`.
    #[must_use]
    pub fn get(&self, class: Class) -> u64 {
        self.0[class as usize]
    }

    /// The number of connections of `class`, to change.
    pub fn get_mut(&mut self, class: Class) -> &mut u64 {
        &mut self.0[class as usize]
    }
}

/// Everything that adds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Counts {
    /// Connections.
    pub connections: ConnectionCounts,
    /// Their classes.
    pub classes: ClassCounts,
    /// Requests.
    pub requests: RequestCounts,
    /// Responses.
    pub responses: ResponseCounts,
    /// TLS connections.
    pub tls: TlsCounts,
    /// Closes.
    pub closes: CloseCounts,
    /// Handshakes completed.
    pub handshakes: u64,
    /// SYNs sent again.
    pub syn_retransmitted: u64,
    /// First SYN to completing ACK, microseconds.
    pub connect_time_us: Distribution,
    /// Last request byte to first response byte, microseconds.
    pub first_byte_us: Distribution,
    /// First request byte to last response byte, microseconds.
    pub response_us: Distribution,
    /// End of the last complete response to the first FIN or RST, microseconds.
    pub idle_before_close_us: Distribution,
    /// Requests on each connection that had any.
    pub requests_per_connection: Distribution,
    /// Segments sent again.
    pub retransmitted_segments: u64,
    /// Segments that arrived out of order.
    pub out_of_order_segments: u64,
    /// TCP keepalive probes.
    pub tcp_keepalive_probes: u64,
    /// Gaps after which framing was lost, and requests they may hide at most.
    pub hidden_requests: u64,
    /// Bytes that the capture lacks.
    pub gap_bytes: u64,
}

impl Counts {
    /// Adds another part's figures.
    pub fn merge(&mut self, other: &Self) {
        merge_connections(&mut self.connections, &other.connections);
        for (mine, theirs) in self.classes.0.iter_mut().zip(other.classes.0) {
            *mine += theirs;
        }
        merge_requests(&mut self.requests, &other.requests);
        self.responses.total += other.responses.total;
        self.responses.announced_close += other.responses.announced_close;
        for (status, n) in other.responses.by_status.iter() {
            self.responses.by_status.count(status, n);
        }
        merge_closes(&mut self.closes, &other.closes);
        self.tls.merge(&other.tls);
        for (mine, theirs) in [
            (&mut self.connect_time_us, &other.connect_time_us),
            (&mut self.first_byte_us, &other.first_byte_us),
            (&mut self.response_us, &other.response_us),
            (&mut self.idle_before_close_us, &other.idle_before_close_us),
            (&mut self.requests_per_connection, &other.requests_per_connection),
        ] {
            mine.merge(theirs);
        }
        for (mine, theirs) in [
            (&mut self.handshakes, other.handshakes),
            (&mut self.syn_retransmitted, other.syn_retransmitted),
            (&mut self.retransmitted_segments, other.retransmitted_segments),
            (&mut self.out_of_order_segments, other.out_of_order_segments),
            (&mut self.tcp_keepalive_probes, other.tcp_keepalive_probes),
            (&mut self.hidden_requests, other.hidden_requests),
            (&mut self.gap_bytes, other.gap_bytes),
        ] {
            *mine += theirs;
        }
    }
}

fn merge_connections(mine: &mut ConnectionCounts, other: &ConnectionCounts) {
    mine.total += other.total;
    mine.opened += other.opened;
    mine.established += other.established;
    mine.refused += other.refused;
    mine.unanswered += other.unanswered;
    mine.in_progress += other.in_progress;
    mine.midstream += other.midstream;
    mine.open_at_end += other.open_at_end;
    mine.zero_request += other.zero_request;
    mine.one_way += other.one_way;
    mine.heads_cut += other.heads_cut;
}

fn merge_requests(mine: &mut RequestCounts, other: &RequestCounts) {
    mine.total += other.total;
    mine.first += other.first;
    mine.unknown_first += other.unknown_first;
    mine.upgraded += other.upgraded;
    mine.checks += other.checks;
    mine.unanswered += other.unanswered;
    mine.lost += other.lost;
    mine.http10 += other.http10;
    mine.http11 += other.http11;
    mine.announced_close += other.announced_close;
    mine.estimated |= other.estimated;
}

fn merge_closes(mine: &mut CloseCounts, other: &CloseCounts) {
    mine.client += other.client;
    mine.server += other.server;
    mine.simultaneous += other.simultaneous;
    mine.reset_by_client += other.reset_by_client;
    mine.reset_by_server += other.reset_by_server;
    mine.lost += other.lost;
}

/// What needed the order of events across connections.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Concurrency {
    /// P: the peak number of connections busy at once.
    pub peak_busy: u64,
    /// The peak number of connections open at once.
    pub peak_open: u64,
    /// M: connections open when the capture (the window) began.
    pub open_at_start: u64,
    /// C: connections with a request that were closed before the SYN of the last first; `None` where it is not known.
    pub closed_before_last_first: Option<u64>,
    /// The most handshakes completed in a whole second.
    pub peak_handshakes: u64,
    /// Closes of C that came after at least the idle-close threshold and were not announced.
    pub idle_closes: u64,
}

/// The figures of one leg, window or capture.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Figures {
    /// What adds.
    pub counts: Counts,
    /// What does not.
    pub concurrency: Concurrency,
    /// A: avoidable handshakes; `None` where it is not known.
    pub avoidable: Option<u64>,
    /// Handshakes a second of packet time, over at least one second.
    pub handshakes_per_second: f64,
}

impl Figures {
    /// (R - F) / R, `None` without requests. The low bound counts unknown firsts as firsts.
    #[must_use]
    pub fn reuse_ratio(&self) -> Option<(f64, f64, f64)> {
        let requests = &self.counts.requests;
        let rated = requests.rated();
        if rated == 0 {
            return None;
        }
        let ratio = |firsts: u64| rated.saturating_sub(firsts) as f64 / rated as f64;
        let high = ratio(requests.first);
        Some((high, ratio(requests.first + requests.unknown_first), high))
    }

    /// Connects that were refused or never answered.
    #[must_use]
    pub fn failed_connects(&self) -> u64 {
        self.counts.connections.refused + self.counts.connections.unanswered
    }

    /// Whether a whole direction is missing: most connections show one side only, whose packets prove the other.
    #[must_use]
    pub fn lacks_a_direction(&self) -> bool {
        let connections = &self.counts.connections;
        let there = connections.total.saturating_sub(self.failed_connects());
        connections.one_way > 0 && 2 * connections.one_way > there
    }

    /// F / R, `None` without requests.
    #[must_use]
    pub fn handshakes_per_request(&self) -> Option<f64> {
        let rated = self.counts.requests.rated();
        (rated > 0).then(|| self.counts.requests.first as f64 / rated as f64)
    }

    /// Handshakes that a growing pool needed: F - A.
    #[must_use]
    pub fn growth(&self) -> Option<u64> {
        self.avoidable
            .map(|a| self.counts.requests.first.saturating_sub(a))
    }
}

/// A = min(F - max(0, P - M), C), at least 0.
#[must_use]
pub fn avoidable(firsts: u64, concurrency: &Concurrency) -> Option<u64> {
    let growth = concurrency.peak_busy.saturating_sub(concurrency.open_at_start);
    concurrency
        .closed_before_last_first
        .map(|closed| firsts.saturating_sub(growth).min(closed))
}
