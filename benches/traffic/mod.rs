//! Traffic between nginx and Tomcats as a capture, for benches: the same bytes for the same plan.
//!
//! Heads, sizes, options and timing follow recordings of nginx 1.22 in front of Tomcat 10.1 (`captures/`); addresses are
//! theirs. What is written is counted by the writer, so that a report can be held against it.

mod connection;
mod life;
mod messages;
mod random;
mod wire;

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::io::{self, Write};

use life::Life;
use random::Random;
use wire::Capture;

/// What the connections do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// HTTP/1.1, small responses, a thousand requests a connection (nginx's `keepalive_requests`).
    Keepalive,
    /// HTTP/1.0 with `Connection: close`: ten packets, one request.
    Churn,
    /// Responses of 100 KB on keepalive.
    Large,
    /// One request each, and all of them stay open.
    Open,
}

/// How much of what to write.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plan {
    pub(crate) shape: Shape,
    /// No new request begins once the capture has this many bytes.
    pub(crate) bytes: u64,
    /// No connection beyond these; for [`Shape::Open`] the number to leave open.
    pub(crate) connections: u64,
    /// Connections under way at once.
    pub(crate) concurrent: usize,
    pub(crate) seed: u64,
}

impl Plan {
    /// `number` bytes of a shape, or connections of [`Shape::Open`]; 256 connections under way at once.
    pub(crate) fn new(shape: Shape, number: u64) -> Self {
        let (bytes, connections) = match shape {
            Shape::Open => (u64::MAX, number),
            Shape::Keepalive | Shape::Churn | Shape::Large => (number, u64::MAX),
        };
        Self {
            shape,
            bytes,
            connections,
            concurrent: 256,
            seed: 1,
        }
    }
}

/// What was written.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Written {
    pub(crate) bytes: u64,
    pub(crate) packets: u64,
    pub(crate) connections: u64,
    pub(crate) requests: u64,
}

/// Writes the capture that `plan` describes. Connections under way finish their exchange at the end; on keepalive they
/// stay open.
pub(crate) fn write(plan: &Plan, out: impl Write) -> io::Result<Written> {
    let mut random = Random::new(plan.seed);
    let mut capture = Capture::new(out)?;
    let mut due: BinaryHeap<Reverse<(u64, usize)>> = (0..plan.concurrent)
        .map(|slot| Reverse((random.between(0, 20_000), slot)))
        .collect();
    let mut lives: Vec<Option<Life>> = (0..plan.concurrent).map(|_| None).collect();

    while let Some(Reverse((time, slot))) = due.pop() {
        capture.advance(time);
        let written = capture.written;
        if lives[slot].is_none() {
            if written.bytes >= plan.bytes || written.connections >= plan.connections {
                continue;
            }
            lives[slot] = Some(Life::new(plan.shape, written.connections, &mut random));
            capture.written.connections += 1;
        }
        let full = written.bytes >= plan.bytes;
        let Some(life) = lives[slot].as_mut() else {
            continue;
        };
        let next = life.step(&mut capture, &mut random, full)?;
        if let Some(delay) = next {
            due.push(Reverse((time + delay, slot)));
        } else {
            lives[slot] = None;
            due.push(Reverse((time + random.between(50, 2_000), slot)));
        }
    }
    capture.finish()
}
