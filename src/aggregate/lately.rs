//! What a leg did in its latest seconds.

/// Seconds that count as lately, the present one among them.
pub const LATELY_S: u64 = 10;

const SECONDS: usize = LATELY_S as usize;

/// Counters of the last [`LATELY_S`] seconds of packet time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lately {
    /// Requests.
    pub requests: u32,
    /// Of them on connections that had served before.
    pub reused: u32,
    /// Handshakes completed.
    pub handshakes: u32,
}

impl Lately {
    /// Adds another leg's.
    pub fn merge(&mut self, other: &Self) {
        self.requests += other.requests;
        self.reused += other.reused;
        self.handshakes += other.handshakes;
    }

    /// Share of requests on connections that had served before; `None` without requests.
    #[must_use]
    pub fn reuse(&self) -> Option<f64> {
        (self.requests > 0).then(|| f64::from(self.reused) / f64::from(self.requests))
    }
}

/// The latest seconds, and the most handshakes that there were in one.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Seconds {
    /// The second that was counted in last, and its counters.
    latest: i64,
    present: Lately,
    /// Those of the seconds before it.
    ring: [Lately; SECONDS],
    /// The most handshakes in a second before it: of all, and of what lies in the present window.
    peak: u32,
    window_peak: u32,
    /// Handshakes of the latest second before the window began.
    before_window: u32,
}

impl Seconds {
    /// The counters of `second`, which never runs backwards.
    #[inline]
    pub(super) fn at(&mut self, second: i64) -> &mut Lately {
        if second != self.latest {
            self.move_on(second);
        }
        &mut self.present
    }

    #[cold]
    #[inline(never)]
    fn move_on(&mut self, second: i64) {
        (self.peak, self.window_peak) = self.peaks();
        self.before_window = 0;
        self.ring[place(self.latest)] = self.present;
        let passed = second.saturating_sub(self.latest).clamp(0, SECONDS as i64);
        for back in 0..passed {
            self.ring[place(second - back)] = Lately::default();
        }
        self.present = Lately::default();
        self.latest = second;
    }

    fn peaks(&self) -> (u32, u32) {
        let handshakes = self.present.handshakes;
        let in_window = handshakes.saturating_sub(self.before_window);
        (self.peak.max(handshakes), self.window_peak.max(in_window))
    }

    /// A window begins in this second.
    pub(super) fn begin_window(&mut self, second: i64) {
        self.before_window = self.at(second).handshakes;
        self.window_peak = 0;
    }

    /// The most handshakes completed in a whole second.
    pub(super) fn peak(&self) -> u64 {
        self.peaks().0.into()
    }

    /// The same of the present window.
    pub(super) fn window_peak(&self) -> u64 {
        self.peaks().1.into()
    }

    /// Those of the last seconds up to `second`.
    pub(super) fn sum(&self, second: i64) -> Lately {
        let mut now = *self;
        let mut sum = *now.at(second);
        now.ring.iter().for_each(|part| sum.merge(part));
        sum
    }
}

fn place(second: i64) -> usize {
    second.rem_euclid(SECONDS as i64) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_seconds_count_and_older_ones_are_forgotten() {
        let mut seconds = Seconds::default();
        for second in 0..30 {
            seconds.at(second).requests += 1;
        }
        assert_eq!(seconds.sum(29).requests, 10);
        assert_eq!(seconds.sum(33).requests, 6);
        assert_eq!(seconds.sum(38).requests, 1);
        assert_eq!(seconds.sum(39).requests, 0);
        seconds.at(1_000).requests += 5;
        assert_eq!(seconds.sum(1_000).requests, 5);
    }

    #[test]
    fn the_most_handshakes_in_a_second_of_all_and_of_a_window() {
        let shake = |seconds: &mut Seconds, second, many| {
            seconds.at(second).handshakes += many;
            (seconds.peak(), seconds.window_peak())
        };
        let mut seconds = Seconds::default();
        assert_eq!(shake(&mut seconds, 0, 3), (3, 3));
        assert_eq!(shake(&mut seconds, 1, 5), (5, 5));
        assert_eq!(shake(&mut seconds, 40, 4), (5, 5));
        seconds.begin_window(40);
        assert_eq!((seconds.peak(), seconds.window_peak()), (5, 0));
        // A second counts as a whole for all, and as far as it lies in the window for that.
        assert_eq!(shake(&mut seconds, 40, 2), (6, 2));
        assert_eq!(shake(&mut seconds, 41, 1), (6, 2));
        assert_eq!(shake(&mut seconds, 42, 9), (9, 9));
        seconds.begin_window(50);
        assert_eq!((seconds.peak(), seconds.window_peak()), (9, 0));
    }

    #[test]
    fn reuse_is_a_share_of_requests() {
        assert_eq!(Lately::default().reuse(), None);
        let lately = Lately {
            requests: 4,
            reused: 3,
            handshakes: 1,
        };
        assert_eq!(lately.reuse(), Some(0.75));
    }
}
