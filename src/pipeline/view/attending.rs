//! An engine's thread that also answers.

use std::sync::Arc;

use crossbeam_channel::{Receiver, Sender, TryRecvError, never, select};

use super::super::divide::Share;
use crate::classify::Endpoint;
use crate::diagnose::PacketNotes;
use crate::engine::{Engine, Noting, OpenConnection, OpenRef, Scan, Wanted};
use crate::limits::{NOTED_CONNECTIONS, SCANNED_AT_ONCE};

/// What an engine is asked.
pub(in crate::pipeline) enum Ask {
    /// Which connections are wanted.
    Find(Arc<Wanted>, Sender<Found>),
    /// The rows of these, and the notes of one.
    Build(Build, Sender<Built>),
    /// Nobody looks any more.
    Leave,
}

/// What an engine found.
pub(in crate::pipeline) struct Found {
    pub(super) engine: usize,
    pub(super) scan: Scan,
}

/// What an engine is to build.
pub(in crate::pipeline) struct Build {
    /// Each with its place in the window.
    pub(super) rows: Vec<(usize, OpenRef)>,
    pub(super) notes: Option<(u64, Endpoint)>,
}

/// What an engine built.
#[derive(Default)]
pub(in crate::pipeline) struct Built {
    pub(super) rows: Vec<(usize, OpenConnection)>,
    pub(super) notes: Option<PacketNotes>,
}

/// A look through the table that is under way.
struct Looking {
    wanted: Arc<Wanted>,
    scan: Scan,
    reply: Sender<Found>,
}

/// Takes in all shares and answers between them, as engine number `engine` of `engines`. While a look through the table
/// is under way, what comes from the source goes first after each part.
pub(in crate::pipeline) fn attend(
    engine: &mut Engine,
    (number, engines): (usize, usize),
    shares: &Receiver<Share>,
    mut asks: Receiver<Ask>,
    mut take_in: impl FnMut(&mut Engine, Share),
) {
    let mut looking: Option<Looking> = None;
    loop {
        if let Some(mut look) = looking.take() {
            if engine.scan(&look.wanted, &mut look.scan, SCANNED_AT_ONCE) {
                looking = Some(look);
            } else {
                let found = Found {
                    engine: number,
                    scan: look.scan,
                };
                let _ = look.reply.send(found);
            }
            match shares.try_recv() {
                Ok(share) => take_in(engine, share),
                Err(TryRecvError::Empty) => {}
                Err(TryRecvError::Disconnected) => return,
            }
            continue;
        }
        select! {
            recv(shares) -> share => match share {
                Ok(share) => take_in(engine, share),
                Err(_) => return,
            },
            recv(asks) -> ask => match ask {
                Ok(Ask::Find(wanted, reply)) => {
                    engine.take_notes(wanted.noting.then_some(Noting::Latest(NOTED_CONNECTIONS / engines)));
                    let scan = Scan::new(wanted.most);
                    looking = Some(Looking { wanted, scan, reply });
                }
                Ok(Ask::Build(build, reply)) => {
                    let _ = reply.send(built(engine, build));
                }
                Ok(Ask::Leave) => engine.take_notes(None),
                Err(_) => asks = never(),
            },
        }
    }
}

fn built(engine: &mut Engine, build: Build) -> Built {
    let rows = build.rows.into_iter();
    Built {
        rows: rows
            .filter_map(|(place, at)| Some((place, engine.open_connection(at)?)))
            .collect(),
        notes: build.notes.and_then(|(id, client)| engine.notes(id, client)),
    }
}
