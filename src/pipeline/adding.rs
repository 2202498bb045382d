//! Adds up what the engines found: what needs the order of events across connections.

use std::sync::Arc;

use super::assemble::Account;
use super::divide::Interfaces;
use super::observer::{Observer, SoFar};
use super::view::Recent;
use super::{Batch, Desk};
use crate::aggregate::{Aggregate, Told};
use crate::diagnose::ExchangeRecord;
use crate::engine::{Config, Left};

/// Adding up on its way: a batch of every engine at a time, merged.
pub(super) struct Adding<'a> {
    aggregate: &'a mut Aggregate,
    desks: Vec<Option<Desk>>,
    /// The engines' last counters.
    accounts: Vec<Account>,
    told: Vec<Told>,
    exchanges: Vec<ExchangeRecord>,
    config: &'a Config,
    interfaces: &'a Interfaces,
    observer: &'a mut dyn Observer,
    recent: Option<&'a Recent>,
}

impl<'a> Adding<'a> {
    pub(super) fn new(
        aggregate: &'a mut Aggregate,
        desks: Vec<Desk>,
        config: &'a Config,
        interfaces: &'a Interfaces,
        (observer, recent): (&'a mut dyn Observer, Option<&'a Recent>),
    ) -> Self {
        Self {
            aggregate,
            accounts: desks.iter().map(|_| Account::default()).collect(),
            told: desks.iter().map(|_| Told::default()).collect(),
            desks: desks.into_iter().map(Some).collect(),
            exchanges: Vec::new(),
            config,
            interfaces,
            observer,
            recent,
        }
    }

    /// Whether a round need not wait for any engine.
    pub(super) fn is_ready(&self) -> bool {
        let mut desks = self.desks.iter().flatten();
        desks.all(|desk| !desk.found.is_empty())
    }

    /// Waits for a batch of every engine and adds them up; whether there was one.
    pub(super) fn round(&mut self) -> bool {
        // An engine that is gone keeps its place: the others are known by theirs.
        let next = |desk: &Option<Desk>| desk.as_ref().and_then(|desk| desk.wait.receive(&desk.found));
        let mut batches: Vec<Option<Batch>> = self.desks.iter().map(next).collect();
        if batches.iter().all(Option::is_none) {
            return false;
        }
        let mut span = None;
        let mut asked: Option<Left> = None;
        for ((batch, told), account) in batches.iter_mut().zip(&mut self.told).zip(&mut self.accounts) {
            let Some(batch) = batch else { continue };
            std::mem::swap(&mut batch.account, account);
            std::mem::swap(&mut batch.told, told);
            self.exchanges.append(&mut batch.exchanges);
            span = span.or(batch.span);
            if let Some(left) = batch.left.take() {
                asked.get_or_insert_default().merge(left);
            }
        }
        if let Some((start, clock)) = span {
            self.aggregate.begin(start);
            self.aggregate.apply(&self.told);
            self.aggregate.advance(clock);
        }
        self.tell();
        let asked = asked.map(Arc::new);
        for ((desk, batch), told) in self.desks.iter_mut().zip(batches).zip(&mut self.told) {
            let Some((present, mut batch)) = desk.as_ref().zip(batch) else {
                *desk = None;
                continue;
            };
            if let Some(all) = &asked {
                let _ = present.left.send(Arc::clone(all));
            }
            std::mem::swap(&mut batch.told, told);
            let _ = present.used.try_send(batch);
        }
        true
    }

    /// Tells whoever watches what came of the round.
    fn tell(&mut self) {
        if let Some(recent) = self.recent {
            recent.add(self.aggregate.take_recent());
        }
        if self.config.tell_connections {
            // Known before the packets are: nobody waits for this for long.
            let interfaces = self.interfaces.look();
            for ended in self.aggregate.drain_ended() {
                let interface = interfaces.get(usize::from(ended.facts.interface.0));
                self.observer.ended(ended, interface);
            }
        }
        // What the clock ends at one frame comes in the order of the connections, whichever engines have them.
        self.exchanges
            .sort_by_key(|exchange| (exchange.order, exchange.connection));
        for exchange in self.exchanges.drain(..) {
            self.observer.exchange(&exchange);
        }
        self.observer.progress(&SoFar::new(
            &self.accounts,
            self.aggregate,
            self.config,
            self.recent,
        ));
    }

    /// The engines' last counters, when no batch is left.
    pub(super) fn finish(self) -> Vec<Account> {
        self.aggregate.settle();
        self.accounts
    }
}
