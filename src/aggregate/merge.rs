//! What several engines tell, put in frame order.

use super::collector::Aggregate;
use super::event::{EventKind, LegEvent};

impl Aggregate {
    /// Takes in what each engine found in the same stretch of the capture, in frame order.
    pub fn apply(&mut self, found: &mut [Vec<LegEvent>]) {
        if let [alone] = found {
            alone.drain(..).for_each(|event| self.event(0, event));
            return;
        }
        let mut queues: Vec<_> = found
            .iter_mut()
            .map(|events| events.drain(..).peekable())
            .collect();
        loop {
            let heads = queues
                .iter_mut()
                .enumerate()
                .filter_map(|(i, queue)| Some((queue.peek()?.order, i)));
            let Some((_, engine)) = heads.min() else { return };
            let others = queues.iter_mut().enumerate().filter(|(i, _)| *i != engine);
            let until = others
                .filter_map(|(_, queue)| Some(queue.peek()?.order))
                .min()
                .unwrap_or(u64::MAX);
            // As long as this one stays ahead there is nothing to choose.
            while let Some(event) = queues[engine].next_if(|event| event.order <= until) {
                self.event(engine, event);
            }
        }
    }

    #[inline]
    fn event(&mut self, engine: usize, event: LegEvent) {
        self.order += 1;
        self.advance(event.clock);
        let mut kind = event.kind;
        match kind {
            EventKind::Leg { client, server } => return self.name_leg(engine, event.leg, client, server),
            EventKind::Prefix { prefix, host, path } => return self.name_prefix(engine, prefix, host, path),
            EventKind::Request { ref mut prefix, .. }
            | EventKind::ExchangeEnd { ref mut prefix, .. }
            | EventKind::Upgraded { ref mut prefix, .. }
            | EventKind::Closing { ref mut prefix, .. } => *prefix = self.numbers.prefix(engine, *prefix),
            _ => {}
        }
        let leg = self.numbers.leg(engine, event.leg);
        match kind {
            EventKind::Closed(facts) => self.closed(leg, &facts),
            kind => self.on_leg(leg, event.timestamp, &kind),
        }
    }
}
