//! How far a connection is, and what happened on it.

use crate::classify::{Closer, ConnectionFacts, Handshake, History};
use crate::time::{Nanos, Timestamp};

/// How far a connection is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum State {
    /// SYN seen, no answer yet.
    Opening,
    /// A request waits for its response.
    Busy,
    /// Open, nothing under way.
    Idle,
    /// Closed by FIN.
    Closed,
    /// Closed by RST.
    Reset,
    /// The SYN was answered by RST.
    Refused,
    /// The SYN was never answered.
    Unanswered,
    /// Another SYN took over its ports.
    Lost,
}

impl State {
    /// The state that `facts` show.
    #[must_use]
    pub fn of(facts: &ConnectionFacts) -> Self {
        match (facts.handshake, facts.closer) {
            (Handshake::Refused, _) => Self::Refused,
            (Handshake::Unanswered, _) => Self::Unanswered,
            (_, Some(Closer::Lost)) => Self::Lost,
            (_, Some(Closer::ResetByClient | Closer::ResetByServer)) => Self::Reset,
            (_, Some(_)) => Self::Closed,
            (Handshake::InProgress, None) => Self::Opening,
            (_, None) if facts.unanswered_since.is_some() => Self::Busy,
            (_, None) => Self::Idle,
        }
    }

    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Opening => "opening",
            Self::Busy => "busy",
            Self::Idle => "idle",
            Self::Closed => "closed",
            Self::Reset => "reset",
            Self::Refused => "refused",
            Self::Unanswered => "no answer",
            Self::Lost => "lost",
        }
    }

    /// Whether it is still there.
    #[must_use]
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Opening | Self::Busy | Self::Idle)
    }
}

/// Idle before its close; while open, since its last response.
pub(super) fn idle(facts: &ConnectionFacts, now: Timestamp) -> Option<Nanos> {
    match State::of(facts) {
        State::Idle => facts.last_response_end.get().map(|end| now.since(end)),
        State::Busy | State::Opening => None,
        _ => facts.idle_before_close.get(),
    }
}

/// From its first packet to its close, or to the present.
pub(super) fn age(facts: &ConnectionFacts, now: Timestamp) -> Nanos {
    let end = if State::of(facts).is_open() {
        now
    } else {
        facts.closed_at.get().unwrap_or(facts.end)
    };
    end.since(facts.start)
}

/// The order of first events in tcpdump's flags, those of the server behind `<`: `S <S. . P. <P. <F. F.`; `rexmit` for a
/// segment sent again, `gap` where the capture lacks bytes.
#[must_use]
pub fn history(history: History) -> String {
    let letters = history.to_string();
    let events = letters.chars().map(|letter| {
        let flags = match letter.to_ascii_uppercase() {
            'S' => "S",
            'H' => "S.",
            'A' => ".",
            'D' => "P.",
            'F' => "F.",
            'R' => "R",
            'T' => "rexmit",
            _ => "gap",
        };
        let from = if letter.is_ascii_lowercase() { "<" } else { "" };
        format!("{from}{flags}")
    });
    events.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_history_reads_as_tcpdump_prints_flags() {
        let mut events = History::default();
        for (letter, by_client) in [
            (b'S', true),
            (b'H', false),
            (b'A', true),
            (b'D', true),
            (b'D', false),
            (b'T', false),
            (b'F', false),
            (b'R', true),
        ] {
            events.note(letter, by_client);
        }
        assert_eq!(history(events), "S <S. . P. <P. <rexmit <F. R");
        assert_eq!(history(History::default()), "");
    }
}
