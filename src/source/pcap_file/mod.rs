//! The classic capture file (draft-ietf-opsawg-pcap): a 24-byte header, then packets behind 16-byte headers.

mod trust;

use prefetch_index::prefetch_index;
use trust::Header;
pub(super) use trust::{Layout, corrected};

use super::book::Book;
use super::byte_order::ByteOrder;
use super::format::Stop;
use crate::frame::{FramePlace, InterfaceId, LinkType, Record};
use crate::limits::SNAPLEN;
use crate::time::{MICROSECOND, SECOND, Timestamp};

/// So far before it is walked through a file is asked for.
const AHEAD: usize = 1_024;

const MICROSECONDS: u32 = 0xa1b2_c3d4;
const NANOSECONDS: u32 = 0xa1b2_3c4d;
/// Alexey Kuznetzov's libpcap of old Linux distributions: record headers are 24 bytes long.
const MODIFIED: u32 = 0xa1b2_cd34;

/// The framing of one pcap file.
#[derive(Debug)]
pub(super) struct PcapFile {
    order: ByteOrder,
    nanos_per_tick: i64,
    record_header: usize,
    link_type: LinkType,
    snaplen: u32,
    interface: Interface,
    /// Seconds of the latest record as stored, -1 before the first: a capture header can stand only where they change.
    seconds: i64,
}

/// Whether the file's only interface has its id yet.
#[derive(Debug, Clone, Copy)]
enum Interface {
    Unused,
    Known(InterfaceId),
    BeyondCap,
}

impl PcapFile {
    pub(super) const HEADER_BYTES: usize = 24;

    /// Whether these are the first bytes of a pcap file of either byte order.
    pub(super) fn is_magic(magic: [u8; 4]) -> bool {
        order_and_magic(magic).is_some()
    }

    /// Reads the file header; the error is a reason.
    pub(super) fn from_header(header: &[u8; Self::HEADER_BYTES]) -> Result<Self, String> {
        let [m0, m1, m2, m3, v0, v1, n0, n1, .., s0, s1, s2, s3, l0, l1, l2, l3] = *header;
        let Some((order, magic)) = order_and_magic([m0, m1, m2, m3]) else {
            return Err("no pcap magic".to_owned());
        };
        let (major, minor) = (order.u16([v0, v1]), order.u16([n0, n1]));
        if major != 2 {
            return Err(format!(
                "a pcap header of version {major}.{minor}, where only 2.x is known"
            ));
        }
        let snaplen = order.u32([s0, s1, s2, s3]);
        Ok(Self {
            order,
            nanos_per_tick: if magic == NANOSECONDS { 1 } else { MICROSECOND },
            record_header: if magic == MODIFIED { 24 } else { 16 },
            // The upper bits tell of frame check sequences (draft-ietf-opsawg-pcap section 4).
            link_type: LinkType((order.u32([l0, l1, l2, l3]) & 0xffff) as u16),
            snaplen,
            interface: Interface::Unused,
            seconds: -1,
        })
    }

    /// Notes link type and snapshot length.
    pub(super) fn declare(&self, book: &mut Book) {
        book.declare(self.link_type, self.snaplen);
    }

    /// Frames complete packets of `bytes` from `start` on; returns where it stopped and why.
    pub(super) fn frame(
        &mut self,
        bytes: &[u8],
        start: usize,
        records: &mut Vec<Record>,
        book: &mut Book,
    ) -> (usize, Stop) {
        let before = records.len();
        let id = match self.interface {
            Interface::Known(id) => id,
            Interface::Unused | Interface::BeyondCap => InterfaceId::default(),
        };
        let result = match self.order {
            ByteOrder::Little => self.walk::<false>(bytes, start, id, records, book),
            ByteOrder::Big => self.walk::<true>(bytes, start, id, records, book),
        };
        if records.len() > before {
            self.name_interface(before, records, book);
        }
        result
    }

