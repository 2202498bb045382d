//! The response that nearly every request has: whole, in time, and with nothing else under way.

use super::context::Context;
use super::conversation::Conversation;
use super::delivery::Origin;
use super::marks::Marks;
use crate::aggregate::EventKind;
use crate::http::ResponseHead;

/// No response before the one that answers has a status from here on.
const FINAL: u16 = 200;

impl Conversation {
    /// Takes in a whole response, as [`take_response`](Self::take_response) would, if it is the one that is waited for and
    /// nothing about it is unusual; returns whether it is that.
    #[expect(
        clippy::inline_always,
        reason = "a head is a large value: it stays where it was built"
    )]
    #[inline(always)]
    pub(super) fn take_usual_response(
        &mut self,
        head: &ResponseHead,
        from: Origin,
        cx: &mut Context<'_>,
    ) -> bool {
        let (Some(roles), Some(pending)) = (self.roles, &self.pending) else {
            return false;
        };
        let is_alone = self
            .beyond
            .as_ref()
            .is_none_or(|beyond| beyond.pipelined.is_none());
        let is_expected = pending.kept.is_none() && pending.status.is_none();
        let is_noted = cx.shared.records.heads.is_some();
        if head.status < FINAL || !is_alone || !is_expected || is_noted || self.closing.is_some() {
            return false;
        }
        let (began, last_byte, prefix) = (pending.began, pending.last_byte, pending.prefix);
        self.note_extent(head.extent);
        self.responses = self.responses.saturating_add(1);
        self.note_response_signs(head, roles.client);
        self.pending = None;
        if head.announced {
            self.marks.set(Marks::ANNOUNCED);
        }
        self.note_response_end(from.at);
        let became_idle = self.marks.has(Marks::BUSY);
        self.marks.clear(Marks::BUSY);
        let kind = EventKind::Answered {
            status: head.status,
            announced: head.announced,
            first_byte: Some(from.at.after(last_byte)).into(),
            response: Some(from.at.after(began)).into(),
            prefix,
            became_idle,
        };
        cx.emit(from.at, roles.leg, kind);
        true
    }
}
