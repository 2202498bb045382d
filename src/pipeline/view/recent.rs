//! The latest closed connections, in pieces that do not change: who reads them holds nobody up.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::aggregate::ListedConnection;
use crate::diagnose::causes::Findings;
use crate::limits::RECENT_CONNECTIONS;

/// Connections that were closed in the same stretch of the capture.
pub(super) type Piece = Arc<[ListedConnection]>;

#[derive(Default)]
struct Kept {
    pieces: VecDeque<Piece>,
    rows: usize,
    /// All that were ever added.
    total: u64,
    /// What the latest report says of causes.
    findings: Arc<Findings>,
}

/// The ring.
#[derive(Default)]
pub(in crate::pipeline) struct Recent(Mutex<Kept>);

impl Recent {
    /// Adds what was closed since.
    pub(in crate::pipeline) fn add(&self, mut closed: Vec<ListedConnection>) {
        if closed.is_empty() {
            return;
        }
        let total = closed.len() as u64;
        closed.drain(..closed.len().saturating_sub(RECENT_CONNECTIONS));
        let piece: Piece = closed.into();
        let mut kept = self.lock();
        kept.total += total;
        kept.rows += piece.len();
        kept.pieces.push_back(piece);
        while let Some(oldest) = kept.pieces.front()
            && kept.rows - oldest.len() >= RECENT_CONNECTIONS
        {
            kept.rows -= oldest.len();
            kept.pieces.pop_front();
        }
    }

    /// Causes are told by these from now on.
    pub(in crate::pipeline) fn judge(&self, findings: Findings) {
        self.lock().findings = Arc::new(findings);
    }

    pub(super) fn look(&self) -> Look {
        let kept = self.lock();
        Look {
            pieces: kept.pieces.iter().cloned().collect(),
            beyond: kept.rows.saturating_sub(RECENT_CONNECTIONS),
            total: kept.total,
            findings: Arc::clone(&kept.findings),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The ring as it is at one moment.
pub(super) struct Look {
    pub(super) pieces: Vec<Piece>,
    /// So many of their first rows are beyond the ring's size.
    pub(super) beyond: usize,
    /// How many connections were ever added.
    pub(super) total: u64,
    pub(super) findings: Arc<Findings>,
}
