//! Open connections as rows of a view: looked through a part at a time, built only for the window that is shown.

use super::analysis::Engine;
use super::conversation::Conversation;
use super::facts::Known;
use super::marks::Marks;
use super::open_row::OpenRow;
use crate::classify::{Class, ConnectionFacts, classify};
use crate::flow::FlowKey;
use crate::frame::InterfaceId;
use crate::query::{First, InLegs, Rank, Sort};
use crate::time::{Nanos, Timestamp};

/// Where a connection is kept: its place, which another one may have by then, and its id.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OpenRef {
    place: u32,
    id: u64,
}

/// Which connections are wanted.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// Those that match.
    pub query: InLegs,
    /// In which order.
    pub sort: Sort,
    /// So many, the first.
    pub most: usize,
    /// This one, whether it matches or not.
    pub selected: Option<u64>,
    /// The names of interfaces, by their ids.
    pub interfaces: Vec<Option<String>>,
    /// Packets are to be noted.
    pub noting: bool,
}

impl Wanted {
    /// The name of an interface.
    #[must_use]
    pub fn interface(&self, id: InterfaceId) -> Option<&str> {
        self.interfaces.get(usize::from(id.0))?.as_deref()
    }
}

/// What was found so far.
#[derive(Debug)]
pub struct Scan {
    next: usize,
    first: First<OpenRef>,
    /// Connections looked at.
    pub open: u64,
    /// Those of them that match.
    pub matching: u64,
    /// The one selected.
    pub selected: Option<OpenRef>,
}

impl Scan {
    /// Nothing yet; the first `most` are wanted.
    #[must_use]
    pub fn new(most: usize) -> Self {
        Self {
            next: 0,
            first: First::new(most),
            open: 0,
            matching: 0,
            selected: None,
        }
    }

    /// The first of those that match, in no order.
    #[must_use]
    pub fn take(self) -> Vec<(Rank, OpenRef)> {
        self.first.take()
    }
}

/// A connection that is open, or lingers until both ends know that it is closed.
#[derive(Clone, Debug)]
pub struct OpenConnection {
    /// What was seen of it so far.
    pub facts: ConnectionFacts,
    /// Its class so far.
    pub class: Class,
    /// A request of it is under way.
    pub is_busy: bool,
    /// Since the end of its last response, if it waits for another request.
    pub idle: Option<Nanos>,
}

impl Engine {
    /// Looks through the next `count` places of the table; returns whether there are more.
    pub fn scan(&self, wanted: &Wanted, scan: &mut Scan, count: usize) -> bool {
        let until = scan.next + count;
        for (place, key, living) in self.table.part(scan.next, count) {
            let id = living.id.get();
            let at = OpenRef {
                place: place as u32,
                id,
            };
            scan.open += 1;
            if wanted.selected == Some(id) {
                scan.selected = Some(at);
            }
            let row = OpenRow {
                engine: self,
                wanted,
                key,
                living,
            };
            if wanted.query.matches(&row, || row.leg()) {
                scan.matching += 1;
                scan.first.add(Rank::of(&row, id, wanted.sort), at);
            }
        }
        scan.next = until;
        until < self.table.beyond()
    }

    /// A connection that was found, unless it has gone meanwhile.
    #[must_use]
    pub fn open_connection(&self, at: OpenRef) -> Option<OpenConnection> {
        let (key, living) = self.table.entry(at.place as usize)?;
        if living.id.get() != at.id {
            return None;
        }
        let (facts, class) = self.so_far(key, living);
        Some(OpenConnection {
            facts,
            class,
            is_busy: living.marks.has(Marks::BUSY),
            idle: living.idle_now(self.shared.now.clock),
        })
    }

    fn so_far(&self, key: &FlowKey, living: &Conversation) -> (ConnectionFacts, Class) {
        let thresholds = &self.shared.config.thresholds;
        let known = Known {
            key,
            names: &self.shared.names,
            thresholds,
        };
        let facts = living.facts(self.shared.now.clock, known);
        let class = classify(&facts, self.shared.now.clock, thresholds);
        (facts, class)
    }
}

