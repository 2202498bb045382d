//! Both ends of a TCP connection, as their kernels number what they send.

use std::io::{self, Write};

use super::random::Random;
use super::wire::{ACK, Capture, FIN, SYN, Segment};

const SERVERS: u64 = 4;
/// Ports 1024 to 65534: `ip_local_port_range` widened as far as it goes.
const PORTS: u64 = 64_511;

/// Who sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Client,
    Server,
}

struct End {
    mac: [u8; 6],
    address: [u8; 4],
    port: u16,
    id: u16,
    /// The next sequence number.
    next: u32,
    /// What it has received from the other end.
    received: u32,
    /// What its timestamp clock (1 ms) showed when the capture began.
    clock: u32,
    /// The other end's latest TSval.
    echo: u32,
    window: u16,
}

/// A connection between an nginx and a Tomcat.
pub(super) struct Connection {
    client: End,
    server: End,
}

impl Connection {
    /// The `number`-th connection: servers in turn, then ports scattered over their range, then another nginx.
    pub(super) fn new(number: u64, random: &mut Random) -> Self {
        let server = (number % SERVERS) as u8;
        let port = number / SERVERS;
        let host = (port / PORTS % 16) as u8;
        // 40503 and the number of ports have no common divisor: every port comes once before any comes again.
        let port = 1024 + (port % PORTS * 40_503 % PORTS) as u16;
        Self {
            client: End::new([10, 77, 0, 1 + host], port, 63, random),
            server: End::new([10, 77, 1, 11 + server], 8080, 64, random),
        }
    }

    /// Sends a segment from one end; it arrives before the other end sends again.
    pub(super) fn send<W: Write>(
        &mut self,
        capture: &mut Capture<W>,
        from: Side,
        flags: u8,
        payload: &[u8],
    ) -> io::Result<()> {
        let (sender, receiver) = match from {
            Side::Client => (&mut self.client, &mut self.server),
            Side::Server => (&mut self.server, &mut self.client),
        };
        let time = sender.clock.wrapping_add((capture.now() / 1000) as u32);
        capture.segment(&Segment {
            macs: (sender.mac, receiver.mac),
            addresses: (sender.address, receiver.address),
            ports: (sender.port, receiver.port),
            id: if flags == SYN | ACK { 0 } else { sender.id },
            sequence: sender.next,
            acknowledgment: if flags & ACK == 0 { 0 } else { sender.received },
            flags,
            window: if flags & SYN == 0 { sender.window } else { 64_240 },
            timestamps: (time, sender.echo),
            payload,
        })?;
        let phantom = u32::from(flags & (SYN | FIN) != 0);
        sender.id = sender.id.wrapping_add(1);
        sender.next = sender.next.wrapping_add(payload.len() as u32 + phantom);
        receiver.received = sender.next;
        receiver.echo = time;
        Ok(())
    }
}

impl End {
    fn new(address: [u8; 4], port: u16, window: u16, random: &mut Random) -> Self {
        Self {
            mac: [0x02, 0x42, address[0], address[1], address[2], address[3]],
            address,
            port,
            id: random.next() as u16,
            next: random.next() as u32,
            received: 0,
            clock: random.next() as u32,
            echo: 0,
            window,
        }
    }
}
