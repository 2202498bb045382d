//! Single facts of a connection, one bit each.

/// A word of named bits.
macro_rules! bits {
    ($(#[$outer:meta])* $vis:vis struct $name:ident { $($(#[$inner:meta])* $bit:ident = $n:expr,)* }) => {
        $(#[$outer])*
        #[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
        $vis struct $name(pub(super) u16);

        impl $name {
            $($(#[$inner])* pub(super) const $bit: u16 = 1 << $n;)*

            #[inline]
            pub(super) const fn has(self, bit: u16) -> bool {
                self.0 & bit != 0
            }

            #[inline]
            pub(super) fn set(&mut self, bit: u16) {
                self.0 |= bit;
            }

            #[inline]
            pub(super) fn clear(&mut self, bit: u16) {
                self.0 &= !bit;
            }
        }
    };
}

bits! {
    /// Single facts, one bit each.
    pub(super) struct Marks {
        /// SYN captured.
        OPENED = 0,
        /// SYN, SYN-ACK and the client's ACK or data captured.
        ESTABLISHED = 1,
        /// The SYN was answered by RST.
        REFUSED = 2,
        /// A request's first byte was seen and its response is not complete.
        BUSY = 3,
        /// The last request or response announced the close.
        ANNOUNCED = 4,
        /// The capture hides something that the class needs.
        OBSCURED = 5,
        /// It resumed after it had left the table.
        RESUMED = 6,
        /// A request was upgraded.
        UPGRADED = 7,
        /// Its SYN was never answered, and another took over.
        ABANDONED = 8,
        /// The leg heard of its close.
        TOLD = 9,
        /// A head could not be read as a whole: what its fields say is not known.
        HEADS_CUT = 10,
        /// Opened as far as it will be, roles and both directions' places known, no FIN yet.
        STEADY = 11,
        /// A response was complete.
        ANSWERED = 12,
        /// It was steady until a FIN ended one direction in order, and nothing but ACK and FIN has come since.
        ENDING = 13,
    }
}
