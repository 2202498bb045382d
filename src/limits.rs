//! Every cap in one place: on by default, and counted in the report's `capture.evictions` when it acts.

/// A message head longer than this is given up (nginx's and Tomcat's own limits are 8 to 32 KiB).
pub const HEAD_BYTES: usize = 64 << 10;
/// A head with more header fields than this is given up (Tomcat's `maxHeaderCount` is 100).
pub const HEADER_FIELDS: usize = 128;
/// Whole requests that are known if they come again; the latest ones take the places of others.
pub const REPEATED_REQUESTS: usize = 32;
/// Longer requests are read each time they come.
pub const REPEATED_REQUEST_BYTES: usize = 1 << 10;
/// A chunk-size line with extensions longer than this is given up.
pub const CHUNK_LINE_BYTES: u64 = 16 << 10;
/// Bytes of a ClientHello or ServerHello kept until it is complete; what is beyond is not read.
pub const HELLO_BYTES: usize = 16 << 10;
/// Pipelined requests that wait for their responses on one connection.
pub const PIPELINED: usize = 1_024;
/// HTTP/2 streams of one connection whose exchanges are not complete.
pub const HTTP2_STREAMS: usize = 1_024;
/// The largest dynamic table of HTTP/2 header fields that is followed, in bytes as RFC 7541 section 4.1 counts them.
pub const HPACK_TABLE_BYTES: usize = 64 << 10;
/// Out-of-order bytes kept for one connection and direction.
pub const OUT_OF_ORDER_BYTES: usize = 1 << 20;
/// Out-of-order segments kept for one connection and direction.
pub const OUT_OF_ORDER_SEGMENTS: usize = 1_024;
/// Out-of-order bytes kept in all.
pub const OUT_OF_ORDER_TOTAL: usize = 256 << 20;
/// What a segment kept out of order costs beside its bytes, about.
pub const OUT_OF_ORDER_OVERHEAD: usize = 192;
/// Bytes kept in all of what is not complete: heads, field blocks and tables of HTTP/2, hellos of TLS, requests and streams
/// that wait for their responses. Beyond it the largest of a few connections looked at lets go of its own.
pub const HELD_BYTES: usize = 128 << 20;
/// Connections looked at, to find one that lets go.
pub const HELD_LOOK: usize = 64;
/// Connections with bytes that wait for others, followed by the clock; more are looked at with their own packets only.
pub const STALLED: usize = 262_144;
/// Fragmented IP datagrams put together at a time; fragments of more count as left out.
pub const DATAGRAMS: usize = 8_192;
/// Bytes kept of their fragments, in all.
pub const FRAGMENT_BYTES: usize = 16 << 20;
/// Pieces of one datagram (the longest has 118 fragments at IPv4's least MTU).
pub const DATAGRAM_PIECES: usize = 256;
/// Connections in the table.
pub const CONNECTIONS: usize = 4_000_000;
/// Silent connections leave the table only when it holds more than this.
pub const EXPIRE_ABOVE: usize = 262_144;
/// Connections that ended without showing their roles, kept until another one shows who the server is.
pub const PARKED: usize = 65_536;
/// Closed connections remembered for late packets.
pub const TOMBSTONES: usize = 65_536;
/// Packets of all connections that are remembered for telling copies; they need to be for a millisecond. A power of two,
/// and 256 KiB of memory, which stay in the second-level cache.
pub const TRAIL: usize = 8_192;
/// Legs shown; what comes after is counted as `* -> *`.
pub const LEGS: usize = 4_096;
/// Clients of one server that get a leg of their own; what comes after is counted as `*`.
pub const CLIENTS_PER_SERVER: usize = 64;
/// Pairs of client address and server that are told apart inside the engine.
pub const CLIENT_SERVER_PAIRS: usize = 262_144;
/// Host and prefix pairs kept apart on a leg.
pub const PREFIXES_PER_LEG: usize = 64;
/// Host and prefix pairs told apart inside the engine.
pub const PREFIXES: usize = 65_536;
/// Bytes of a Host or prefix kept.
pub const PREFIX_BYTES: usize = 128;
/// Bytes of a method and target kept.
pub const TARGET_BYTES: usize = 256;
/// Possible series of health checks watched at a time, and connections that may be the first of one.
pub const CHECK_SERIES: usize = 8_192;
/// Rows of the timeline; beyond it the step grows.
pub const TIMELINE_ROWS: usize = 3_600;
/// Hashes of openings that a leg's report carries, by which captures of the same connections are told: a share of
/// connections in common is told to 6 % (one standard deviation of a half).
pub const OPENINGS_KEPT: usize = 64;
/// Windows kept in all, for `since`; divided among the legs, a leg keeps its latest.
pub const WINDOWS: usize = 262_144;
/// Clients whose pools are told apart inside `*` legs, for avoidable handshakes.
pub const STAR_CLIENTS: usize = 65_536;
/// Closed connections kept as samples of how they ended, divided among the legs; all are counted.
pub const CLOSE_SAMPLES: usize = 32_768;
/// Clients whose pools are looked at as a whole.
pub const POOLS: usize = 4_096;
/// Hosts whose sockets in TIME-WAIT are followed over time.
pub const WAIT_HOSTS: usize = 64;
/// Pages of 256 client ports whose latest closes are remembered for what kernels hold.
pub const PORT_PAGES: usize = 16_384;
/// Ends of responses remembered in all, to tell what happened between a connection's last response and its close.
pub const RESPONSE_ENDS: usize = 1_048_576;
/// Health checks closed after the last first whose order is remembered.
pub const CHECK_CLOSES: usize = 65_536;
/// Packets of one connection noted for its ladder; of more, the first and the latest.
pub const LADDER_PACKETS: usize = 20_000;
/// Bytes of a start line kept in a ladder.
pub const LADDER_LINE_BYTES: usize = 1_024;
/// Connections whose latest packets are noted while a screen asks for them.
pub const NOTED_CONNECTIONS: usize = 10_000;
/// Packets noted of each.
pub const NOTES_EACH: usize = 48;
/// Bytes of a start line kept in such a note.
pub const NOTE_LINE_BYTES: usize = 96;
/// Closed connections kept for a screen, the latest.
pub const RECENT_CONNECTIONS: usize = 10_000;
/// Rows of a view.
pub const VIEW_ROWS: usize = 1_000;
/// Places of the table looked through at once for a view: packets wait so long at most.
pub const SCANNED_AT_ONCE: usize = 2_048;
/// Connections listed by `--connections` unless told otherwise.
pub const LISTED_CONNECTIONS: usize = 1_000_000;
/// Clients that ask for metrics at a time; one more is told to come again.
pub const SCRAPERS: usize = 4;
/// How long one of them may take in all.
pub const SCRAPE: std::time::Duration = std::time::Duration::from_secs(8);
/// The longest request head of such a client, in bytes.
pub const SCRAPE_HEAD_BYTES: usize = 8 << 10;
/// Bytes of the list of connections in a page for a browser: about 100,000 of them, and the page opens at once.
pub const PAGE_CONNECTION_BYTES: usize = 4_500_000;
/// VLAN and tunnel combinations told apart.
pub const PATHS: usize = 65_536;
/// Bytes that one [`Block`](crate::frame::Block) is read into: large enough that a system call costs nothing per
/// packet, small enough to stay in the second-level cache while it is framed and analysed.
pub const BLOCK_BYTES: usize = 256 << 10;

