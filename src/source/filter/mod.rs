//! BPF filters (pcap-filter(7)): compiled by libpcap, per link type, and run here.

#[cfg(feature = "live")]
mod compiled;
mod ports;
#[cfg(all(test, feature = "live"))]
mod tests;
#[cfg(not(feature = "live"))]
mod unavailable;
#[cfg(feature = "live")]
mod vm;

#[cfg(feature = "live")]
pub use compiled::Filter;
pub use ports::ports;
#[cfg(not(feature = "live"))]
pub use unavailable::Filter;

/// Why a filter can't be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FilterError {
    /// libpcap refused it.
    #[error("filter {expression:?}: {reason}; see pcap-filter(7)")]
    Syntax {
        /// The filter as given.
        expression: String,
        /// libpcap's own words.
        reason: String,
    },
    /// This build has no libpcap.
    #[error(
        "filter {expression:?}: this build has no libpcap and so no filters; build with the feature `live` (cargo's \
         default), or filter first: tcpdump -r FILE -w - FILTER | flowcheck read -"
    )]
    Unavailable {
        /// The filter as given.
        expression: String,
    },
}
