//! Connections that go on without HTTP (RFC 9110 sections 7.8 and 9.3.6).

use super::context::Context;
use super::conversation::Conversation;
use super::marks::Marks;
use super::pending::Pending;
use crate::aggregate::EventKind;
use crate::classify::Protocol;
use crate::time::Timestamp;

impl Conversation {
    /// A request is answered by a tunnel: no more HTTP.
    #[cold]
    #[inline(never)]
    pub(super) fn upgrade(&mut self, at: Timestamp, cx: &mut Context<'_>) {
        self.protocol = Protocol::Tunnel;
        self.marks.set(Marks::UPGRADED);
        let was_busy = self.marks.has(Marks::BUSY);
        self.marks.clear(Marks::BUSY);
        let Some(pending) = self.pop_pending() else { return };
        self.tell_upgraded(pending, was_busy, at, cx);
        self.drop_unseen();
    }

    /// Tells the leg of it.
    pub(super) fn tell_upgraded(
        &self,
        pending: Pending,
        was_busy: bool,
        at: Timestamp,
        cx: &mut Context<'_>,
    ) {
        if let Some(leg) = self.leg() {
            let kind = EventKind::Upgraded {
                connection: cx.connection,
                reuse: pending.reuse,
                prefix: pending.prefix,
                was_busy,
            };
            cx.emit(at, leg, kind);
        }
        self.finish_record(pending, Some(at), None, cx);
    }
}
