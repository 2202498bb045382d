//! BPF filters (pcap-filter(7)), compiled by libpcap.

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
        "filter {expression:?}: this build has no libpcap and so no filters; use a build with the feature `live`, or \
         filter first: tcpdump -r FILE -w - FILTER | flowcheck read -"
    )]
    Unavailable {
        /// The filter as given.
        expression: String,
    },
}
