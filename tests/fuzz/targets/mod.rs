//! What is fuzzed: each parser's edge as a function of bytes that must come back, whatever they are, with what it says
//! held against something simpler where there is such a thing.

mod capture;
mod chunked;
mod compressed;
#[cfg(feature = "live")]
mod filter;
mod frames;
mod heads;
mod hpack;
mod http;
mod http2;
mod material;
mod packet;
mod pipeline;
mod proxy;
mod query;
mod reassembly;
mod report;
mod stream;
mod tls;

/// A parser's edge.
pub(crate) struct Target {
    /// Its name.
    pub(crate) name: &'static str,
    /// Takes any bytes; panics where something is wrong.
    pub(crate) run: fn(&[u8]),
    /// What to begin with.
    pub(crate) seeds: fn() -> Vec<Vec<u8>>,
}

macro_rules! targets {
    ($($(#[$only:meta])? $name:ident)*) => {
        /// All of them.
        pub(crate) const TARGETS: &[Target] = &[
            $($(#[$only])? Target { name: stringify!($name), run: $name::run, seeds: $name::seeds },)*
        ];
    };
}

targets! {
    capture compressed packet frames reassembly heads http chunked proxy tls http2 hpack
    #[cfg(feature = "live")] filter
    query report pipeline
}

/// Bytes taken from the front; zeros when there are no more.
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn u8(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else {
            return 0;
        };
        self.0 = rest;
        *first
    }

    fn u16(&mut self) -> u16 {
        u16::from_be_bytes([self.u8(), self.u8()])
    }

    fn u32(&mut self) -> u32 {
        u32::from(self.u16()) << 16 | u32::from(self.u16())
    }

    fn take(&mut self, len: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(len.min(self.0.len()));
        self.0 = rest;
        taken
    }
}
