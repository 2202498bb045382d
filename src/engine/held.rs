//! What connections keep of things that are not complete yet, counted in all, so that many who each keep a little can't take
//! the machine's memory.

use std::hint::cold_path;

use super::analysis::Engine;
use super::beyond::Beyond;
use super::context::Context;
use super::conversation::Conversation;
use super::multiplexed::{Exchange, Multiplexed};
use super::pending::{Kept, Pending};
use crate::flow::FlowKey;
use crate::http::Side;
use crate::limits::HELD_LOOK;
use crate::time::Timestamp;

impl Engine {
    /// Too much is kept, and the connection at `place` has just added to it: the largest of a few lets go of its own.
    #[cold]
    #[inline(never)]
    pub(super) fn let_go_of_held(&mut self, place: usize, key: &FlowKey) {
        let largest = self
            .table
            .next_in_turn(HELD_LOOK)
            .max_by_key(|(_, living)| living.held())
            .filter(|(_, living)| living.held() > 0)
            .map(|(key, _)| *key);
        let found = largest.and_then(|key| Some((self.table.find(&key)?, key)));
        let (place, key) = found.unwrap_or((place, *key));
        let at = self.shared.now.clock;
        let (table, cx) = &mut self.at_work(place, &key);
        let Some(living) = table.at(place) else { return };
        let before = living.held();
        living.let_go(at, cx);
        cx.shared.quality.held = (cx.shared.quality.held + living.held()).saturating_sub(before);
    }
}

impl Conversation {
    /// Bytes kept of what is not complete; of most connections none.
    #[inline]
    pub(super) fn held(&self) -> usize {
        let [one, other] = &self.streams;
        let beyond = self.beyond.as_deref();
        if one.messages.holds_nothing()
            && other.messages.holds_nothing()
            && beyond.is_none_or(Beyond::holds_nothing)
        {
            return 0;
        }
        cold_path();
        self.add_up_held()
    }

    /// Out of line: most connections need none of it.
    #[inline(never)]
    fn add_up_held(&self) -> usize {
        let [one, other] = &self.streams;
        let heads = one.messages.held() + other.messages.held();
        heads + self.beyond.as_deref().map_or(0, Beyond::held)
    }

    /// Lets go of all that: what it would have become can't be told.
    fn let_go(&mut self, at: Timestamp, cx: &mut Context<'_>) {
        let client = self.roles.map_or(0, |roles| roles.client.index());
        for index in 0..self.streams.len() {
            if self.streams[index].messages.let_go() {
                cx.shared.quality.long_heads += 1;
                let side = if index == client {
                    Side::Request
                } else {
                    Side::Response
                };
                self.lost_framing(side, 0, at, cx);
            }
        }
        while self.pending_len() > 1 {
            cx.shared.quality.pipelined += 1;
            if let Some(pending) = self.pop_pending() {
                self.finish_record(pending, None, None, cx);
            }
        }
        if let Some(tls) = self.tls() {
            tls.let_go();
        }
        self.let_go_of_streams(at, cx);
    }

    fn let_go_of_streams(&mut self, at: Timestamp, cx: &mut Context<'_>) {
        let Some(state) = self.multiplexed_mut() else {
            return;
        };
        for side in [Side::Request, Side::Response] {
            // What the frame under way was makes no difference: its stream is let go, too.
            state.reader(side).lose();
            state.missed_frames(side);
        }
        let open: Vec<Exchange> = state.take_open().map(|(_, exchange)| exchange).collect();
        for exchange in open {
            cx.shared.quality.streams += 1;
            if let Some(pending) = exchange.pending {
                self.finish_record(pending, None, None, cx);
            }
        }
        self.lost_framing(Side::Request, 0, at, cx);
    }
}

impl Beyond {
    #[inline]
    fn holds_nothing(&self) -> bool {
        self.pipelined.is_none() && self.multiplexed.is_none() && self.turns.is_none()
    }

    fn held(&self) -> usize {
        let pipelined = self.pipelined.as_ref().map_or(0, |rest| {
            let kept = rest.back().is_some_and(|last| last.kept.is_some());
            rest.len() * (size_of::<Pending>() + if kept { size_of::<Kept>() } else { 0 })
        });
        let frames = self.multiplexed.as_deref().map_or(0, Multiplexed::held);
        let turns = self.turns.as_ref().and_then(|turns| turns.tls.as_ref());
        pipelined + frames + turns.map_or(0, |tls| tls.held())
    }
}
