//! What the kernel of the capturing host says of itself while a capture runs.
//!
//! In: the kernel's counters, limits and sockets of this network namespace, and a way to wait for the end of the capture.
//! Out: a [`HostView`]: the first and the last reading, the most there was in between, sockets by leg.
//! May touch: `/proc/net` and `/proc/sys/net` (read only), the crates of sock_diag, nix for addresses, a clock, one thread.
//! Never: packets; a place where the capture could wait for it.
//!
//! Everything read here is readable without root on an unhardened kernel, and landlock does not stand in its way; what
//! can't be read is told in [`HostView::problems`].

mod held;
#[cfg(feature = "live")]
mod kernel;
#[cfg(feature = "live")]
mod sampler;
#[cfg(feature = "live")]
mod sockets;
mod view;

pub use held::{Held, OwnLeg, Side, State, States};
#[cfg(feature = "live")]
pub use sampler::{Sampler, Watched};
pub use view::{Counters, HostView, Limits, Reading, Tally};
