//! Packets from network interfaces, as they come.
//!
//! The kernel's filter and ring are libpcap's. Packets are copied out of the ring into a block, which is handed on when it
//! is full or a tick old: the ring never waits for the analysis as long as this thread runs. A read timeout does not end a
//! wait on an idle interface, so handles never block and `poll` waits for them.

mod devices;
mod error;
mod lane;
mod options;
mod order;
mod pace;
mod record;
mod watch;

use std::os::fd::AsFd;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

pub use devices::{Device, devices};
pub use error::LiveError;
pub use options::{Direction, LiveOptions};
pub use record::{Dated, RecordOptions, Recording};
pub use watch::{Known, Watch};

use super::{Next, Source, SourceSummary};
use crate::frame::{Block, InterfaceId};
use crate::lang::tr;
use crate::limits::{BLOCK_BYTES, FILES};
use crate::near;
use crate::time::Timestamp;
use lane::{GATHERED, Lane};
use order::Order;
use pace::Pace;

/// A block is handed on after this time, full or not.
const TICK: Duration = Duration::from_millis(100);

/// A block that holds so many bytes is handed on before its tick is over. More than of a file: each one wakes threads.
const FULL: usize = 8 * BLOCK_BYTES;

/// Counters and interfaces are looked at as often as this.
const ACCOUNT: Duration = Duration::from_secs(1);

/// Interfaces that are captured on.
pub struct Live {
    lanes: Vec<Lane>,
    /// Only if there are several.
    order: Option<Order>,
    watch: Arc<Watch>,
    /// Packets still wanted.
    left: u64,
    options: LiveOptions,
    /// Whether an interface that is gone may come back.
    may_reopen: bool,
    /// When the capture began.
    began: Option<Instant>,
    next_account: Instant,
    /// The end of the capture, and when what the kernel had by then has come.
    ends: Option<(Timestamp, Instant)>,
    /// The latest packet time.
    latest: Timestamp,
    is_over: bool,
    /// Blocks that idle ticks did not need.
    spare: Vec<Block>,
    /// Unless packets are wanted one by one.
    pace: Option<Pace>,
}

/// Opens interfaces as one source.
///
/// # Errors
/// An interface that does not exist or can't be opened, a filter or link type that it does not take.
pub fn open(options: &LiveOptions) -> Result<Live, LiveError> {
    let known = devices::states()?;
    for (place, name) in options.interfaces.iter().enumerate() {
        if options.interfaces[..place].contains(name) {
            return Err(LiveError::Twice { name: name.clone() });
        }
        if name != devices::ANY && !known.iter().any(|device| device.name == *name) {
            let names = known.iter().map(|device| device.name.as_str());
            return Err(LiveError::Unknown {
                name: name.clone(),
                perhaps: near::perhaps(name, names.chain([devices::ANY])),
                known: devices::names(),
            });
        }
        if !devices::may_capture() {
            let program = std::env::current_exe().unwrap_or_else(|_| "flowcheck".into());
            return Err(LiveError::Capability {
                name: name.clone(),
                program: program.display().to_string(),
            });
        }
    }
    if options.interfaces.is_empty() || options.interfaces.len() > FILES {
        return Err(LiveError::Nothing {
            known: devices::names(),
        });
    }
    let lanes = options.interfaces.iter().enumerate();
    let lanes: Vec<Lane> = lanes
        .map(|(index, name)| Lane::open(index as u16, name, options))
        .collect::<Result<_, _>>()?;
    let watch = Arc::new(Watch::default());
    watch.begin(lanes.iter().map(Lane::interface).collect());
    Ok(Live {
        order: (lanes.len() > 1).then(|| Order::new(lanes.len(), GATHERED)),
        lanes,
        watch,
        left: options.count.unwrap_or(u64::MAX),
        options: options.clone(),
        may_reopen: false,
        began: None,
        next_account: Instant::now(),
        ends: None,
        latest: Timestamp::MIN,
        is_over: false,
        spare: Vec::new(),
        pace: (!options.immediate).then(|| Pace::new(options.buffer_bytes, Instant::now())),
    })
}

