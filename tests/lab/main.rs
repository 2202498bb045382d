//! Live capture in network namespaces with real nginx and Tomcat: figures are held against its access log and the kernel's counters.
//!
//! Needs root, iproute2, nginx and curl, some of them Java and Tomcat 10; where they are missing the tests say that they were skipped, and fail if
//! `FLOWCHECK_LAB` is set.

#![cfg(feature = "live")]
#![expect(clippy::expect_used, reason = "a test that cannot go on has failed")]

mod behind;
mod ends;
mod figures;
mod fleet;
mod metrics;
mod net;
mod nginx;
mod peers;
mod process;
mod prometheus;
mod scenarios;
mod screen;
mod signals;
mod tmux;
mod tomcat;
