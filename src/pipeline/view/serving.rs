//! The thread that puts answers together.

use std::sync::Arc;
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};

use super::attending::{Ask, Build, Built, Found};
use super::recent::{Look, Recent};
use super::screen::Screen;
use super::{Selected, View, ViewQuery, ViewRow};
use crate::aggregate::ListedConnection;
use crate::classify::Endpoint;
use crate::diagnose::catalogue::CauseId;
use crate::engine::{OpenConnection, OpenRef, Wanted};
use crate::limits::VIEW_ROWS;
use crate::query::{ConnectionRow, Field, First, Rank, window};
use crate::time::Nanos;

/// How often it is looked whether the analysis is over while an engine is waited for.
const PATIENCE: Duration = Duration::from_millis(100);

/// Where a row comes from.
#[derive(Clone, Copy)]
enum Origin {
    Living { engine: usize, at: OpenRef },
    Closed { piece: usize, place: usize },
}

/// What an answer is made of.
pub(in crate::pipeline) struct Desk<'a> {
    pub(in crate::pipeline) screen: &'a Screen,
    pub(in crate::pipeline) recent: &'a Recent,
    pub(in crate::pipeline) engines: &'a [Sender<Ask>],
    pub(in crate::pipeline) idle_close: Nanos,
}

/// Answers `desk.screen` until it is closed.
pub(in crate::pipeline) fn serve(desk: &Desk<'_>) {
    while let Some(asked) = desk.screen.next() {
        if let Some(view) = desk.answer(&asked) {
            desk.screen.put(view);
        }
        desk.screen.rest();
    }
    for engine in desk.engines {
        let _ = engine.send(Ask::Leave);
    }
}

