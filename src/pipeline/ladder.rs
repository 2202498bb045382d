//! The packets of one connection, from its files read once more.

use super::Source;
use crate::diagnose::{ConnectionRecord, Ladder};
use crate::engine::{Config, Engine, Noting, may_belong};
use crate::frame::{Frame, Interface};
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
    mut source: Box<dyn Source>,
    config: &Config,
    connection: ConnectionRecord,
    keep: &mut dyn FnMut(Option<&Interface>, &Frame<'_>),
) -> Ladder {
    let facts = &connection.facts;
    let mut engine = Engine::new(alone(config, &connection));
    engine.take_notes(Some(Noting::Only(facts.id)));
    let ends = [facts.client, facts.server];
    let over_at = facts.closer.map(|_| facts.end.plus(LATE_WITHIN));
    let mut interfaces: Vec<Interface> = Vec::new();
    let mut order = 0;
    let mut clock = Timestamp::MIN;
    let mut memory = crate::frame::Block::default();
    while over_at.is_none_or(|at| clock <= at) {
        memory = match source.next(memory) {
            Next::Block(mut block) => {
                interfaces.extend(block.interfaces.drain(..).map(|(_, interface)| interface));
                for frame in block.frames() {
                    order += 1;
                    clock = clock.max(frame.timestamp);
                    engine.pass(order, frame.timestamp);
                    if !may_belong(&frame, ends) {
                        continue;
                    }
                    let before = engine.notes_taken();
                    engine.frame(order, &frame);
                    if engine.notes_taken() > before {
                        keep(interfaces.get(usize::from(frame.interface.0)), &frame);
                    }
                }
                block.clear();
                block
            }
            Next::Idle { .. } => crate::frame::Block::default(),
            Next::End => break,
        };
    }
    let notes = engine.notes(facts.id, facts.client).unwrap_or_default();
    Ladder { connection, notes }
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
