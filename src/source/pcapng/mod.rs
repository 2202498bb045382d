//! The pcapng format (draft-ietf-opsawg-pcapng): sections of blocks, each section in its own byte order.

mod interface;
mod options;
mod packet;
mod trust;

use super::book::Book;
use super::byte_order::ByteOrder;
use super::compressed::Compression;
use super::format::{Format, Start, Stop};
use super::search::DAY;
use crate::frame::{FramePlace, Record};
use crate::lang::tr;
use crate::limits::{INTERFACES, RECORD_BYTES};
use crate::time::Timestamp;
use crate::tr;
use interface::Description;
use packet::{Packet, enhanced, obsolete};
pub(super) use trust::Section;

const SECTION_HEADER: u32 = 0x0a0d_0d0a;
const INTERFACE_DESCRIPTION: u32 = 1;
const OBSOLETE_PACKET: u32 = 2;
const SIMPLE_PACKET: u32 = 3;
const INTERFACE_STATISTICS: u32 = 5;
const ENHANCED_PACKET: u32 = 6;
/// Blocks that hold no packet, but that Wireshark numbers as frames: the systemd journal, custom blocks and sysdig's
/// events.
const NUMBERED: [u32; 8] = [9, 0xbad, 0x4000_0bad, 0x204, 0x208, 0x216, 0x217, 0x221];

/// Block type, total length, and the total length again at the end.
const SMALLEST_BLOCK: usize = 12;
const BYTE_ORDER_MAGIC: u32 = 0x1a2b_3c4d;

/// The framing of one pcapng file.
#[derive(Debug)]
pub(super) struct PcapNg {
    order: ByteOrder,
    interfaces: Vec<Description>,
    /// Those of the section that were described beyond the cap.
    more_interfaces: usize,
    /// The time of the packet before, [`Timestamp::MIN`] if there is none: what a Simple Packet Block is given.
    latest: Timestamp,
    /// Drops of all interfaces, of earlier sections too.
    drops: Tally,
}

impl Default for PcapNg {
    fn default() -> Self {
        Self {
            order: ByteOrder::default(),
            interfaces: Vec::new(),
            more_interfaces: 0,
            latest: Timestamp::MIN,
            drops: Tally::default(),
        }
    }
}

/// Packets lost, as the capture tells it.
#[derive(Debug, Default, Clone, Copy)]
struct Drops {
    interface: Option<u64>,
    kernel: Option<u64>,
}

/// The drops of many interfaces, kept up to date: an interface may be told about as often as a file likes.
#[derive(Debug, Default, Clone, Copy)]
struct Tally {
    interface: Option<u128>,
    kernel: Option<u128>,
}

impl Tally {
    /// An interface told `before`, and now tells `now`.
    fn change(&mut self, before: Drops, now: Drops) {
        let change = |sum: Option<u128>, before: Option<u64>, now: Option<u64>| {
            let others = sum.unwrap_or(0) - u128::from(before.unwrap_or(0));
            now.map(|now| others + u128::from(now)).or(sum)
        };
        self.interface = change(self.interface, before.interface, now.interface);
        self.kernel = change(self.kernel, before.kernel, now.kernel);
    }

    fn total(sum: Option<u128>) -> Option<u64> {
        sum.map(|sum| u64::try_from(sum).unwrap_or(u64::MAX))
    }
}

/// A whole block, its framing checked.
struct Block<'a> {
    kind: u32,
    body: &'a [u8],
    /// Where the body begins in the arena.
    body_at: usize,
}

impl PcapNg {
    /// The type of a section header block, a palindrome so that it reads alike in both byte orders.
    pub(super) const MAGIC: [u8; 4] = SECTION_HEADER.to_be_bytes();

    /// The same, to count on from what captures before it in the same input told of drops.
    pub(super) fn behind(self, book: &Book) -> Self {
        let drops = Tally {
            interface: book.summary.interface_dropped.map(u128::from),
            kernel: book.summary.kernel_dropped.map(u128::from),
        };
        Self { drops, ..self }
    }

    /// Whether a section header's byte-order magic follows; `None` with too few bytes.
    pub(super) fn recognise(bytes: &[u8]) -> Option<bool> {
        bytes.get(8..12).map(|_| section_order(bytes).is_some())
    }

