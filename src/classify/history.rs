//! What happened on a connection, in letters.

/// The order of first events on a connection in Zeek's letters: S SYN, h SYN-ACK, A bare ACK, D data, F FIN, R RST,
/// T retransmission, G gap; upper case by the client, lower case by the server. Each letter is kept once, at most 12.
/// Source: Zeek's `conn.log` field `history`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct History {
    /// A bit for each letter that was noted in the lower 16, and four bits a letter in the upper 48, the latest in the
    /// lowest of them.
    word: u64,
}

impl History {
    /// A gap has the code 0: another letter comes before it, so that there is no room where the last place is not 0.
    const LETTERS: [u8; 8] = *b"GSHADFRT";
    /// Nothing.
    pub const NONE: Self = Self { word: 0 };
    /// The client's SYN.
    pub const OPENED: Self = {
        let mut opened = Self::NONE;
        opened.note(b'S', true);
        opened
    };
    /// Letters kept.
    pub const MAX: u32 = 12;
    /// The bits for the letters that were noted.
    const NOTED: u64 = 0xffff;
    const LETTERS_AT: u32 = u64::BITS - 4 * Self::MAX;
    /// The place of the letter that came first when there are as many as are kept.
    const LAST_PLACE: u64 = 15 << (u64::BITS - 4);

    #[inline]
    const fn index(letter: u8) -> u64 {
        match letter {
            b'S' => 1,
            b'H' => 2,
            b'A' => 3,
            b'D' => 4,
            b'F' => 5,
            b'R' => 6,
            b'T' => 7,
            _ => 0,
        }
    }

    /// Notes `letter` (upper case) as sent by the client or the server, once.
    #[inline]
    pub const fn note(&mut self, letter: u8, by_client: bool) {
        let letter = Self::index(letter) << 1 | !by_client as u64;
        let noted = 1 << letter;
        if self.word & (noted | Self::LAST_PLACE) != 0 {
            // It was noted, or there is no room.
            return;
        }
        let letters = (self.word & !Self::NOTED) << 4;
        self.word = letters | letter << Self::LETTERS_AT | (self.word & Self::NOTED) | noted;
    }

    /// Whether `letter` (upper case) was noted as sent by the client or the server.
    #[inline]
    #[must_use]
    pub const fn has(&self, letter: u8, by_client: bool) -> bool {
        let letter = Self::index(letter) << 1 | !by_client as u64;
        self.word & 1 << letter != 0
    }

    fn letters(self) -> impl Iterator<Item = u64> {
        let count = (self.word & Self::NOTED).count_ones();
        (0..count.min(Self::MAX))
            .rev()
            .map(move |place| self.word >> (Self::LETTERS_AT + 4 * place) & 15)
    }

    /// Its letters, written to `room`: a hundred thousand of them are looked through at a time.
    #[must_use]
    pub fn text(self, room: &mut [u8; Self::MAX as usize]) -> &str {
        let mut count = 0;
        for (place, code) in room.iter_mut().zip(self.letters()) {
            let letter = Self::LETTERS[(code >> 1) as usize & 7];
            // Of the server in lower case.
            *place = letter | (code as u8 & 1) << 5;
            count += 1;
        }
        std::str::from_utf8(&room[..count]).unwrap_or_default()
    }

    /// A number by which histories sort event by event, the shorter of two that begin alike first.
    #[must_use]
    pub fn rank(self) -> u64 {
        // Gaps last.
        let letters = self.letters().map(|letter| letter.wrapping_sub(2) & 15);
        let placed = letters.zip((0..Self::MAX).rev());
        placed.fold(0, |rank, (letter, place)| rank | (letter + 1) << (5 * place))
    }

    /// The same history with the roles exchanged.
    #[must_use]
    pub fn swapped(self) -> Self {
        let mut swapped = Self::default();
        for letter in self.letters() {
            let name = Self::LETTERS[(letter >> 1) as usize & 7];
            swapped.note(name, letter & 1 == 1);
        }
        swapped
    }
}

impl std::fmt::Display for History {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.text(&mut [0; Self::MAX as usize]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn history_keeps_each_letter_once_in_order() {
        let mut h = History::default();
        for (letter, client) in [
            (b'S', true),
            (b'H', false),
            (b'A', true),
            (b'D', true),
            (b'D', false),
            (b'A', true),
        ] {
            h.note(letter, client);
        }
        assert_eq!(h.to_string(), "ShADd");
        assert_eq!(h.swapped().to_string(), "sHadD");
        let mut longer = h;
        longer.note(b'F', true);
        assert!(h.rank() < longer.rank() && longer.rank() < h.swapped().rank());
        let mut gap = h;
        gap.note(b'G', true);
        assert!(longer.rank() < gap.rank());
    }

    #[test]
    fn history_keeps_twelve_letters() {
        for skipped in 0..7 {
            let mut h = History::default();
            let mut want = String::new();
            let letters = History::LETTERS.iter().cycle().skip(1 + skipped).take(8);
            for (letter, by_client) in letters.flat_map(|letter| [(*letter, true), (*letter, false)]) {
                if want.is_empty() && letter == b'G' {
                    continue;
                }
                h.note(letter, by_client);
                let shown = char::from(letter);
                let shown = if by_client {
                    shown
                } else {
                    shown.to_ascii_lowercase()
                };
                want.push(shown);
                want.truncate(History::MAX as usize);
                assert_eq!(h.to_string(), want);
                assert_eq!(h.has(letter, by_client), want.contains(shown));
            }
        }
    }
}
