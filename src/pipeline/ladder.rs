//! The packets of one connection, or of some, from their files read once more.

use super::Source;
use crate::classify::Endpoint;
use crate::diagnose::{ConnectionRecord, Ladder};
use crate::engine::{Config, Engine, Noting, may_belong};
use crate::frame::{Block, Frame, Interface};
use crate::source::Next;
use crate::time::{Nanos, SECOND, Timestamp};

/// Packets that come after the end of a connection for so long may still be its own.
const LATE_WITHIN: Nanos = 3 * SECOND;

/// Reads `source`, which `connection` was found in, once more for its packets; `keep` is shown each of its frames, and the
/// interface it was captured on.
///
/// The engine is the ordinary one. It sees the frames that may belong to the connection, at their places among all, and
/// passes the others by.
#[must_use]
pub fn ladder(
    source: Box<dyn Source>,
    config: &Config,
    connection: ConnectionRecord,
    keep: &mut dyn FnMut(Option<&Interface>, &Frame<'_>),
) -> Ladder {
    let mut wanted = [Wanted::new(config, connection)];
    read(source, &mut wanted, keep);
    let [wanted] = wanted;
    wanted.ladder()
}

/// The same for several connections at once, an engine each: the source is read no further than to the end of the last.
#[must_use]
pub fn ladders(source: Box<dyn Source>, config: &Config, connections: Vec<ConnectionRecord>) -> Vec<Ladder> {
    let connections = connections.into_iter();
    let mut wanted: Vec<Wanted> = connections
        .map(|connection| Wanted::new(config, connection))
        .collect();
    read(source, &mut wanted, &mut |_, _| ());
    wanted.into_iter().map(Wanted::ladder).collect()
}

/// A connection whose packets are looked for.
struct Wanted {
    engine: Engine,
    connection: ConnectionRecord,
    ends: [Endpoint; 2],
    /// No later packet is its own.
    over_at: Option<Timestamp>,
}

impl Wanted {
    fn new(config: &Config, connection: ConnectionRecord) -> Self {
        let facts = &connection.facts;
        let mut engine = Engine::new(alone(config, &connection));
        engine.take_notes(Some(Noting::Only(facts.id)));
        Self {
            engine,
            ends: [facts.client, facts.server],
            over_at: facts.closer.map(|_| facts.end.plus(LATE_WITHIN)),
            connection,
        }
    }

    fn is_over(&self, clock: Timestamp) -> bool {
        self.over_at.is_some_and(|at| clock > at)
    }

    /// Whether the frame is one of its packets.
    fn frame(&mut self, order: u64, frame: &Frame<'_>) -> bool {
        self.engine.pass(order, frame.timestamp);
        if !may_belong(frame, self.ends) {
            return false;
        }
        let before = self.engine.notes_taken();
        self.engine.frame(order, frame);
        self.engine.notes_taken() > before
    }

    fn ladder(mut self) -> Ladder {
        let facts = &self.connection.facts;
        let notes = self.engine.notes(facts.id, facts.client).unwrap_or_default();
        Ladder {
            connection: self.connection,
            notes,
        }
    }
}

fn read(
    mut source: Box<dyn Source>,
    wanted: &mut [Wanted],
    keep: &mut dyn FnMut(Option<&Interface>, &Frame<'_>),
) {
    let mut interfaces: Vec<Interface> = Vec::new();
    let mut order = 0;
    let mut clock = Timestamp::MIN;
    let mut memory = Block::default();
    while !wanted.iter().all(|wanted| wanted.is_over(clock)) {
        memory = match source.next(memory) {
            Next::Block(mut block) => {
                interfaces.extend(block.interfaces.drain(..).map(|(_, interface)| interface));
                for frame in block.frames() {
                    order += 1;
                    clock = clock.max(frame.timestamp);
                    for wanted in wanted.iter_mut() {
                        if wanted.frame(order, &frame) {
                            keep(interfaces.get(usize::from(frame.place.interface().0)), &frame);
                        }
                    }
                }
                block.clear();
                block
            }
            Next::Idle { .. } => Block::default(),
            Next::End => break,
        };
    }
}

/// What the engine is to do for one connection. What other connections showed of its server is known already.
fn alone(config: &Config, connection: &ConnectionRecord) -> Config {
    let mut config = config.clone();
    config.server_ports.push(connection.facts.server.port);
    config.keep_connections = None;
    config.keep_exchanges = false;
    config.tell_connections = false;
    config
}
