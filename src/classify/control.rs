//! The control bits of a segment.

/// The six control bits of RFC 9293 section 3.1, shown in tcpdump's letters and order.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct ControlBits(pub u8);

impl ControlBits {
    const FIN: u8 = 1;
    const SYN: u8 = 2;
    const RST: u8 = 4;
    const PSH: u8 = 8;
    const ACK: u8 = 16;
    const URG: u8 = 32;

    /// Whether it takes a sequence number of its own: SYN or FIN.
    #[must_use]
    pub const fn numbers(self) -> bool {
        self.0 & (Self::SYN | Self::FIN) != 0
    }

    /// Whether it resets.
    #[must_use]
    pub const fn resets(self) -> bool {
        self.0 & Self::RST != 0
    }

    /// Whether it acknowledges.
    #[must_use]
    pub const fn acknowledges(self) -> bool {
        self.0 & Self::ACK != 0
    }
}

impl std::fmt::Display for ControlBits {
    /// `S`, `S.`, `P.`; tcpdump prints `none` for no bit at all, and a lone ACK as `.`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        const LETTERS: [(u8, char); 6] = [
            (ControlBits::FIN, 'F'),
            (ControlBits::SYN, 'S'),
            (ControlBits::RST, 'R'),
            (ControlBits::PSH, 'P'),
            (ControlBits::ACK, '.'),
            (ControlBits::URG, 'U'),
        ];
        let set = LETTERS.iter().filter(|(bit, _)| self.0 & bit != 0);
        let text: String = set.map(|(_, letter)| *letter).collect();
        f.pad(if text.is_empty() { "none" } else { &text })
    }
}
