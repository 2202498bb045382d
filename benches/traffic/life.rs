//! What happens on a connection from its SYN on, step by step.

use std::io::{self, Write};

use super::Shape;
use super::connection::{Connection, Side};
use super::messages;
use super::random::Random;
use super::wire::{ACK, Capture, FIN, PSH, SYN};

const MSS: usize = 1448;
/// nginx's default `keepalive_requests`.
const REQUESTS_A_CONNECTION: u32 = 1000;
/// Segments of a large response that come in one burst.
const BURST: usize = 8;

enum Step {
    Syn,
    SynAck,
    Open,
    Ask,
    AckRequest,
    Answer,
    /// Segments of the response from this byte on.
    Send(usize),
    AckResponse,
    Close(Side),
    CloseToo(Side),
    Gone(Side),
}

/// A connection and what comes next on it.
pub(super) struct Life {
    shape: Shape,
    connection: Connection,
    step: Step,
    asked: u32,
    message: Vec<u8>,
}

impl Life {
    pub(super) fn new(shape: Shape, number: u64, random: &mut Random) -> Self {
        Self {
            shape,
            connection: Connection::new(number, random),
            step: Step::Syn,
            asked: 0,
            message: Vec::new(),
        }
    }

    /// Does the next step; says in how many microseconds another follows, if one does. When the capture is `full` no
    /// request begins on a connection that has had one.
    pub(super) fn step<W: Write>(
        &mut self,
        capture: &mut Capture<W>,
        random: &mut Random,
        full: bool,
    ) -> io::Result<Option<u64>> {
        use Side::{Client, Server};
        let (next, delay) = match self.step {
            Step::Syn => {
                self.connection.send(capture, Client, SYN, &[])?;
                (Step::SynAck, random.between(20, 80))
            }
            Step::SynAck => {
                self.connection.send(capture, Server, SYN | ACK, &[])?;
                (Step::Open, random.between(5, 15))
            }
            Step::Open => {
                self.connection.send(capture, Client, ACK, &[])?;
                (Step::Ask, random.between(20, 100))
            }
            Step::Ask if full && self.asked > 0 => return Ok(None),
            Step::Ask => self.ask(capture, random)?,
            Step::AckRequest => {
                self.connection.send(capture, Server, ACK, &[])?;
                (Step::Answer, self.service(random))
            }
            Step::Answer => {
                messages::response(self.shape, capture.now() / 1_000_000, random, &mut self.message);
                return self.answer(capture, 0, random).map(Some);
            }
            Step::Send(from) => return self.answer(capture, from, random).map(Some),
            Step::AckResponse => {
                self.connection.send(capture, Client, ACK, &[])?;
                match self.shape {
                    Shape::Open => return Ok(None),
                    Shape::Churn => (Self::closer(random), random.between(50, 1_000)),
                    Shape::Keepalive | Shape::Large => self.again(random),
                }
            }
            Step::Close(side) => {
                self.connection.send(capture, side, FIN | ACK, &[])?;
                (Step::CloseToo(side.other()), random.between(50, 900))
            }
            Step::CloseToo(side) => {
                self.connection.send(capture, side, FIN | ACK, &[])?;
                (Step::Gone(side.other()), random.between(5, 50))
            }
            Step::Gone(side) => {
                self.connection.send(capture, side, ACK, &[])?;
                return Ok(None);
            }
        };
        self.step = next;
        Ok(Some(delay))
    }

    fn ask<W: Write>(&mut self, capture: &mut Capture<W>, random: &mut Random) -> io::Result<(Step, u64)> {
        messages::request(self.shape, random, &mut self.message);
        self.connection
            .send(capture, Side::Client, PSH | ACK, &self.message)?;
        capture.written.requests += 1;
        self.asked += 1;
        // Linux acknowledges a connection's first segments at once; later the response carries the acknowledgment.
        Ok(if self.asked == 1 || random.percent(5) {
            (Step::AckRequest, random.between(3, 10))
        } else {
            (Step::Answer, self.service(random))
        })
    }

    /// How long Tomcat takes; a client that opens a connection for each request makes some 6,000 a second.
    fn service(&self, random: &mut Random) -> u64 {
        match self.shape {
            Shape::Churn => random.between(20_000, 60_000),
            _ => random.between(1_000, 6_000),
        }
    }

    /// Segments of the response, acknowledged every second one, the last by the next step.
    fn answer<W: Write>(
        &mut self,
        capture: &mut Capture<W>,
        from: usize,
        random: &mut Random,
    ) -> io::Result<u64> {
        let rest = &self.message[from..];
        let last = rest.len().div_ceil(MSS);
        for (index, payload) in rest.chunks(MSS).enumerate().take(BURST) {
            let push = if index + 1 == last { PSH } else { 0 };
            self.connection.send(capture, Side::Server, push | ACK, payload)?;
            if index % 2 == 1 && index + 1 < last {
                self.connection.send(capture, Side::Client, ACK, &[])?;
            }
        }
        let delay;
        (self.step, delay) = if last > BURST {
            (Step::Send(from + BURST * MSS), random.between(30, 200))
        } else if self.shape == Shape::Keepalive && random.percent(85) {
            self.again(random)
        } else {
            (Step::AckResponse, random.between(5, 50))
        };
        Ok(delay)
    }

    fn again(&self, random: &mut Random) -> (Step, u64) {
        if self.asked < REQUESTS_A_CONNECTION {
            (Step::Ask, random.between(300, 8_000))
        } else {
            (Step::Close(Side::Client), random.between(20, 200))
        }
    }

    /// Most often Tomcat closes before nginx does, after HTTP/1.0.
    fn closer(random: &mut Random) -> Step {
        Step::Close(if random.percent(80) {
            Side::Server
        } else {
            Side::Client
        })
    }
}

impl Side {
    fn other(self) -> Self {
        match self {
            Self::Client => Self::Server,
            Self::Server => Self::Client,
        }
    }
}
