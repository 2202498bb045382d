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

/// A ring of the latest seconds.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Seconds {
    /// The second that was counted in last.
    latest: i64,
    /// Its place in the ring.
    place: usize,
    ring: [Lately; SECONDS],
}

impl Seconds {
    /// The counters of `second`, which never runs backwards.
    #[inline]
    pub(super) fn at(&mut self, second: i64) -> &mut Lately {
        if second != self.latest {
            self.move_on(second);
        }
        &mut self.ring[self.place]
    }

    #[cold]
    #[inline(never)]
    fn move_on(&mut self, second: i64) {
        let passed = second.saturating_sub(self.latest).clamp(0, SECONDS as i64);
        for back in 0..passed {
            self.ring[place(second - back)] = Lately::default();
        }
        self.latest = second;
        self.place = place(second);
    }

    /// Those of the last seconds up to `second`.
    pub(super) fn sum(&self, second: i64) -> Lately {
        let mut now = *self;
        now.at(second);
        let mut sum = Lately::default();
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
