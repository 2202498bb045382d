//! Sockets by TCP state, of the host and of each leg.

use std::net::IpAddr;

use crate::classify::Endpoint;

/// A state of RFC 9293 section 3.3.2 that a socket of a connection can be in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum State {
    /// Open.
    Established,
    /// Opening, by this host.
    SynSent,
    /// Opening, by the peer.
    SynReceived,
    /// Closed by this host; the peer has not acknowledged it.
    FinWait1,
    /// Closed by this host; the peer has not closed.
    FinWait2,
    /// Closed by both, by this host first.
    TimeWait,
    /// Closed by the peer; the application has not closed.
    CloseWait,
    /// Closed by both, by the peer first, which has not acknowledged it.
    LastAck,
    /// Closed by both at once.
    Closing,
}

impl State {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Self; 9] = [
        Self::Established,
        Self::SynSent,
        Self::SynReceived,
        Self::FinWait1,
        Self::FinWait2,
        Self::TimeWait,
        Self::CloseWait,
        Self::LastAck,
        Self::Closing,
    ];

    /// The state by the kernel's number (include/net/tcp_states.h); `None` for sockets without a connection.
    #[must_use]
    pub const fn from_kernel(number: u8) -> Option<Self> {
        Some(match number {
            1 => Self::Established,
            2 => Self::SynSent,
            3 | 12 => Self::SynReceived,
            4 => Self::FinWait1,
            5 => Self::FinWait2,
            6 => Self::TimeWait,
            8 => Self::CloseWait,
            9 => Self::LastAck,
            11 => Self::Closing,
            _ => return None,
        })
    }

    /// As `ss` and RFC 9293 write it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Established => "ESTABLISHED",
            Self::SynSent => "SYN-SENT",
            Self::SynReceived => "SYN-RECEIVED",
            Self::FinWait1 => "FIN-WAIT-1",
            Self::FinWait2 => "FIN-WAIT-2",
            Self::TimeWait => "TIME-WAIT",
            Self::CloseWait => "CLOSE-WAIT",
            Self::LastAck => "LAST-ACK",
            Self::Closing => "CLOSING",
        }
    }
}

/// How many sockets are in each state.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct States([u64; State::ALL.len()]);

impl States {
    /// Counts a socket.
    pub fn count(&mut self, state: State) {
        self.0[state as usize] += 1;
    }

    /// Sockets in this state.
    #[must_use]
    pub const fn of(&self, state: State) -> u64 {
        self.0[state as usize]
    }

    /// Sockets in any state.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.0.iter().sum()
    }

    /// Adds those of another leg.
    pub fn add(&mut self, other: &Self) {
        for (mine, theirs) in self.0.iter_mut().zip(other.0) {
            *mine += theirs;
        }
    }

    /// Raises each state to at least what `other` has.
    pub fn raise(&mut self, other: &Self) {
        for (mine, theirs) in self.0.iter_mut().zip(other.0) {
            *mine = theirs.max(*mine);
        }
    }
}

impl FromIterator<(State, u64)> for States {
    fn from_iter<I: IntoIterator<Item = (State, u64)>>(counts: I) -> Self {
        let mut states = Self::default();
        for (state, count) in counts {
            states.0[state as usize] += count;
        }
        states
    }
}

/// Which end of a leg a socket of this host is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Side {
    /// The client's.
    Client,
    /// The server's: something listens, or listened, on its port.
    Server,
}

impl Side {
    /// The slug used in every output.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Server => "server",
        }
    }
}

/// One end of a leg, as this host has it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct OwnLeg {
    /// Which end.
    pub side: Side,
    /// The client's address.
    pub client: IpAddr,
    /// The server.
    pub server: Endpoint,
}

/// The sockets of one end of a leg.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Held {
    /// At the first reading.
    pub start: States,
    /// At the last reading.
    pub now: States,
    /// At the reading that found most of them.
    pub most: States,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_are_the_kernels_numbers() {
        assert_eq!(State::from_kernel(6), Some(State::TimeWait));
        assert_eq!(State::from_kernel(12), Some(State::SynReceived));
        assert_eq!(State::from_kernel(10), None, "who listens has no connection");
        for (place, state) in State::ALL.into_iter().enumerate() {
            assert_eq!(state as usize, place, "{}", state.as_str());
        }
    }

    #[test]
    fn counts_add_and_the_most_is_kept() {
        let mut states = States::default();
        states.count(State::TimeWait);
        states.count(State::TimeWait);
        let open = States::from_iter([(State::Established, 3), (State::TimeWait, 1)]);
        let mut most = states;
        most.raise(&open);
        assert_eq!((most.of(State::TimeWait), most.of(State::Established)), (2, 3));
        states.add(&open);
        assert_eq!((states.of(State::TimeWait), states.total()), (3, 6));
    }
}
