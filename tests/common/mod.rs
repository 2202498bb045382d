//! What the tests share: packets, capture files, the packet-conversation language, expectations, and running the binary.

#![allow(
    dead_code,
    unreachable_pub,
    reason = "each test binary uses its own part of this"
)]
#![allow(
    clippy::cast_sign_loss,
    clippy::cast_possible_wrap,
    reason = "the numbers of scripts are small, and sequence numbers wrap on purpose"
)]

pub mod expect;
pub mod files;
pub mod run;
pub mod script;
pub mod syntax;
pub mod tunnels;
pub mod wire;