    /// Frames complete blocks of `bytes` from `start` on; returns where it stopped and why.
    pub(super) fn frame(
        &mut self,
        bytes: &[u8],
        start: usize,
        records: &mut Vec<Record>,
        book: &mut Book,
    ) -> (usize, Stop) {
        let mut at = start;
        loop {
            let rest = bytes.get(at..).unwrap_or_default();
            let is_plain = book.not_compressed == Some(book.base + at as u64);
            let (block, length) = match self.block(rest, at, is_plain) {
                Ok(found) => found,
                Err(stop) => return (at, stop),
            };
            let packet = match block.kind {
                ENHANCED_PACKET => enhanced(self.order, block.body),
                OBSOLETE_PACKET => obsolete(self.order, block.body),
                SIMPLE_PACKET => self.simple(block.body),
                _ => None,
            };
            if let Some(packet) = packet {
                if let Err(stop) = self.packet(&packet, &block, rest, records, book) {
                    return (at, stop);
                }
            } else if self.other(&block, book).is_none() {
                let (kind, offset) = (block.kind, book.base + at as u64);
                let what = tr!(
                    "a pcapng block of type {kind} has lengths that contradict each other",
                    kind = format!("{kind:#x}")
                );
                book.skip(offset, offset + length as u64, &what);
            }
            at += length;
        }
    }

    /// Takes in a block without a packet; `None` if it is too short for its type.
    fn other(&mut self, block: &Block<'_>, book: &mut Book) -> Option<()> {
        match block.kind {
            ENHANCED_PACKET | OBSOLETE_PACKET | SIMPLE_PACKET => return None,
            SECTION_HEADER => {
                book.begin_capture(book.base + block.body_at as u64 - 8, "pcapng");
                self.section();
            }
            INTERFACE_DESCRIPTION => return self.describe(block.body, book),
            INTERFACE_STATISTICS => return self.statistics(block.body, book),
            kind if NUMBERED.contains(&kind) => book.summary.packets += 1,
            kind if trust::is_assigned(kind) => {}
            _ => book.unassigned.add(book.base + block.body_at as u64 - 8),
        }
        Some(())
    }