impl Conversation {
    /// Since the end of its last response; nothing if a request is under way or it is closing.
    pub(super) fn idle_now(&self, clock: Timestamp) -> Option<Nanos> {
        let waits = !self.marks.has(Marks::BUSY) && self.closing.is_none();
        self.idle_at(clock).filter(|_| waits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Config;
    use crate::frame::{Frame, FramePlace, LinkType};
    use crate::query::{ConnectionRow, FIELDS, Field, Query, Row};
    use crate::time::MILLISECOND;

    /// A packet between a client's port and a server, on raw IPv4.
    fn packet(port: u16, to_server: bool, flags: u8, numbers: (u32, u32), payload: &[u8]) -> Vec<u8> {
        let len = (40 + payload.len()) as u16;
        let mut ip = vec![0x45, 0];
        ip.extend(len.to_be_bytes());
        ip.extend([0, 1, 0x40, 0, 64, 6, 0, 0]);
        let ends = [[10, 0, 0, 1], [10, 0, 1, 1]];
        let ports = [port, 8080];
        let from = usize::from(!to_server);
        ip.extend(ends[from].into_iter().chain(ends[1 - from]));
        ip.extend(
            ports[from]
                .to_be_bytes()
                .into_iter()
                .chain(ports[1 - from].to_be_bytes()),
        );
        ip.extend(numbers.0.to_be_bytes().into_iter().chain(numbers.1.to_be_bytes()));
        ip.extend([0x50, flags, 1, 0, 0, 0, 0, 0]);
        ip.extend(payload);
        ip
    }

    /// An engine with a connection in each of some states, the n-th from port 40000 + n on.
    fn engine() -> Engine {
        const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: h\r\n\r\n";
        const RESPONSE: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
        let (q, r) = (REQUEST.len() as u32, RESPONSE.len() as u32);
        let mut engine = Engine::new(Config::default());
        let mut order = 0;
        for port in 40_000..40_005_u16 {
            let steps = [
                (true, 2, (0, 0), &b""[..]),
                (false, 0x12, (0, 1), b""),
                (true, 0x10, (1, 1), b""),
                (true, 0x18, (1, 1), REQUEST),
                (false, 0x18, (1, 1 + q), RESPONSE),
                (false, 0x11, (1 + r, 1 + q), b""),
            ];
            for (to_server, flags, numbers, payload) in &steps[..usize::from(port - 40_000) + 2] {
                order += 1;
                let bytes = packet(port, *to_server, *flags, *numbers, payload);
                let frame = Frame {
                    timestamp: Timestamp::from_nanos(order as i64 * MILLISECOND),
                    place: FramePlace::new(order, InterfaceId(0)),
                    wire_len: bytes.len() as u32,
                    link_type: LinkType::RAW,
                    bytes: &bytes,
                };
                engine.pass(order, frame.timestamp);
                engine.frame(order, &frame);
            }
        }
        engine
    }

    fn wanted(query: &str) -> Wanted {
        Wanted {
            query: InLegs::new(Query::parse(query).unwrap(), &[]),
            most: 100,
            interfaces: vec![Some("eth0".to_owned())],
            ..Wanted::default()
        }
    }

    fn found(engine: &Engine, wanted: &Wanted) -> Vec<u16> {
        let mut scan = Scan::new(wanted.most);
        while engine.scan(wanted, &mut scan, 2) {}
        assert_eq!(scan.open, 5);
        let rows = crate::query::window(scan.take(), 0, 100);
        let rows = rows.iter().filter_map(|(_, at)| engine.open_connection(*at));
        rows.map(|row| row.facts.client.port).collect()
    }

    #[test]
    fn what_a_row_says_at_once_is_what_its_facts_say() {
        let engine = engine();
        let wanted = wanted("");
        for (_, key, living) in engine.table.part(0, 100) {
            let row = OpenRow {
                engine: &engine,
                wanted: &wanted,
                key,
                living,
            };
            let (facts, class) = engine.so_far(key, living);
            let built = ConnectionRow {
                facts: &facts,
                class,
                cause: None,
                generation: None,
                interface: wanted.interface(facts.interface),
                idle_close: engine.shared.config.thresholds.idle_close,
            };
            for info in FIELDS {
                // What only an open connection has.
                if info.field == Field::Idle && living.closing.is_none() {
                    continue;
                }
                let (mut at_once, mut from_facts) = (Vec::new(), Vec::new());
                row.any(info.field, |fact| {
                    at_once.push(format!("{fact:?}"));
                    false
                });
                built.any(info.field, |fact| {
                    from_facts.push(format!("{fact:?}"));
                    false
                });
                at_once.sort();
                from_facts.sort();
                assert_eq!(at_once, from_facts, "{}", info.name);
            }
        }
    }

    #[test]
    fn rows_are_found_sorted_and_built() {
        let engine = engine();
        assert_eq!(
            found(&engine, &wanted("")),
            [40_004, 40_003, 40_002, 40_001, 40_000]
        );
        assert_eq!(found(&engine, &wanted("reqs>0")), [40_004, 40_003, 40_002]);
        assert_eq!(
            found(&engine, &wanted("state:open resps:0 interface:eth")),
            [40_002, 40_001, 40_000]
        );
        assert_eq!(found(&engine, &wanted("closer:server")), [40_004]);
        assert_eq!(found(&engine, &wanted("idle>0s")), [40_004, 40_003]);
        let by_bytes = Wanted {
            sort: Sort {
                field: Field::Bytes,
                descending: false,
            },
            ..wanted("reqs>0")
        };
        assert_eq!(found(&engine, &by_bytes), [40_002, 40_003, 40_004]);
        let mut scan = Scan::new(0);
        let selected = Wanted {
            selected: Some(1),
            ..wanted("reqs>99")
        };
        engine.scan(&selected, &mut scan, 100);
        assert_eq!((scan.matching, scan.selected.map(|at| at.id)), (0, Some(1)));
        let gone = OpenRef { place: 0, id: 77 };
        assert!(engine.open_connection(gone).is_none());
    }
}
