//! The words that fields can hold: the slugs of every output.

use crate::classify::{Class, CloseReason, Closer, RoleEvidence};
use crate::diagnose::Status;
use crate::diagnose::catalogue;

/// A word as it may be written, and as it is meant.
type Words = Vec<(&'static str, &'static str)>;

fn same(words: impl IntoIterator<Item = &'static str>) -> Words {
    words.into_iter().map(|word| (word, word)).collect()
}

pub(super) fn classes() -> Words {
    same(Class::ALL.map(Class::as_str))
}

pub(super) fn closers() -> Words {
    same(Closer::ALL.map(Closer::as_str))
}

pub(super) fn close_reasons() -> Words {
    same(CloseReason::ALL.map(CloseReason::as_str))
}

pub(super) fn evidence() -> Words {
    same(RoleEvidence::ALL.map(RoleEvidence::as_str))
}

pub(super) fn verdicts() -> Words {
    let all = [Status::Fail, Status::Warn, Status::Pass, Status::Inconclusive];
    same(all.map(Status::as_str))
}

pub(super) const OPEN: &str = "open";
pub(super) const CLOSED: &str = "closed";

pub(super) fn states() -> Words {
    same([OPEN, CLOSED])
}

/// By id or by slug.
pub(super) fn causes() -> Words {
    let entries = catalogue::entries().iter();
    let ids = entries
        .clone()
        .map(|entry| (entry.id.as_str(), entry.id.as_str()));
    let slugs = entries.map(|entry| (entry.slug, entry.id.as_str()));
    ids.chain(slugs).collect()
}
