//! A source that says so when nothing comes.
//!
//! A pipe may be silent for long. Who waits in `read` meanwhile can neither bring the figures up to date nor be ended.

use std::io;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

use crate::frame::Block;
use crate::source::{Next, Source, SourceSummary};

/// What comes sooner is waited for.
const TICK: Duration = Duration::from_millis(50);
/// Blocks under way.
const UNDER_WAY: usize = 2;

/// Another source, read by a thread of its own.
pub(super) struct Patient {
    blocks: Receiver<(Next, Vec<SourceSummary>)>,
    used: SyncSender<Block>,
    /// Of what came last.
    summaries: Vec<SourceSummary>,
}

impl Patient {
    /// Begins to read. The thread ends with the source, or with what it waits for when nobody wants it any more.
    pub(super) fn new(mut source: impl Source + 'static) -> io::Result<Self> {
        let (sender, blocks) = sync_channel(UNDER_WAY);
        let (used, recycled) = sync_channel(UNDER_WAY);
        let summaries = source.summaries();
        let read = move || loop {
            let next = source.next(recycled.try_recv().unwrap_or_default());
            let is_last = matches!(next, Next::End);
            if sender.send((next, source.summaries())).is_err() || is_last {
                break;
            }
        };
        thread::Builder::new().name("stream".to_owned()).spawn(read)?;
        Ok(Self {
            blocks,
            used,
            summaries,
        })
    }
}

impl Source for Patient {
    fn next(&mut self, recycled: Block) -> Next {
        // A full channel has enough of them.
        let _ = self.used.try_send(recycled);
        match self.blocks.recv_timeout(TICK) {
            Ok((next, summaries)) => {
                self.summaries = summaries;
                next
            }
            Err(RecvTimeoutError::Timeout) => Next::Idle { until: None },
            // A thread that panicked has said so on its own.
            Err(RecvTimeoutError::Disconnected) => Next::End,
        }
    }

    fn summaries(&self) -> Vec<SourceSummary> {
        self.summaries.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Three blocks, then nothing until its end is told, then the end.
    struct Slow {
        given: u64,
        end: Receiver<()>,
    }

    impl Source for Slow {
        fn next(&mut self, block: Block) -> Next {
            if self.given == 3 {
                let _ = self.end.recv();
                return Next::End;
            }
            self.given += 1;
            Next::Block(block)
        }

        fn summaries(&self) -> Vec<SourceSummary> {
            vec![SourceSummary {
                packets: self.given,
                ..SourceSummary::default()
            }]
        }
    }

    #[test]
    fn silence_is_told_and_everything_else_comes_through() {
        let (tell, end) = sync_channel(1);
        let mut patient = Patient::new(Slow { given: 0, end }).unwrap();
        let mut blocks = 0;
        let mut idle = 0;
        while idle < 2 {
            match patient.next(Block::default()) {
                Next::Block(_) => blocks += 1,
                Next::Idle { until } => {
                    assert_eq!(until, None);
                    idle += 1;
                }
                Next::End => panic!("it has not ended"),
            }
        }
        assert_eq!((blocks, patient.summaries()[0].packets), (3, 3));
        tell.send(()).unwrap();
        let next = std::iter::repeat_with(|| patient.next(Block::default()));
        let rest: Vec<Next> = next
            .take(20)
            .take_while(|next| !matches!(next, Next::End))
            .collect();
        assert!(rest.len() < 20, "it has ended");
    }
}
