//! How to capture.

use std::time::Duration;

/// Packets of which direction are wanted, as seen from this host.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Direction {
    /// Both.
    #[default]
    Both,
    /// Received ones.
    In,
    /// Sent ones.
    Out,
}

/// What to capture, and how.
#[derive(Clone, Debug)]
pub struct LiveOptions {
    /// Names of interfaces; `any` for all.
    pub interfaces: Vec<String>,
    /// A filter for the kernel to apply (pcap-filter(7)).
    pub filter: Option<String>,
    /// Bytes kept of each packet.
    pub snaplen: u32,
    /// Size of the kernel's ring for each interface, in bytes.
    pub buffer_bytes: u32,
    /// Whether packets for other hosts are wanted, too.
    pub promiscuous: bool,
    /// The link type by libpcap's name (`EN10MB`, `LINUX_SLL2` ...), if not the interface's own.
    pub link_type: Option<String>,
    /// Which directions are wanted.
    pub direction: Direction,
    /// Whether packets are handed over one by one instead of a tick's at once.
    pub immediate: bool,
    /// Whether the process keeps the capability to open an interface again.
    pub reopen: bool,
    /// End after so many packets.
    pub count: Option<u64>,
    /// End after so long.
    pub duration: Option<Duration>,
}
