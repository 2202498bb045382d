//! Packets of several interfaces in order of time.
//!
//! The kernel hands over what it has gathered on an interface up to a tick late, so a packet waits until every interface
//! has gone on to its time, or until it has waited for as long as the kernel gathers.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::frame::{Block, Record};
use crate::limits::LIVE_HELD_BYTES;
use crate::time::Timestamp;

/// What one look at an interface brought.
struct Chunk {
    block: Block,
    /// The next record.
    at: usize,
    came: Instant,
    /// The latest packet time in it, and before it.
    clock: Timestamp,
}

/// The packets of one interface that wait.
struct Queue {
    chunks: VecDeque<Chunk>,
    /// The latest packet time seen.
    seen: Timestamp,
    /// The latest packet time handed on.
    clock: Timestamp,
    is_open: bool,
}

/// Packets of several interfaces that wait for those of the others.
pub(super) struct Order {
    queues: Vec<Queue>,
    spare: Vec<Block>,
    held: usize,
    hold: Duration,
    /// Whether packets had to go on before their time, since too many waited.
    pub(super) hurried: bool,
}

impl Order {
    pub(super) fn new(queues: usize, hold: Duration) -> Self {
        let queue = |_| Queue {
            chunks: VecDeque::new(),
            seen: Timestamp::MIN,
            clock: Timestamp::MIN,
            is_open: true,
        };
        Self {
            queues: (0..queues).map(queue).collect(),
            spare: Vec::new(),
            held: 0,
            hold,
            hurried: false,
        }
    }

    /// An empty block to read into.
    pub(super) fn spare(&mut self) -> Block {
        self.spare.pop().unwrap_or_default()
    }

    /// Takes in what was read from an interface at `came`.
    pub(super) fn add(&mut self, queue: usize, block: Block, came: Instant) {
        let Some(queue) = self.queues.get_mut(queue).filter(|_| !block.records.is_empty()) else {
            self.spare.push(block);
            return;
        };
        let latest = block.records.iter().map(|record| record.timestamp).max();
        queue.seen = queue.seen.max(latest.unwrap_or(Timestamp::MIN));
        self.held += block.arena.len();
        queue.chunks.push_back(Chunk {
            block,
            at: 0,
            came,
            clock: queue.seen,
        });
    }

    /// Whether more may come from an interface.
    pub(super) fn set_open(&mut self, queue: usize, is_open: bool) {
        if let Some(queue) = self.queues.get_mut(queue) {
            queue.is_open = is_open;
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.queues.iter().all(|queue| queue.chunks.is_empty())
    }

    /// Hands on what has no earlier packet to wait for, or everything, until `block` holds `full` bytes.
    pub(super) fn release(&mut self, everything: bool, now: Instant, full: usize, block: &mut Block) {
        let bound = if everything {
            Timestamp::from_nanos(i64::MAX)
        } else {
            self.bound(now)
        };
        while block.arena.len() < full {
            let next = self
                .queues
                .iter()
                .enumerate()
                .filter_map(|(place, queue)| Some((queue.next_time()?, place)));
            let Some((_, place)) = next.min().filter(|(time, _)| *time <= bound) else {
                break;
            };
            let Some(queue) = self.queues.get_mut(place) else {
                break;
            };
            if let Some(used) = queue.take(block) {
                self.held = self.held.saturating_sub(used.arena.len());
                let mut used = used;
                used.clear();
                used.arena.clear();
                self.spare.push(used);
            }
        }
    }

    /// The time up to which nothing earlier will come.
    fn bound(&mut self, now: Instant) -> Timestamp {
        let open = self.queues.iter().filter(|queue| queue.is_open);
        let all_beyond = open.map(|queue| queue.seen).min().unwrap_or(Timestamp::MIN);
        let chunks = self.queues.iter().flat_map(|queue| &queue.chunks);
        let waited = chunks.filter(|chunk| now.duration_since(chunk.came) >= self.hold);
        let bound = waited.map(|chunk| chunk.clock).fold(all_beyond, Timestamp::max);
        if self.held <= LIVE_HELD_BYTES {
            return bound;
        }
        self.hurried = true;
        let oldest = self.queues.iter().filter_map(|queue| queue.chunks.front());
        oldest
            .min_by_key(|chunk| chunk.came)
            .map_or(bound, |chunk| bound.max(chunk.clock))
    }
}

impl Queue {
    /// When the next packet is due: times within an interface never go back.
    fn next_time(&self) -> Option<Timestamp> {
        let chunk = self.chunks.front()?;
        let record = chunk.block.records.get(chunk.at)?;
        Some(self.clock.max(record.timestamp))
    }

