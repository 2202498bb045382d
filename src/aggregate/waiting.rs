//! Connections that have not yet shown whether their handshake was paid for by a request that counts.

use super::event::PrefixRef;
use super::leg::LegState;
use super::tracker::{AtSyn, Order};
use crate::u48::U48;

/// One of them. There is one for each open connection: small, and packed.
#[derive(Clone, Copy, Debug)]
#[repr(Rust, packed(2))]
pub(super) struct Waiting {
    /// When its SYN came, and how many connections of the leg had been closed by then ...
    syn: Order,
    closes: U48,
    /// ... of them by an idle timeout ...
    idle_closes: u32,
    /// ... and in which window. [`NOBODY`](Self::NOBODY): no connection waits here.
    syn_window: i32,
    /// The window of its first request.
    first_window: i32,
    /// When its first request came; 0: not yet.
    first: Order,
    /// When its first FIN or RST came; 0: not yet.
    closing: U48,
    pub(super) prefix: PrefixRef,
}

impl Waiting {
    const NOBODY: i32 = i32::MIN;

    /// A connection of which nothing is known yet.
    pub(super) const FRESH: Self = Self {
        syn_window: 0,
        ..Self::EMPTY
    };

    /// The place of a connection that does not wait.
    const EMPTY: Self = Self {
        syn: 0,
        closes: U48::ZERO,
        idle_closes: 0,
        syn_window: Self::NOBODY,
        first_window: 0,
        first: 0,
        closing: U48::ZERO,
        prefix: PrefixRef(0),
    };

    /// Whether there is such a connection.
    #[inline]
    pub(super) fn waits(&self) -> bool {
        self.syn_window != Self::NOBODY
    }

    /// It is a connection whose SYN comes now.
    #[inline]
    pub(super) fn begin(&mut self, leg: &LegState, order: Order) {
        let syn = leg.whole.at_syn(order);
        // A field more is one more to be set.
        let Self {
            syn: _,
            closes: _,
            idle_closes: _,
            syn_window: _,
            first_window: _,
            first: _,
            closing: _,
            prefix: _,
        } = *self;
        // Part by part where it stays: a copy in one piece would wait for its parts.
        self.syn = order;
        self.closes = syn.closes.into();
        self.idle_closes = u32::try_from(syn.idle_closes).unwrap_or(u32::MAX);
        self.syn_window = leg.window as i32;
        self.first_window = 0;
        self.first = 0;
        self.closing = U48::ZERO;
        self.prefix = PrefixRef(0);
    }

    /// A connection whose SYN comes now.
    #[cfg(test)]
    pub(super) fn at_syn(leg: &LegState, order: Order) -> Self {
        let mut waiting = Self::FRESH;
        waiting.begin(leg, order);
        waiting
    }

    /// Its first request came.
    #[inline]
    pub(super) fn ask(&mut self, order: Order, window: i64, prefix: PrefixRef) {
        self.first = order;
        self.first_window = window as i32;
        self.prefix = prefix;
    }

    /// Its first FIN or RST came.
    #[inline]
    pub(super) fn close(&mut self, order: Order) {
        self.closing = order.into();
    }

    /// The same, closed at `order` unless its close came before.
    #[inline]
    pub(super) fn over(&self, order: Order) -> Self {
        let mut over = *self;
        if over.closing.get() == 0 {
            over.closing = order.into();
        }
        over
    }

    /// When its first request came.
    #[inline]
    pub(super) fn first(&self) -> Option<Order> {
        Some(self.first).filter(|first| *first != 0)
    }

    /// The window of its first request.
    pub(super) fn first_window(&self) -> Option<i64> {
        self.first().map(|_| self.first_window.into())
    }

    /// When its first FIN or RST came.
    pub(super) fn closing(&self) -> Option<Order> {
        Some(self.closing.get()).filter(|closing| *closing != 0)
    }

    /// What its SYN found on the leg.
    #[inline]
    pub(super) fn found(&self) -> AtSyn {
        AtSyn {
            order: self.syn,
            closes: self.closes.get(),
            idle_closes: self.idle_closes.into(),
        }
    }

    /// What it found in the present window, `before` which so much had been closed, if its first request came in that. A SYN
    /// of an earlier window finds nothing closed in this one.
    #[inline]
    pub(super) fn found_in(&self, window: i64, before: &AtSyn) -> Option<AtSyn> {
        if i64::from(self.first_window) != window {
            return None;
        }
        if self.syn_window != self.first_window {
            return Some(AtSyn::default());
        }
        Some(AtSyn {
            order: self.syn,
            closes: self.closes.get().saturating_sub(before.closes),
            idle_closes: u64::from(self.idle_closes).saturating_sub(before.idle_closes),
        })
    }
}

