//! What requests ask for, as far as it tells which of them are alike.

use std::hash::BuildHasher;
use std::sync::LazyLock;

use foldhash::fast::FixedState;

use super::context::Context;
use super::conversation::Conversation;
use super::repeated::Again;
use crate::aggregate::Asked;
use crate::http::path_of;
use crate::limits::TARGET_BYTES;

impl Conversation {
    /// Notes what the first request asks for; requests whose targets are not known cannot be told to be alike.
    #[inline(never)]
    pub(super) fn note_first_request(&mut self, method: &[u8], target: &[u8], cx: &mut Context<'_>) -> Asked {
        self.asked = asked(method, target);
        let text = [method, b" ", path_of(target)];
        Asked::note(&mut cx.shared.told.lines, self.asked, &text, TARGET_BYTES)
    }

    /// The same of a request that came before, byte for byte.
    #[inline]
    pub(super) fn note_first_again(&mut self, again: Again, cx: &mut Context<'_>) -> Asked {
        let (hash, told) = cx
            .shared
            .names
            .repeated
            .tell_asked(again, &mut cx.shared.told.lines);
        self.asked = hash;
        told
    }
}

/// The text of what is asked for, in pieces.
pub(super) fn text_of<'a>(method: &'a [u8], target: &'a [u8]) -> [&'a [u8]; 3] {
    [method, b" ", path_of(target)].map(|piece| &piece[..piece.len().min(TARGET_BYTES)])
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
