//! HTTP/2 in clear: the frames of one direction (RFC 9113 section 4) and their field blocks (RFC 7541).
//!
//! DATA is counted down and skipped. A gap within a frame whose header was seen keeps the framing; any other gap loses
//! it until frames are found again.

mod block;
mod frame;
mod hpack;
mod huffman;
mod reader;
mod resync;
mod static_table;

pub use hpack::{Fields, FirstField};
pub use reader::{Frame, FrameReader};
pub use resync::begins_frames;

#[cfg(test)]
mod hpack_tests;
#[cfg(test)]
mod tests;
