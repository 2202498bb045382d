//! What several engines tell, put in frame order.

use super::collector::Aggregate;
use super::event::{EventKind, LegEvent, PrefixRef};

impl Aggregate {
    /// Takes in what each engine found in the same stretch of the capture, in frame order, and empties it.
    ///
    /// Events are large and many: they are looked at where they lie.
    pub fn apply(&mut self, found: &mut [Vec<LegEvent>]) {
        let mut at = vec![0; found.len()];
        loop {
            let head =
                |(engine, events): (usize, &Vec<LegEvent>)| Some((events.get(at[engine])?.order, engine));
            let Some((_, engine)) = found.iter().enumerate().filter_map(head).min() else {
                break;
            };
            let others = found.iter().enumerate().filter(|(other, _)| *other != engine);
            let until = others
                .filter_map(head)
                .map(|(order, _)| order)
                .min()
                .unwrap_or(u64::MAX);
            // As long as this one stays ahead there is nothing to choose.
            let waiting = &mut found[engine][at[engine]..];
            for event in waiting.iter_mut().take_while(|event| event.order <= until) {
                at[engine] += 1;
                self.event(engine, event);
            }
        }
        found.iter_mut().for_each(Vec::clear);
    }

    #[inline]
    fn event(&mut self, engine: usize, event: &mut LegEvent) {
        self.order += 1;
        self.advance(event.clock);
        match &mut event.kind {
            EventKind::Leg { client, server } => return self.name_leg(engine, event.leg, *client, *server),
            EventKind::Prefix { prefix, host, path } => {
                return self.name_prefix(engine, *prefix, host.take(), std::mem::take(path));
            }
            EventKind::Request { prefix, .. }
            | EventKind::ExchangeEnd { prefix, .. }
            | EventKind::Upgraded { prefix, .. }
            | EventKind::Closing { prefix, .. } => *prefix = self.numbers.prefix(engine, *prefix),
            EventKind::Closed(facts) => {
                facts.last_prefix = self.numbers.prefix(engine, PrefixRef(facts.last_prefix)).0;
            }
            _ => {}
        }
        let leg = self.numbers.leg(engine, event.leg);
        match &event.kind {
            EventKind::Closed(facts) => self.closed(leg, facts),
            kind => self.on_leg(leg, event.timestamp, kind),
        }
    }
}
