//! How long packets gather in a ring before it is looked at again.

use std::time::{Duration, Instant};

/// The most: longer ones were measured to save no more.
const LONGEST: Duration = Duration::from_millis(25);

/// Bytes a second that may come out of silence: 10 Gbit/s. Large packets fill half of the ring at most while nobody looks, the
/// smallest ones nearly all of it.
const BURST: u32 = 1_250_000_000;

/// What a packet takes in the ring besides its bytes (struct tpacket3_hdr and struct sockaddr_ll, aligned).
const HEADER: u64 = 80;

/// A look that brings less is none under load: the kernel wakes who waits when one of the ring's blocks is full, 128 KiB of
/// packets and their headers, or has been open for a tick.
const BUSY: u64 = 64 << 10;

/// The pace of looks at the ring. Under load the kernel would wake the thread for each of the ring's blocks, and it the
/// others.
pub(super) struct Pace {
    longest: Duration,
    /// What may gather.
    room: u32,
    /// When the ring was empty for the last time.
    emptied: Instant,
    /// What came since, in bytes of the ring.
    bytes: u64,
}

impl Pace {
    /// Of a ring of so many bytes.
    pub(super) fn new(ring: u32, now: Instant) -> Self {
        Self {
            longest: LONGEST.min(Duration::from_secs(1) * (ring / 2) / BURST),
            room: ring / 8,
            emptied: now,
            bytes: 0,
        }
    }

    /// A look brought so many packets, and bytes of them.
    pub(super) fn add(&mut self, packets: usize, bytes: usize) {
        self.bytes += packets as u64 * HEADER + bytes as u64;
    }

    /// The ring is empty: how long it may be left alone, so that an eighth of it is full then if as many packets come as of
    /// late.
    pub(super) fn rest(&mut self, now: Instant) -> Duration {
        let (bytes, span) = (self.bytes, now.duration_since(self.emptied));
        (self.bytes, self.emptied) = (0, now);
        if bytes < BUSY {
            return Duration::ZERO;
        }
        self.longest
            .min(span.mul_f64(f64::from(self.room) / bytes as f64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RING: u32 = 64 << 20;

    /// The rests when so many bytes a second come after silence, some milliseconds of reading at each look.
    fn rests(ring: u32, rate: u64) -> Vec<Duration> {
        let start = Instant::now();
        let mut pace = Pace::new(ring, start);
        let mut now = start + Duration::from_secs(5);
        let mut rest = Duration::from_millis(1);
        (0..20)
            .map(|_| {
                now += Duration::from_millis(1) + rest;
                let span = Duration::from_millis(1) + rest;
                pace.add(0, (rate as f64 * span.as_secs_f64()) as usize);
                rest = pace.rest(now);
                rest
            })
            .collect()
    }

    #[test]
    fn an_eighth_of_the_ring_fills_while_nobody_looks_at_most() {
        for rate in [100 << 20, 1 << 30, 3 << 30, 10 << 30] {
            for rest in &rests(RING, rate)[1..] {
                let gathered = rate as f64 * rest.as_secs_f64();
                assert!(gathered <= f64::from(RING / 8) * 1.001, "{rate} {rest:?}");
            }
        }
    }

    #[test]
    fn a_burst_out_of_silence_fills_half_of_it_at_most() {
        for ring in [2 << 20, 16 << 20, RING, 1 << 30] {
            let first = rests(ring, 100 << 20)[0];
            assert!(
                first.as_secs_f64() * 1.25e9 <= f64::from(ring) / 2.0 + 2.0,
                "{ring} {first:?}"
            );
            assert!(first <= LONGEST, "{ring}");
        }
        assert_eq!(rests(RING, 100 << 20)[0], LONGEST);
    }

    #[test]
    fn small_packets_take_more_of_the_ring_than_their_bytes() {
        let start = Instant::now();
        let after = |packets, bytes| {
            let mut pace = Pace::new(RING, start);
            pace.add(packets, bytes);
            pace.rest(start + Duration::from_millis(10))
        };
        assert!(after(1_000_000, 60_000_000) < after(40_000, 60_000_000));
    }

    #[test]
    fn a_few_packets_are_waited_for() {
        assert!(rests(RING, 1 << 20).iter().all(Duration::is_zero));
        let mut pace = Pace::new(RING, Instant::now());
        assert!(pace.rest(Instant::now()).is_zero());
    }
}
