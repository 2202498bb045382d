//! HTTP/1.x framing (RFC 9112) of one direction of a connection, HTTP/2's frames (RFC 9113), and the record layer of TLS
//! around them.
//!
//! In: the bytes of one direction in order, and gaps of known length. Out: an [`Event`] at each head and message end;
//! for TLS, where both directions are needed, which bytes are application data.
//! May touch: httparse, memchr. Never: TCP words, bodies (they are counted down and skipped, never stored). The shapes of
//! a few heads are kept to be known again, with what matters of their fields, and never shown.
//!
//! "Not yet" is no error, and losing the framing is a fact about the stream, not a failure: the next head is looked
//! for where the next segment begins.

mod body;
mod cut;
mod event;
mod familiar;
mod fields;
mod head;
mod held;
mod http2;
mod lines;
mod opening;
mod plain;
mod prelude;
mod proxy;
mod quick;
mod raw;
mod recognise;
mod shape;
mod simple;
mod stream;
mod target;
pub mod tls;
mod words;

pub use cut::Cut;
pub use event::{Event, GapEffect, RequestContext, Side, Step, Unreadable};
pub use familiar::Familiar;
pub use fields::Tokens;
pub use head::{Extent, Framing, Method, RequestHead, ResponseHead, UNREAD_STATUS};
pub use http2::{Fields as FieldBlock, FirstField, Frame, FrameReader, begins_frames};
pub use plain::PlainResponse;
pub use prelude::begins_connection;
pub use raw::fields;
pub use recognise::begins_message;
pub use stream::MessageStream;
pub use target::path_of;

#[cfg(test)]
mod tests;