    fn walk<const BIG: bool>(
        &mut self,
        bytes: &[u8],
        start: usize,
        interface: InterfaceId,
        records: &mut Vec<Record>,
        book: &mut Book,
    ) -> (usize, Stop) {
        let order = if BIG { ByteOrder::Big } else { ByteOrder::Little };
        let header_bytes = self.record_header;
        let mut at = start;
        let stop = loop {
            let framed = records.len();
            let place = (interface, book.summary.packets);
            at = match (self.nanos_per_tick, header_bytes) {
                (MICROSECOND, 16) => self.walk_plain::<BIG, MICROSECOND, 16>(bytes, at, place, records),
                (MICROSECOND, _) => self.walk_plain::<BIG, MICROSECOND, 24>(bytes, at, place, records),
                (_, _) => self.walk_plain::<BIG, 1, 16>(bytes, at, place, records),
            };
            book.summary.packets += (records.len() - framed) as u64;
            let rest = bytes.get(at..).unwrap_or_default();
            let Some(header) = Header::read(order, rest) else {
                break Stop::Need(header_bytes);
            };
            let record_bytes = header_bytes + header.captured_len as usize;
            if self.is_plain(&header, self.ticks_per_second()) {
                // It is cut.
                break Stop::Need(record_bytes);
            }
            let before = records.last().map(|record| record.timestamp);
            let number = book.summary.packets + 1;
            let timestamp = match self.doubt(rest, before, (book.base + at as u64, number), book) {
                Ok(time) => time,
                Err(stop) => break stop,
            };
            if rest.len() < record_bytes {
                break Stop::Need(record_bytes);
            }
            book.summary.packets = number;
            records.push(Record {
                timestamp,
                place: FramePlace::new(number, interface),
                offset: (at + header_bytes) as u32,
                captured_len: header.captured_len,
                wire_len: header.wire_len,
                link_type: self.link_type,
            });
            at += record_bytes;
        };
        (at, stop)
    }

    /// Frames whole records as long as nothing about them is odd, of the second of the record before; returns where it
    /// stopped. `framed` records of the file came before.
    #[inline(never)]
    fn walk_plain<const BIG: bool, const NANOS_PER_TICK: i64, const HEADER: usize>(
        &self,
        bytes: &[u8],
        start: usize,
        (interface, framed): (InterfaceId, u64),
        records: &mut Vec<Record>,
    ) -> usize {
        let order = if BIG { ByteOrder::Big } else { ByteOrder::Little };
        let second = Timestamp::from_parts(self.seconds, 0).nanos();
        let mut place = FramePlace::new(framed, interface);
        let mut at = start;
        while let Some(rest) = bytes.get(at..)
            && let Some(header) = Header::read(order, rest)
            && self.is_plain(&header, (SECOND / NANOS_PER_TICK) as u32)
        {
            prefetch_index(bytes, at + AHEAD);
            prefetch_index(bytes, at + AHEAD + 64);
            let offset = at + HEADER;
            let end = offset + header.captured_len as usize;
            if end > bytes.len() {
                break;
            }
            place = place.next();
            records.push(Record {
                // Of 32 bits each: no overflow.
                timestamp: Timestamp::from_nanos(second + i64::from(header.fraction) * NANOS_PER_TICK),
                place,
                offset: offset as u32,
                captured_len: header.captured_len,
                wire_len: header.wire_len,
                link_type: self.link_type,
            });
            at = end;
        }
        at
    }

    /// Whether a header is taken as it is: nothing about it is odd. An empty packet is.
    #[inline]
    fn is_plain(&self, header: &Header, ticks_per_second: u32) -> bool {
        i64::from(header.seconds) == self.seconds
            && header.captured_len.wrapping_sub(1) < header.wire_len
            && header.wire_len <= SNAPLEN
            && header.fraction < ticks_per_second
    }

    /// Gives the interface its id when its first packet is met; beyond the cap its packets go.
    fn name_interface(&mut self, before: usize, records: &mut Vec<Record>, book: &mut Book) {
        if let Interface::Unused = self.interface {
            self.interface = match book.assign(0, None, self.link_type) {
                Some(id) => Interface::Known(id),
                None => Interface::BeyondCap,
            };
            if let Interface::Known(id) = self.interface {
                records
                    .iter_mut()
                    .skip(before)
                    .for_each(|record| record.place = FramePlace::new(record.place.number(), id));
            }
        }
        if let Interface::BeyondCap = self.interface {
            for record in records.drain(before..) {
                book.beyond_cap
                    .add(book.base + u64::from(record.offset) - self.record_header as u64);
            }
        }
    }
}

fn order_and_magic(bytes: [u8; 4]) -> Option<(ByteOrder, u32)> {
    [ByteOrder::Little, ByteOrder::Big]
        .map(|order| (order, order.u32(bytes)))
        .into_iter()
        .find(|(_, magic)| matches!(*magic, MICROSECONDS | NANOSECONDS | MODIFIED))
}