    /// Copies the next packet; returns the memory of a chunk that is used up.
    fn take(&mut self, out: &mut Block) -> Option<Block> {
        let chunk = self.chunks.front_mut()?;
        if let Some(record) = chunk.block.records.get(chunk.at) {
            self.clock = self.clock.max(record.timestamp);
            let offset = out.arena.len() as u32;
            out.arena
                .extend_from_slice(record.frame(&chunk.block.arena).bytes);
            out.records.push(Record { offset, ..*record });
        }
        chunk.at += 1;
        if chunk.at < chunk.block.records.len() {
            return None;
        }
        self.chunks.pop_front().map(|chunk| chunk.block)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::FramePlace;

    fn packets(seconds: &[i64]) -> Block {
        let mut block = Block::default();
        for second in seconds {
            let record = Record {
                timestamp: Timestamp::from_parts(*second, 0),
                place: FramePlace::new(0, crate::frame::InterfaceId(0)),
                offset: block.arena.len() as u32,
                captured_len: 1,
                wire_len: 1,
                link_type: crate::frame::LinkType::ETHERNET,
            };
            block.records.push(record);
            block.arena.push(*second as u8);
        }
        block
    }

    /// The first byte of each packet that was handed on.
    fn released(order: &mut Order, everything: bool, now: Instant) -> Vec<u8> {
        let mut out = Block::default();
        order.release(everything, now, 1 << 20, &mut out);
        out.frames().map(|frame| frame.bytes[0]).collect()
    }

    #[test]
    fn a_packet_waits_for_the_other_interface() {
        let start = Instant::now();
        let mut order = Order::new(2, Duration::from_secs(1));
        order.add(0, packets(&[1, 4, 6]), start);
        assert!(released(&mut order, false, start).is_empty());
        order.add(1, packets(&[2, 5]), start);
        assert_eq!(released(&mut order, false, start), [1, 2, 4, 5]);
        assert!(released(&mut order, false, start).is_empty());
        assert_eq!(
            released(&mut order, false, start + Duration::from_secs(1)),
            [6],
            "after the hold it goes alone"
        );
        assert!(order.is_empty());
    }

    #[test]
    fn one_that_is_gone_is_not_waited_for() {
        let start = Instant::now();
        let mut order = Order::new(2, Duration::from_secs(1));
        order.add(0, packets(&[1, 9]), start);
        order.set_open(1, false);
        assert_eq!(released(&mut order, false, start), [1, 9]);
    }

    #[test]
    fn times_that_go_back_keep_their_place() {
        let start = Instant::now();
        let mut order = Order::new(2, Duration::from_secs(1));
        order.add(0, packets(&[5, 3]), start);
        order.add(1, packets(&[4]), start);
        assert_eq!(released(&mut order, true, start), [4, 5, 3]);
    }

    #[test]
    fn too_much_that_waits_goes_on_and_it_is_told() {
        let start = Instant::now();
        let mut order = Order::new(2, Duration::from_secs(1));
        let mut large = packets(&[7]);
        large.arena.resize(LIVE_HELD_BYTES + 1, 0);
        order.add(0, large, start);
        assert_eq!(released(&mut order, false, start), [7]);
        assert!(order.hurried);
    }
}
