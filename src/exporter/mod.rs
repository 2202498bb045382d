//! Answers who asks for metrics over HTTP, and never lets the asking touch the capture.
//!
//! In: an address to listen on, and an exposition when one was asked for. Out: a flag that one is wanted, and answers.
//! May touch: TCP sockets, a clock, threads. Never: packets, snapshots; a place where the analysis could wait for a client.
//!
//! A client costs a thread for as long as [`limits::SCRAPE`](crate::limits::SCRAPE) at most, of
//! [`limits::SCRAPERS`](crate::limits::SCRAPERS) threads; whoever comes when all are taken is told to come again. Asked
//! more often than once a second, the latest exposition is given again.

mod desk;
mod request;
mod server;

pub use desk::Desk;
pub use server::Exporter;