impl Live {
    /// For threads that watch the capture or end it.
    #[must_use]
    pub fn watch(&self) -> Arc<Watch> {
        Arc::clone(&self.watch)
    }

    /// Records what is handed on from now on.
    ///
    /// # Errors
    /// The first file can't be created.
    pub fn record(self, options: RecordOptions) -> Result<Recording<Self>, LiveError> {
        let watch = self.watch();
        Recording::begin(self, watch, options, clock())
    }

    /// Reads what the rings hold; returns whether they may hold more.
    fn read(&mut self, block: &mut Block, now: Instant) -> bool {
        let mut more = false;
        let (mut packets, mut bytes) = (0, 0);
        match &mut self.order {
            None => {
                let held = (block.records.len(), block.arena.len());
                for lane in &mut self.lanes {
                    more |= lane.read(block, now);
                }
                (packets, bytes) = (block.records.len() - held.0, block.arena.len() - held.1);
            }
            Some(order) => {
                for (place, lane) in self.lanes.iter_mut().enumerate() {
                    let mut chunk = order.spare();
                    more |= lane.read(&mut chunk, now);
                    packets += chunk.records.len();
                    bytes += chunk.arena.len();
                    order.add(place, chunk, now);
                    order.set_open(place, !lane.is_gone());
                }
                order.release(false, now, FULL, block);
            }
        }
        if let Some(pace) = &mut self.pace {
            pace.add(packets, bytes);
        }
        more
    }

    /// Waits until an interface has packets, `span` at most.
    fn wait(&self, span: Duration) {
        let handles = self.lanes.iter().filter_map(Lane::handle);
        let mut handles: Vec<PollFd<'_>> = handles
            .map(|handle| PollFd::new(handle.as_fd(), PollFlags::POLLIN))
            .collect();
        // Rounded up, so that a wait is no spin. A signal that ends it early does no harm.
        let span = PollTimeout::try_from(span.as_millis() + 1).unwrap_or(PollTimeout::ZERO);
        let _ = poll(&mut handles, span);
    }

    /// Once a second: the kernel's counters, and which interfaces are up.
    fn account(&mut self, now: Instant) {
        if now < self.next_account {
            return;
        }
        self.next_account = now + ACCOUNT;
        let states = devices::states().unwrap_or_default();
        for lane in &mut self.lanes {
            lane.account();
            if lane.name() == devices::ANY || states.is_empty() {
                continue;
            }
            match states.iter().find(|device| device.name == lane.name()) {
                Some(device) if lane.is_gone() => lane.come_back(device.is_up, &self.options),
                Some(device) => lane.notice(device.is_up, now),
                None => lane.die(tr("the interface disappeared").to_owned(), now),
            }
        }
        self.tell();
    }

    fn tell(&self) {
        let received = self.lanes.iter().map(|lane| lane.received).sum();
        let mut sources: Vec<_> = self.lanes.iter().map(Lane::news).collect();
        if let Some(first) = sources.first_mut() {
            first.warnings.extend(self.watch.notes());
        }
        self.watch.tell(sources, received);
    }

    /// Whether the capture is over: stopped, out of time or without interfaces, and what the kernel had has come.
    fn is_drained(&mut self, now: Instant, more: bool) -> bool {
        let began = *self.began.get_or_insert(now);
        let is_late = self
            .options
            .duration
            .is_some_and(|duration| now.duration_since(began) >= duration);
        if self.lanes.iter().all(Lane::is_gone) && !self.may_reopen {
            return true;
        }
        if !self.watch.is_stopped() && !is_late {
            return false;
        }
        let (end, drained_at) = *self.ends.get_or_insert_with(|| (clock(), now + GATHERED));
        now >= drained_at && (!more || self.latest > end)
    }

