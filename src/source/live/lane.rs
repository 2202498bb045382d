//! One interface: its handle, its counters, and whether it is still there.

use std::time::{Duration, Instant};

use nix::net::if_::if_nametoindex;
use pcap::{Active, Capture, Linktype, Precision, Stat};

use super::super::SourceSummary;
use super::error::{LiveError, reason};
use super::options::{Direction, LiveOptions};
use crate::frame::{Block, FramePlace, Interface, InterfaceId, LinkType, Record};
use crate::lang::tr;
use crate::limits::{LIVE_CHANGES_TOLD, SNAPLEN};
use crate::time::Timestamp;
use crate::tr;

/// Packets taken from a ring before the other interfaces and the block's size are looked at.
const BATCH: usize = 256;

/// How long the kernel gathers packets before it hands them over, in milliseconds.
const GATHER_MS: i32 = 100;

/// After this time the kernel has handed over what it had gathered.
pub(super) const GATHERED: Duration = Duration::from_millis(3 * GATHER_MS.unsigned_abs() as u64);

/// Linux "cooked" capture, version 2: what `any` can give besides version 1, and the only one to tell the interface.
const SLL2: Linktype = Linktype(276);

/// The counters of a new handle.
const NOTHING: Stat = Stat {
    received: 0,
    dropped: 0,
    if_dropped: 0,
};

/// One interface that is captured on.
pub(super) struct Lane {
    handle: Option<Capture<Active>>,
    id: InterfaceId,
    link_type: LinkType,
    summary: SourceSummary,
    /// The kernel's counters as last read: they wrap at 32 bits.
    last: Stat,
    /// Packets that passed the kernel's filter.
    pub(super) received: u64,
    is_up: bool,
    /// How often it went down or came back.
    changes: u64,
    /// Once the interface is gone: when what the kernel had gathered has come, and why it is gone.
    dying: Option<(Instant, String)>,
    /// The kernel's number of the interface: one that is made anew under the same name has another.
    index: Option<u32>,
    /// Whether it may be opened again.
    pub(super) may_return: bool,
    /// Why it was not, as it was told.
    refused: Option<String>,
}

impl Lane {
    /// Opens an interface, the capture's `index`-th.
    pub(super) fn open(index: u16, name: &str, options: &LiveOptions) -> Result<Self, LiveError> {
        let handle = open(name, options)?;
        let link_type = link_type(handle.get_datalink());
        Ok(Self {
            handle: Some(handle),
            id: InterfaceId(index),
            link_type,
            summary: SourceSummary {
                name: name.to_owned(),
                format: "live",
                link_types: vec![link_type],
                snaplen: if options.snaplen == SNAPLEN {
                    0
                } else {
                    options.snaplen
                },
                kernel_dropped: Some(0),
                interface_dropped: Some(0),
                ..SourceSummary::default()
            },
            last: NOTHING,
            received: 0,
            is_up: true,
            changes: 0,
            dying: None,
            index: if_nametoindex(name).ok(),
            may_return: false,
            refused: None,
        })
    }

    /// The interface's name.
    pub(super) fn name(&self) -> &str {
        &self.summary.name
    }

    /// What to announce.
    pub(super) fn interface(&self) -> Interface {
        Interface {
            source: self.id.0,
            name: Some(self.summary.name.clone()),
            link_type: self.link_type,
        }
    }

    /// Whether nothing comes any more.
    pub(super) fn is_gone(&self) -> bool {
        self.handle.is_none()
    }

    /// The handle to wait on; one whose interface is gone would never wait.
    pub(super) fn handle(&self) -> Option<&Capture<Active>> {
        self.handle.as_ref().filter(|_| self.dying.is_none())
    }