impl Desk<'_> {
    /// `None` if the analysis ends meanwhile.
    fn answer(&self, asked: &Arc<ViewQuery>) -> Option<View> {
        let height = asked.height.min(VIEW_ROWS);
        let wanted = Arc::new(Wanted {
            query: asked.query.clone(),
            sort: asked.sort,
            most: asked.offset.saturating_add(height),
            selected: asked.selected,
            interfaces: asked.interfaces.clone(),
            noting: asked.noting,
        });
        // Before the engines are asked: what is closed from here on is among the living or in no answer, never in both.
        let recent = self.recent.look();
        let (mut ranked, counts) = self.closed(&wanted, &recent);
        let mut view = View {
            asked: Arc::clone(asked),
            offset: 0,
            rows: Vec::new(),
            living: 0,
            living_matching: 0,
            closed: counts.kept,
            closed_matching: counts.matching,
            closed_before: recent.total - counts.kept,
            selected: None,
        };
        let mut selected = counts.selected;
        for Found { engine, scan } in self.ask(|reply| Ask::Find(Arc::clone(&wanted), reply))? {
            view.living += scan.open;
            view.living_matching += scan.matching;
            selected = scan.selected.map(|at| Origin::Living { engine, at }).or(selected);
            let found = scan.take().into_iter();
            ranked.extend(found.map(|(rank, at)| (rank, Origin::Living { engine, at })));
        }
        // Beyond the end the last rows are shown.
        let last = usize::try_from(view.matching()).unwrap_or(usize::MAX);
        view.offset = asked.offset.min(last.saturating_sub(height));
        let mut origins: Vec<Origin> = window(ranked, view.offset, height)
            .into_iter()
            .map(|(_, origin)| origin)
            .collect();
        let shown = origins.len();
        origins.extend(selected);
        let mut rows = self.build(&origins, &recent)?;
        let row = rows.split_off(shown).pop().flatten();
        view.selected = match row {
            Some(row) => Some(self.with_notes(row)?),
            None => None,
        };
        view.rows = rows.into_iter().flatten().collect();
        Some(view)
    }

    /// The closed ones that match.
    fn closed(&self, wanted: &Wanted, recent: &Look) -> (Vec<(Rank, Origin)>, ClosedCounts) {
        let mut first = First::new(wanted.most);
        let mut counts = ClosedCounts::default();
        let asks_cause = wanted.sort.field == Field::Cause || wanted.query.query().asks_for(Field::Cause);
        let rows = recent.pieces.iter().enumerate().flat_map(|(piece, rows)| {
            let rows = rows.iter().enumerate();
            rows.map(move |(place, row)| (Origin::Closed { piece, place }, row))
        });
        for (origin, closed) in rows.skip(recent.beyond) {
            let facts = &closed.facts;
            counts.kept += 1;
            if wanted.selected == Some(facts.id) {
                counts.selected = Some(origin);
            }
            let row = ConnectionRow {
                facts,
                class: closed.class,
                cause: asks_cause.then(|| recent.findings.cause(closed)).flatten(),
                generation: None,
                interface: wanted.interface(facts.interface),
                idle_close: self.idle_close,
            };
            if wanted.query.matches_facts(&row) {
                counts.matching += 1;
                first.add(Rank::of(&row, facts.id, wanted.sort), origin);
            }
        }
        (first.take(), counts)
    }

    /// The rows, `None` for those whose connection has just closed.
    fn build(&self, origins: &[Origin], recent: &Look) -> Option<Vec<Option<ViewRow>>> {
        let mut rows: Vec<Option<ViewRow>> = origins
            .iter()
            .map(|origin| match origin {
                Origin::Closed { piece, place } => {
                    let closed = recent.pieces.get(*piece)?.get(*place)?;
                    Some(closed_row(closed, recent.findings.cause(closed)))
                }
                Origin::Living { .. } => None,
            })
            .collect();
        let of = |number: usize| {
            let own = |(place, origin): (usize, &Origin)| match origin {
                Origin::Living { engine, at } if *engine == number => Some((place, *at)),
                _ => None,
            };
            origins.iter().enumerate().filter_map(own).collect()
        };
        let mut number = 0;
        let built = self.ask(|reply| {
            let rows = of(number);
            number += 1;
            Ask::Build(Build { rows, notes: None }, reply)
        })?;
        for (place, row) in built.into_iter().flat_map(|Built { rows, .. }| rows) {
            if let Some(slot) = rows.get_mut(place) {
                *slot = Some(living_row(row));
            }
        }
        Some(rows)
    }

    fn with_notes(&self, row: ViewRow) -> Option<Selected> {
        let wanted: (u64, Endpoint) = (row.facts.id, row.facts.client);
        let built = self.ask(|reply| {
            let build = Build {
                rows: Vec::new(),
                notes: Some(wanted),
            };
            Ask::Build(build, reply)
        })?;
        let notes = built.into_iter().find_map(|built| built.notes);
        Some(Selected { row, notes })
    }

    /// Asks every engine and waits for all of them; `None` if one has ended.
    fn ask<T>(&self, mut ask: impl FnMut(Sender<T>) -> Ask) -> Option<Vec<T>> {
        let (reply, replies) = bounded(self.engines.len());
        for engine in self.engines {
            engine.send(ask(reply.clone())).ok()?;
        }
        drop(reply);
        self.engines.iter().map(|_| self.wait(&replies)).collect()
    }

    fn wait<T>(&self, replies: &Receiver<T>) -> Option<T> {
        loop {
            match replies.recv_timeout(PATIENCE) {
                Ok(reply) => return Some(reply),
                Err(RecvTimeoutError::Timeout) if !self.screen.is_closed() => {}
                Err(_) => return None,
            }
        }
    }
}

#[derive(Default)]
struct ClosedCounts {
    kept: u64,
    matching: u64,
    selected: Option<Origin>,
}

fn closed_row(closed: &ListedConnection, cause: Option<CauseId>) -> ViewRow {
    ViewRow {
        facts: closed.facts.clone(),
        class: closed.class,
        cause,
        is_living: false,
        is_busy: false,
        idle: None,
    }
}

fn living_row(open: OpenConnection) -> ViewRow {
    ViewRow {
        facts: open.facts,
        class: open.class,
        cause: None,
        is_living: true,
        is_busy: open.is_busy,
        idle: open.idle,
    }
}
