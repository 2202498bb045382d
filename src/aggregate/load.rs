//! How many requests were under way when responses came, those that announce the close and the others apart.

/// Connections busy at the heads of some responses.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Busy {
    /// How many responses.
    pub responses: u64,
    /// The sum of connections busy at each.
    sum: u64,
    /// The least.
    pub least: u64,
}

impl Busy {
    #[inline]
    fn note(&mut self, busy: u64) {
        self.least = if self.responses == 0 {
            busy
        } else {
            self.least.min(busy)
        };
        self.responses += 1;
        self.sum += busy;
    }

    /// Connections busy on average.
    #[must_use]
    pub fn mean(&self) -> f64 {
        self.sum as f64 / self.responses.max(1) as f64
    }
}

/// The load of one leg at its responses.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Load {
    /// At responses that announced the close.
    pub announced: Busy,
    /// At the others.
    pub kept: Busy,
}

impl Load {
    #[inline]
    pub(super) fn note(&mut self, announced: bool, busy: u64) {
        let side = if announced {
            &mut self.announced
        } else {
            &mut self.kept
        };
        side.note(busy);
    }
}