    /// Copies packets out of the ring to the end of a block; returns whether there may be more.
    pub(super) fn read(&mut self, block: &mut Block, now: Instant) -> bool {
        let Some(handle) = &mut self.handle else {
            return false;
        };
        let Block { arena, records, .. } = block;
        let (number, interface, link_type) = (&mut self.summary.packets, self.id, self.link_type);
        let copied = handle.dispatch(Some(BATCH), |packet| {
            let time = packet.header.ts;
            *number += 1;
            records.push(Record {
                // With nanosecond precision they are in the microseconds' place.
                timestamp: Timestamp::from_parts(time.tv_sec, time.tv_usec),
                place: FramePlace::new(*number, interface),
                offset: arena.len() as u32,
                captured_len: packet.data.len() as u32,
                wire_len: packet.header.len,
                link_type,
            });
            arena.extend_from_slice(packet.data);
        });
        match copied {
            Ok(copied) if copied > 0 => return copied >= BATCH,
            Ok(_) => {}
            Err(error) => self.die(reason(&error), now),
        }
        self.bury(now);
        false
    }

    /// Reads the kernel's counters.
    pub(super) fn account(&mut self) {
        let Some(Ok(now)) = self.handle.as_mut().map(Capture::stats) else {
            return;
        };
        let more = |now: u32, last: u32| u64::from(now.wrapping_sub(last));
        let add = |sum: &mut Option<u64>, more| *sum = Some(sum.unwrap_or(0) + more);
        self.received += more(now.received, self.last.received);
        add(
            &mut self.summary.kernel_dropped,
            more(now.dropped, self.last.dropped),
        );
        add(
            &mut self.summary.interface_dropped,
            more(now.if_dropped, self.last.if_dropped),
        );
        self.last = now;
    }

    /// Notes whether the interface is up and still the same, and says so when it changed.
    pub(super) fn notice(&mut self, is_up: bool, now: Instant) {
        let index = if_nametoindex(self.name()).ok();
        if self.index.is_some() && index.is_some() && index != self.index {
            self.die(tr("the interface was deleted and made anew").to_owned(), now);
            return;
        }
        if is_up == self.is_up {
            return;
        }
        self.is_up = is_up;
        self.tell_change(if is_up {
            "the interface is up again; what passed meanwhile was not captured"
        } else {
            "the interface went down; nothing is captured on it until it is up again"
        });
    }

    /// An interface of the name is there again: opens it if that is allowed and it is up.
    pub(super) fn come_back(&mut self, is_up: bool, options: &LiveOptions) {
        if !self.may_return {
            self.tell_refusal(
                "the interface is back, but nothing is captured on it: opening it needs the capability CAP_NET_RAW, \
                 which was given up; --reopen keeps it",
            );
            return;
        }
        if !is_up {
            return;
        }
        match open(self.name(), options) {
            Ok(handle) if link_type(handle.get_datalink()) != self.link_type => {
                self.tell_refusal("the interface is back with another link type, and is not captured on");
            }
            Ok(handle) => {
                self.handle = Some(handle);
                self.index = if_nametoindex(self.name()).ok();
                self.last = NOTHING;
                self.is_up = true;
                self.refused = None;
                self.tell_change(
                    "the interface is back and captured on again; what passed meanwhile was not captured",
                );
            }
            Err(error) => self.tell_refusal(&error.to_string()),
        }
    }

    /// Each reason once.
    fn tell_refusal(&mut self, why: &str) {
        if self.refused.as_deref() != Some(why) {
            self.refused = Some(why.to_owned());
            self.tell_change(why);
        }
    }

    /// So many changes are told, each in other words than before; more are counted.
    fn tell_change(&mut self, what: &str) {
        self.changes += 1;
        if self.changes <= LIVE_CHANGES_TOLD {
            let warnings = &mut self.summary.warnings;
            let change = format!("{}: {}", self.summary.name, tr(what));
            let before = warnings.iter().filter(|told| told.starts_with(&change)).count();
            warnings.push(if before == 0 {
                change
            } else {
                tr!("{change} ({n} times)", change, n = before + 1)
            });
        }
    }

    /// The summary with what is told one by one: what is news is in it once.
    pub(super) fn news(&self) -> SourceSummary {
        self.summary.clone()
    }

