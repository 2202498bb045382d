//! TLS as far as it can be read without keys: records, hellos, and which records carry application data.
//!
//! In: the bytes of both directions in order, and what the snaplen cut off. Out: for each segment whether it carries
//! application data and whether that may begin a request; of the handshake whether it was full or resumed, and the server
//! name. Bodies of records are counted and skipped; only hellos are kept, under a cap.

mod hello;
mod record;
mod session;

pub use record::{begins_client_hello, begins_record};
pub use session::{Application, TlsSession};

#[cfg(test)]
mod tests;