    /// The last block.
    fn finish(&mut self, mut block: Block, now: Instant) -> Next {
        self.read(&mut block, now);
        self.is_over = true;
        self.watch.end();
        if let Some(order) = &mut self.order {
            order.release(true, now, usize::MAX, &mut block);
        }
        for lane in &mut self.lanes {
            lane.account();
        }
        self.hand_on(block)
    }

    fn hand_on(&mut self, mut block: Block) -> Next {
        block
            .records
            .truncate(usize::try_from(self.left).unwrap_or(usize::MAX));
        self.left -= block.records.len() as u64;
        let latest = block.records.last().map(|record| record.timestamp);
        self.latest = self.latest.max(latest.unwrap_or(self.latest));
        if self.left == 0 {
            self.is_over = true;
            self.watch.end();
            self.lanes.iter_mut().for_each(Lane::account);
        }
        if self.is_over {
            self.tell();
        }
        Next::Block(block)
    }

    /// The time up to which everything has come, by the clock.
    fn silent_until(&self) -> Option<Timestamp> {
        let is_idle = self.order.as_ref().is_none_or(Order::is_empty);
        is_idle.then(|| clock().plus(-(GATHERED.as_nanos() as i64)))
    }
}

impl Drop for Live {
    /// However it ends, nobody waits for it any longer.
    fn drop(&mut self) {
        self.watch.end();
    }
}

/// The time of day.
fn clock() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_nanos(i64::try_from(since.as_nanos()).unwrap_or(i64::MAX))
}

impl Source for Live {
    fn next(&mut self, recycled: Block) -> Next {
        if self.is_over {
            return Next::End;
        }
        let mut block = match recycled.arena.capacity() {
            0 => self.spare.pop().unwrap_or(recycled),
            _ => recycled,
        };
        block.clear();
        block.arena.clear();
        let mut now = Instant::now();
        if self.began.is_none() {
            let interfaces = self.lanes.iter().map(Lane::interface);
            block.interfaces = (0..).map(InterfaceId).zip(interfaces).collect();
            self.is_drained(now, true);
            // Privileges were given up since the interfaces were opened.
            self.may_reopen = devices::may_capture();
            for lane in &mut self.lanes {
                lane.may_return = self.may_reopen;
            }
            return Next::Block(block);
        }
        let tick_ends = now + TICK;
        loop {
            let more = self.read(&mut block, now);
            self.account(now);
            if self.is_drained(now, more) {
                return self.finish(block, now);
            }
            let is_full = block.arena.len() >= FULL || block.records.len() as u64 >= self.left;
            if is_full || now >= tick_ends {
                break;
            }
            if !more {
                let rest = self.pace.as_mut().map_or(Duration::ZERO, |pace| pace.rest(now));
                // Whole milliseconds: shorter rests save nothing.
                let rest = rest.min(tick_ends - now).as_millis();
                let rest = PollTimeout::try_from(rest).unwrap_or(PollTimeout::ZERO);
                let _ = poll(&mut [], rest);
                self.wait(tick_ends.saturating_duration_since(Instant::now()));
            }
            now = Instant::now();
        }
        if block.records.is_empty() {
            let until = self.silent_until();
            self.spare.push(block);
            return Next::Idle { until };
        }
        self.hand_on(block)
    }

    fn summaries(&self) -> Vec<SourceSummary> {
        let mut summaries: Vec<_> = self.lanes.iter().map(Lane::summary).collect();
        let hurried = self.order.as_ref().is_some_and(|order| order.hurried);
        if let Some(first) = summaries.first_mut().filter(|_| hurried) {
            let warning = "so many packets came at once that those of several interfaces may be out of order by up to 300 ms";
            first.warnings.push(tr(warning).to_owned());
        }
        if let Some(first) = summaries.first_mut() {
            first.warnings.extend(self.watch.notes());
        }
        summaries
    }
}