    /// The summary with what is told in sum.
    pub(super) fn summary(&self) -> SourceSummary {
        let mut summary = self.summary.clone();
        let untold = self.changes.saturating_sub(LIVE_CHANGES_TOLD);
        if untold > 0 {
            let name = &summary.name;
            let warning = tr!(
                "{name}: the interface went down or came back {untold} more times",
                name,
                untold
            );
            summary.warnings.push(warning);
        }
        summary
    }

    /// The interface is gone; what the kernel had gathered is still to come.
    pub(super) fn die(&mut self, why: String, now: Instant) {
        if self.handle.is_some() {
            self.dying.get_or_insert((now + GATHERED, why));
        }
    }

    /// Closes the handle of an interface that is gone when nothing more can come.
    fn bury(&mut self, now: Instant) {
        let Some((_, why)) = self.dying.take_if(|(end, _)| now >= *end) else {
            return;
        };
        self.account();
        self.handle = None;
        // libpcap begins sentences; this one has begun already.
        let why = why.replacen("The ", "the ", 1);
        let packets = self.summary.packets;
        let change = if self.may_return {
            tr!(
                "{why}; the {packets} packets until then are reported, nothing until it is back",
                why,
                packets
            )
        } else {
            tr!(
                "{why}; the {packets} packets until then are reported, nothing after them",
                why,
                packets
            )
        };
        self.tell_change(&change);
    }
}

/// Opens an interface, never to block.
fn open(name: &str, options: &LiveOptions) -> Result<Capture<Active>, LiveError> {
    let failed = |error: &pcap::Error| LiveError::Open {
        name: name.to_owned(),
        reason: reason(error),
    };
    let mut handle = match activate(name, options, options.promiscuous) {
        // libpcap warns where an interface can't be promiscuous, and the crate takes warnings for errors.
        Err(_) if options.promiscuous => activate(name, options, false),
        done => done,
    }
    .map_err(|error| failed(&error))?;
    set_link_type(&mut handle, name, options)?;
    let direction = match options.direction {
        Direction::Both => pcap::Direction::InOut,
        Direction::In => pcap::Direction::In,
        Direction::Out => pcap::Direction::Out,
    };
    handle.direction(direction).map_err(|error| failed(&error))?;
    if let Some(filter) = &options.filter {
        handle.filter(filter, true).map_err(|error| LiveError::Filter {
            name: name.to_owned(),
            expression: filter.clone(),
            reason: reason(&error),
        })?;
    }
    handle.setnonblock().map_err(|error| failed(&error))
}

fn activate(name: &str, options: &LiveOptions, promiscuous: bool) -> Result<Capture<Active>, pcap::Error> {
    Capture::from_device(name)?
        .snaplen(options.snaplen as i32)
        .buffer_size(i32::try_from(options.buffer_bytes).unwrap_or(i32::MAX))
        .promisc(promiscuous)
        .immediate_mode(options.immediate)
        .timeout(GATHER_MS)
        .precision(Precision::Nano)
        .open()
}

fn set_link_type(handle: &mut Capture<Active>, name: &str, options: &LiveOptions) -> Result<(), LiveError> {
    let Some(wanted) = &options.link_type else {
        if name == "any" {
            // Version 1 is as good, but for the interface's number.
            let _ = handle.set_datalink(SLL2);
        }
        return Ok(());
    };
    let set = Linktype::from_name(wanted).and_then(|link_type| handle.set_datalink(link_type));
    set.map_err(|_| {
        let known = handle.list_datalinks().unwrap_or_default();
        let names: Vec<String> = known.iter().filter_map(|known| known.get_name().ok()).collect();
        LiveError::LinkType {
            name: name.to_owned(),
            wanted: wanted.clone(),
            known: names.join(", "),
        }
    })
}

/// libpcap's DLT as LINKTYPE: they differ for raw IP alone among those decoded here.
pub(super) fn link_type(dlt: Linktype) -> LinkType {
    match dlt.0 {
        12 => LinkType::RAW,
        other => LinkType(other as u16),
    }
}
