//! The latest closed connections, in pieces that do not change: who reads them holds nobody up.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use crate::aggregate::RecentConnection;
use crate::limits::RECENT_CONNECTIONS;

/// Connections that were closed in the same stretch of the capture.
pub(super) type Piece = Arc<[RecentConnection]>;

#[derive(Default)]
struct Kept {
    pieces: VecDeque<Piece>,
    rows: usize,
    /// All that were ever added.
    total: u64,
}

/// The ring.
#[derive(Default)]
pub(in crate::pipeline) struct Recent(Mutex<Kept>);

impl Recent {
    /// Adds what was closed since.
    pub(in crate::pipeline) fn add(&self, mut closed: Vec<RecentConnection>) {
        if closed.is_empty() {
            return;
        }
        let total = closed.len() as u64;
        closed.drain(..closed.len().saturating_sub(RECENT_CONNECTIONS));
        let piece: Piece = closed.into();
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
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

    /// The pieces, of whose first rows so many are beyond the ring's size, and how many connections were ever added.
    pub(super) fn look(&self) -> (Vec<Piece>, usize, u64) {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let beyond = kept.rows.saturating_sub(RECENT_CONNECTIONS);
        (kept.pieces.iter().cloned().collect(), beyond, kept.total)
    }
}