    /// Delimits the block at the start of `rest`, of which it may be known that it is not compressed.
    #[inline]
    fn block<'a>(&mut self, rest: &'a [u8], at: usize, is_plain: bool) -> Result<(Block<'a>, usize), Stop> {
        let Some(&[t0, t1, t2, t3, l0, l1, l2, l3]) = rest.first_chunk::<8>() else {
            return Err(Stop::Need(SMALLEST_BLOCK));
        };
        if [t0, t1, t2, t3] == Self::MAGIC {
            if rest.len() < SMALLEST_BLOCK {
                return Err(Stop::Need(SMALLEST_BLOCK));
            }
            self.order = section_order(rest).ok_or_else(|| {
                Stop::Damage(tr("a pcapng section header without a byte-order magic").to_owned())
            })?;
        }
        let kind = self.order.u32([t0, t1, t2, t3]);
        let length = self.order.u32([l0, l1, l2, l3]) as usize;
        if length < SMALLEST_BLOCK || !length.is_multiple_of(4) || length > RECORD_BYTES {
            if let Start::Need(bytes) = Format::recognise(rest) {
                return Err(Stop::Need(bytes));
            }
            another(rest, is_plain)?;
            return Err(Stop::Damage(tr!(
                "a pcapng block of type {kind} with the impossible length {length}",
                kind = format!("{kind:#x}"),
                length
            )));
        }
        let Some((body, trailer)) = rest.get(8..length).and_then(<[u8]>::split_last_chunk::<4>) else {
            another(rest, is_plain)?;
            if trust::is_liar(self.order, kind, rest, length) {
                return Err(Stop::Damage(tr!(
                    "a pcapng block of type {kind} with the length {length}, far more than its packet takes,",
                    kind = format!("{kind:#x}"),
                    length
                )));
            }
            return Err(Stop::Need(length));
        };
        if self.order.u32(*trailer) as usize != length {
            another(rest, is_plain)?;
            return Err(Stop::Damage(tr!(
                "a pcapng block of type {kind} begins with the length {length} and ends with the length {other}",
                kind = format!("{kind:#x}"),
                length,
                other = self.order.u32(*trailer)
            )));
        }
        Ok((
            Block {
                kind,
                body,
                body_at: at + 8,
            },
            length,
        ))
    }

    #[inline]
    fn packet(
        &mut self,
        packet: &Packet,
        block: &Block<'_>,
        rest: &[u8],
        records: &mut Vec<Record>,
        book: &mut Book,
    ) -> Result<(), Stop> {
        let offset = book.base + block.body_at as u64 - 8;
        let described = self.interfaces.len();
        let Some(interface) = self.interfaces.get_mut(packet.interface) else {
            if packet.interface - described < self.more_interfaces {
                book.summary.packets += 1;
                book.beyond_cap.add(offset);
            } else {
                book.undescribed.add(offset);
            }
            return Ok(());
        };
        let (id, link_type) = (interface.id(packet.interface, book), interface.link_type);
        let number = book.summary.packets + 1;
        if let Some(ticks) = packet.ticks {
            let time = interface.time(ticks);
            let later = time.since(self.latest);
            self.latest = if (0..=DAY).contains(&later) {
                time
            } else {
                self.doubt(time, rest, (offset, number), book)?
            };
        }
        book.summary.packets = number;
        let Some(id) = id else {
            book.beyond_cap.add(offset);
            return Ok(());
        };
        records.push(Record {
            timestamp: self.before().unwrap_or_default(),
            place: FramePlace::new(number, id),
            offset: (block.body_at + packet.at) as u32,
            captured_len: packet.captured_len,
            wire_len: packet.wire_len,
            link_type,
        });
        Ok(())
    }

    /// The time of the packet before, if there is one.
    #[inline]
    fn before(&self) -> Option<Timestamp> {
        (self.latest != Timestamp::MIN).then_some(self.latest)
    }

    /// Section 4.4: the captured length is not stored; it follows from the first interface's snapshot length.
    fn simple(&self, body: &[u8]) -> Option<Packet> {
        let wire_len = self.order.u32_at(body, 0)?;
        let snaplen = self.interfaces.first().map_or(0, |interface| interface.snaplen);
        let expected = if snaplen == 0 {
            wire_len
        } else {
            wire_len.min(snaplen)
        };
        let captured_len = expected.min((body.len() - 4) as u32);
        Some(Packet {
            interface: 0,
            ticks: None,
            captured_len,
            wire_len,
            at: 4,
        })
    }

    fn section(&mut self) {
        self.interfaces.clear();
        self.more_interfaces = 0;
    }

    fn describe(&mut self, body: &[u8], book: &mut Book) -> Option<()> {
        let description = Description::read(self.order, body)?;
        book.declare(description.link_type, description.snaplen);
        if self.interfaces.len() < INTERFACES {
            self.interfaces.push(description);
        } else {
            self.more_interfaces += 1;
        }
        Some(())
    }

    /// Section 4.6: counters since the start of the capture, so that the latest block of an interface holds.
    fn statistics(&mut self, body: &[u8], book: &mut Book) -> Option<()> {
        let interface = self.order.u32_at(body, 0)? as usize;
        let options = body.get(12..)?;
        if let Some(interface) = self.interfaces.get_mut(interface) {
            let before = interface.drops;
            interface.count_drops(self.order, options);
            self.drops.change(before, interface.drops);
        }
        book.summary.interface_dropped = Tally::total(self.drops.interface);
        book.summary.kernel_dropped = Tally::total(self.drops.kernel);
        Some(())
    }
}

/// Stops where a pcap file begins, or compressed data.
fn another(rest: &[u8], is_plain: bool) -> Result<(), Stop> {
    match Format::recognise(rest) {
        Start::Capture(Format::Pcap(_), _) => Err(Stop::NewCapture),
        _ if !is_plain && Compression::recognise(rest).is_some() => Err(Stop::Compressed),
        _ => Ok(()),
    }
}

fn section_order(bytes: &[u8]) -> Option<ByteOrder> {
    [ByteOrder::Little, ByteOrder::Big]
        .into_iter()
        .find(|order| order.u32_at(bytes, 8) == Some(BYTE_ORDER_MAGIC))
}
