//! Every cap in one place: what is bounded, by how much, and why that much.

/// Bytes that one [`Block`](crate::frame::Block) is read into: large enough that a system call costs nothing per
/// packet, small enough to stay in the second-level cache while it is framed and analysed.
pub const BLOCK_BYTES: usize = 1 << 20;

/// The smallest arena of a file that is merged with many others, in bytes.
pub const MERGED_BLOCK_BYTES: usize = 64 << 10;

/// Bytes framed after which a block of a regular file is handed on.
pub const BLOCK_READY_BYTES: usize = BLOCK_BYTES / 4;

/// The largest packet or pcapng block believed, in bytes (16 MiB, Wireshark's bound too); a longer one is damage.
pub const RECORD_BYTES: usize = 16 << 20;

/// The snapshot length that a pcap file may exceed in no record unless it declares a larger one (libpcap's
/// `MAXIMUM_SNAPLEN`).
pub const SNAPLEN: u32 = 262_144;

/// Interfaces of all sources together; packets of further ones are counted and left out.
pub const INTERFACES: usize = 65_535;

/// Files that may be read as one capture (an [`Interface`](crate::frame::Interface) names its source in 16 bits).
pub const FILES: usize = 65_535;

/// Bytes read to recognise a file's compression and format.
pub const SNIFF_BYTES: usize = 4 << 10;

/// Compressed bytes read at once; what a corrupt piece held after the last intact one is lost, so not too many.
pub const COMPRESSED_BYTES: usize = 32 << 10;

/// Blocks that a merge keeps for reuse.
pub const SPARE_BLOCKS: usize = 4;