/// All of them, by the place of the connection.
#[derive(Debug, Default)]
pub(super) struct WaitingList {
    places: Vec<Waiting>,
    /// Beside them, on `*` legs: what their SYNs found in their clients' pools.
    star_syns: Vec<AtSyn>,
}

impl WaitingList {
    /// A connection of which nothing is known yet waits from now on.
    pub(super) fn put_fresh(&mut self, place: usize) {
        if let Some(waiting) = self.at(place) {
            *waiting = Waiting::FRESH;
        }
    }

    /// A connection whose SYN comes now waits from now on. `star_syn` is what that found in its client's pool, on a `*` leg.
    #[inline]
    pub(super) fn begin(&mut self, place: usize, leg: &LegState, order: Order, star_syn: Option<AtSyn>) {
        if let Some(waiting) = self.at(place) {
            waiting.begin(leg, order);
        }
        if let Some(syn) = star_syn {
            self.put_star(place, syn);
        }
    }

    /// The place of a connection, which is made if need be.
    #[inline]
    fn at(&mut self, place: usize) -> Option<&mut Waiting> {
        if place >= self.places.len() {
            self.extend(place);
        }
        self.places.get_mut(place)
    }

    #[cold]
    #[inline(never)]
    fn extend(&mut self, place: usize) {
        self.places.resize(place + 1, Waiting::EMPTY);
    }

    #[inline(never)]
    fn put_star(&mut self, place: usize, syn: AtSyn) {
        if place >= self.star_syns.len() {
            self.star_syns.resize(place + 1, AtSyn::default());
        }
        if let Some(known) = self.star_syns.get_mut(place) {
            *known = syn;
        }
    }

    /// The one at a place, if there is one.
    #[inline]
    pub(super) fn get_mut(&mut self, place: usize) -> Option<&mut Waiting> {
        self.places.get_mut(place)
    }

    /// Whether one waits at a place.
    pub(super) fn waits_at(&self, place: usize) -> bool {
        self.places.get(place).is_some_and(Waiting::waits)
    }

    /// The one at a place, if there is one, and what its SYN found in its client's pool on a `*` leg.
    #[inline]
    pub(super) fn get(&self, place: usize, star: bool) -> Option<(&Waiting, AtSyn)> {
        let waiting = self.places.get(place).filter(|waiting| waiting.waits())?;
        let star_syn = if star { self.star_syns.get(place) } else { None };
        Some((waiting, star_syn.copied().unwrap_or_default()))
    }

    /// Nobody waits at a place any more.
    #[inline]
    pub(super) fn leave(&mut self, place: usize) {
        if let Some(waiting) = self.places.get_mut(place) {
            waiting.syn_window = Waiting::NOBODY;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_waits_is_small() {
        assert!(size_of::<Waiting>() <= 44, "{}", size_of::<Waiting>());
    }

    #[test]
    fn who_left_waits_no_longer() {
        let mut list = WaitingList::default();
        let star_syn = AtSyn {
            order: 3,
            closes: 2,
            idle_closes: 1,
        };
        let leg = LegState::new(None, None, 0);
        list.begin(7, &leg, 1, Some(star_syn));
        list.put_fresh(2);
        assert!(list.waits_at(7) && list.waits_at(2) && !list.waits_at(6) && !list.waits_at(8));
        let star_syn_of = |list: &WaitingList, place, star| list.get(place, star).map(|(_, syn)| syn);
        assert_eq!(star_syn_of(&list, 7, true), Some(star_syn));
        assert_eq!(star_syn_of(&list, 7, false), Some(AtSyn::default()));
        assert_eq!(star_syn_of(&list, 2, true), Some(AtSyn::default()));
        list.leave(7);
        list.leave(99);
        for place in [7, 6, 99] {
            assert!(list.get(place, true).is_none());
        }
    }

    #[test]
    fn a_window_knows_its_own_firsts_alone() {
        let mut waiting = Waiting {
            syn: 5,
            closes: 9.into(),
            idle_closes: 4,
            syn_window: 2,
            ..Waiting::FRESH
        };
        let before = AtSyn {
            order: 0,
            closes: 6,
            idle_closes: 1,
        };
        waiting.ask(8, 2, PrefixRef(1));
        assert_eq!((waiting.first(), waiting.first_window()), (Some(8), Some(2)));
        let found = |order, closes, idle_closes| {
            Some(AtSyn {
                order,
                closes,
                idle_closes,
            })
        };
        assert_eq!(waiting.found_in(2, &before), found(5, 3, 3));
        assert_eq!(waiting.found_in(3, &before), None);
        waiting.ask(8, 3, PrefixRef(1));
        assert_eq!(waiting.found_in(3, &before), found(0, 0, 0));
    }
}