/// The smallest arena of a file that is merged with many others, in bytes.
pub const MERGED_BLOCK_BYTES: usize = 64 << 10;

/// Bytes framed after which a block of a regular file is handed on.
pub const BLOCK_READY_BYTES: usize = BLOCK_BYTES / 4;

/// The largest packet or pcapng block believed, in bytes (16 MiB, Wireshark's bound too); a longer one is damage.
pub const RECORD_BYTES: usize = 16 << 20;

/// The snapshot length that a pcap file may exceed in no record unless it declares a larger one (libpcap's
/// `MAXIMUM_SNAPLEN`).
pub const SNAPLEN: u32 = 262_144;

/// Bytes for which records found after damage must follow each other to be believed at once: more than a usual packet,
/// which may carry a capture.
pub const SEARCH_RUN_BYTES: usize = 2 << 10;

/// The same for a capture's header with its records: more than the largest IP packet, since all that follows is read by it.
pub const SEARCH_CAPTURE_BYTES: usize = 128 << 10;

/// Bytes beyond damage that are read before it is judged.
pub const SEARCH_AHEAD_BYTES: usize = 256 << 10;

/// The longest pcapng block that a search after damage believes in, in bytes.
pub const SEARCH_BLOCK_BYTES: usize = 1 << 20;

/// Damaged places of a file told one by one; the rest are told in sum.
pub const PLACES_TOLD: u64 = 10;

/// Interfaces of all sources together, and of one section of a pcapng file; packets of further ones are counted and left out.
pub const INTERFACES: usize = 65_535;

/// Bytes kept of an interface's name.
pub const INTERFACE_NAME_BYTES: usize = 128;

/// Link types of one file that are named in its summary, and for which a filter is compiled; packets of others do not
/// match it.
pub const LINK_TYPES: usize = 64;

/// Files that may be read as one capture (an [`Interface`](crate::frame::Interface) names its source in 16 bits).
pub const FILES: usize = 65_535;

/// Bytes read to recognise a file's compression and format.
pub const SNIFF_BYTES: usize = 4 << 10;

/// Compressed bytes read at once; what a corrupt piece held after the last intact one is lost, so not too many.
pub const COMPRESSED_BYTES: usize = 32 << 10;

/// Compressed bytes that can be read again, to find the next capture after damage in one: more than a zstd block, which is
/// read whole before its damage shows.
pub const REREAD_BYTES: usize = 192 << 10;

/// Pieces of compressed data ahead of what is framed whose beginnings are known; more are told by the last of these.
pub const COMPRESSED_PIECES: usize = 4_096;

/// How often, in one input, compressed bytes amid others are looked at closely for a capture.
pub const COMPRESSED_TRIES: u32 = 1_024;

/// Captures that follow each other in one input that are told one by one; of more, their number.
pub const CAPTURES_TOLD: usize = 65_536;

/// Damaged places of all such captures that are told one by one.
pub const DAMAGE_TOLD: usize = 1_024;

/// Blocks that a merge keeps for reuse.
pub const SPARE_BLOCKS: usize = 4;

/// Bytes of packets that wait for those of other interfaces; beyond it they go on before their time, and it is told.
pub const LIVE_HELD_BYTES: usize = 32 << 20;

/// Times that an interface goes down or comes back that are told one by one; the rest are told in sum.
pub const LIVE_CHANGES_TOLD: u64 = 20;

/// Legs of the capturing host whose sockets are counted apart; the sockets of more count in all only.
pub const HOST_LEGS: usize = 4_096;

/// Listening ports that tell the server's sockets from the client's.
pub const HOST_LISTENERS: usize = 4_096;
