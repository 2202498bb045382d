//! What requests ask for, as far as it tells which of them are alike.

use std::hash::BuildHasher;
use std::sync::LazyLock;

use foldhash::fast::FixedState;

use super::context::Context;
use super::conversation::Conversation;
use crate::aggregate::Asked;
use crate::http::path_of;
use crate::limits::TARGET_BYTES;

impl Conversation {
    /// Notes what the first request asks for; requests whose targets are not known cannot be told to be alike.
    #[inline(never)]
    pub(super) fn note_first_request(&mut self, method: &[u8], target: &[u8], cx: &mut Context<'_>) -> Asked {
        let path = path_of(target);
        self.asked = asked(method, target);
        Asked::note(
            &mut cx.shared.told.lines,
            self.asked,
            &[method, b" ", path],
            TARGET_BYTES,
        )
    }
}

/// A name for method and target, never 0.
pub(super) fn asked(method: &[u8], target: &[u8]) -> u64 {
    let of_method = if method == b"GET" { *GET } else { hash(method) };
    let hash = of_method ^ hash(target).rotate_left(1);
    hash.max(1)
}

/// The method of nearly every request.
static GET: LazyLock<u64> = LazyLock::new(|| hash(b"GET"));

/// A name for a target that is the same in every run.
pub(super) fn hash(bytes: &[u8]) -> u64 {
    FixedState::default().hash_one(bytes)
}
