//! Why an interface can't be captured on, with the next step.

/// An interface that can't be opened.
#[derive(Debug, thiserror::Error)]
pub enum LiveError {
    /// No interface was named.
    #[error("no interface named; name one with -i, or -i any for all; known are: {known}")]
    Nothing {
        /// The interfaces there are.
        known: String,
    },
    /// The interface was named twice.
    #[error("{name}: named twice with -i; name each interface once")]
    Twice {
        /// The interface.
        name: String,
    },
    /// There is no such interface.
    #[error("{name}: no such interface{perhaps}; known are: {known}")]
    Unknown {
        /// What was asked for.
        name: String,
        /// Which one was perhaps meant, in words.
        perhaps: String,
        /// The interfaces there are.
        known: String,
    },
    /// This process may not capture.
    #[error(
        "{name}: capturing needs the capability CAP_NET_RAW, which this process lacks; run it with sudo, or give it to \
         the program once: sudo setcap cap_net_raw+ep {program}"
    )]
    Capability {
        /// The interface.
        name: String,
        /// The program's path.
        program: String,
    },
    /// libpcap or the kernel would not open it.
    #[error("{name}: cannot capture: {reason}")]
    Open {
        /// The interface.
        name: String,
        /// What libpcap said.
        reason: String,
    },
    /// The interface has no such link type.
    #[error("-y {wanted}: {name} has no such link type; it has: {known}")]
    LinkType {
        /// The interface.
        name: String,
        /// What was asked for.
        wanted: String,
        /// What there is.
        known: String,
    },
    /// The filter can't be set.
    #[error("{name}: filter {expression:?}: {reason}; see pcap-filter(7)")]
    Filter {
        /// The interface.
        name: String,
        /// The filter.
        expression: String,
        /// What libpcap said.
        reason: String,
    },
    /// A recording can't be begun.
    #[error(
        "-w {path}: cannot create it as user {user}: {error}; name a folder that {user} may write, or another user with -Z"
    )]
    Record {
        /// The file.
        path: String,
        /// Who was to write it.
        user: String,
        /// The system's answer.
        error: std::io::Error,
    },
    /// pcap holds packets of one link type.
    #[error("-w {path}: the interfaces have several link types, and pcap holds one; name it .pcapng")]
    MixedPcap {
        /// The file.
        path: String,
    },
    /// The interfaces can't be listed.
    #[error("cannot list the network interfaces: {0}")]
    List(std::io::Error),
}

/// libpcap's words, without the crate's around them.
pub(super) fn reason(error: &pcap::Error) -> String {
    match error {
        pcap::Error::PcapError(text) => text.clone(),
        other => other.to_string(),
    }
}
