//! The sockets of this namespace, asked of the kernel by sock_diag(7), which answers far faster than `/proc/net/tcp`.

use std::collections::{HashMap, HashSet};
use std::io;
use std::net::IpAddr;

use netlink_packet_core::{
    NLM_F_DUMP, NLM_F_REQUEST, NLMSG_DONE, NLMSG_ERROR, NetlinkBuffer, NetlinkHeader, NetlinkMessage,
    Parseable,
};
use netlink_packet_sock_diag::constants::{AF_INET, AF_INET6, IPPROTO_TCP};
use netlink_packet_sock_diag::inet::{ExtensionFlags, InetRequest, InetResponseHeader, SocketId, StateFlags};
use netlink_packet_sock_diag::{SOCK_DIAG_BY_FAMILY, SockDiagMessage};
use netlink_sys::protocols::NETLINK_SOCK_DIAG;
use netlink_sys::{Socket, SocketAddr};

use super::held::{Held, OwnLeg, Side, State, States};
use crate::classify::Endpoint;
use crate::limits::{HOST_LEGS, HOST_LISTENERS};

/// The kernel answers in pieces of at most 32 KiB.
const PIECE: usize = 64 << 10;

/// Sockets by state and by leg.
pub(super) struct Sockets {
    socket: Socket,
    piece: Vec<u8>,
    /// Ports that something listens on, or did: a socket with one of them is the server's. The address is `None` for any.
    listening: HashSet<(Option<IpAddr>, u16)>,
    pub(super) legs: HashMap<OwnLeg, Held>,
    pub(super) incomplete: bool,
}

impl Sockets {
    pub(super) fn open() -> io::Result<Self> {
        let mut socket = Socket::new(NETLINK_SOCK_DIAG)?;
        socket.bind_auto()?;
        socket.connect(&SocketAddr::new(0, 0))?;
        Ok(Self {
            socket,
            piece: Vec::with_capacity(PIECE),
            listening: HashSet::new(),
            legs: HashMap::new(),
            incomplete: false,
        })
    }

    /// Notes what there is as what there was at the beginning.
    pub(super) fn begin(&mut self) {
        for held in self.legs.values_mut() {
            held.start = held.now;
        }
    }

    /// Looks at all sockets; returns how many are in each state.
    pub(super) fn look(&mut self) -> io::Result<States> {
        let mut listening = std::mem::take(&mut self.listening);
        let heard = self.dump(&StateFlags::LISTEN, |own, _, _| {
            if listening.len() < HOST_LISTENERS {
                let address = (!own.address.is_unspecified()).then_some(own.address);
                listening.insert((address, own.port));
            }
        });
        self.listening = listening;
        heard?;
        let mut legs = std::mem::take(&mut self.legs);
        for held in legs.values_mut() {
            held.now = States::default();
        }
        if legs.len() >= HOST_LEGS {
            legs.retain(|_, held| held.now.total() > 0);
        }
        let listening = std::mem::take(&mut self.listening);
        let (mut all, mut left_out) = (States::default(), false);
        let connected = StateFlags::all().difference(StateFlags::LISTEN | StateFlags::CLOSE);
        let looked = self.dump(&connected, |own, peer, state| {
            all.count(state);
            let leg = leg(&listening, own, peer);
            if legs.len() < HOST_LEGS || legs.contains_key(&leg) {
                legs.entry(leg).or_default().now.count(state);
            } else {
                left_out = true;
            }
        });
        for held in legs.values_mut() {
            if held.now.total() > held.most.total() {
                held.most = held.now;
            }
        }
        (self.legs, self.listening) = (legs, listening);
        self.incomplete |= left_out;
        looked.map(|()| all)
    }

    /// Tells own end, peer and state of each socket in one of `states`; who listens counts as established.
    fn dump(
        &mut self,
        states: &StateFlags,
        mut tell: impl FnMut(Endpoint, Endpoint, State),
    ) -> io::Result<()> {
        for (family, socket_id) in [(AF_INET, SocketId::new_v4()), (AF_INET6, SocketId::new_v6())] {
            self.ask(InetRequest {
                family,
                protocol: IPPROTO_TCP,
                extensions: ExtensionFlags::empty(),
                states: states.clone(),
                socket_id,
            })?;
            while self.answer(&mut tell)? {}
        }
        Ok(())
    }

    fn ask(&mut self, request: InetRequest) -> io::Result<()> {
        let mut header = NetlinkHeader::default();
        header.flags = NLM_F_REQUEST | NLM_F_DUMP;
        let mut message = NetlinkMessage::new(header, SockDiagMessage::InetRequest(request).into());
        message.finalize();
        let mut bytes = vec![0; message.buffer_len()];
        message.serialize(&mut bytes);
        self.socket.send(&bytes, 0).map(|_| ())
    }

    /// One piece of the answer; returns whether there is more.
    fn answer(&mut self, tell: &mut impl FnMut(Endpoint, Endpoint, State)) -> io::Result<bool> {
        self.piece.clear();
        self.socket.recv(&mut self.piece, 0)?;
        let mut rest = self.piece.as_slice();
        while !rest.is_empty() {
            let message = NetlinkBuffer::new_checked(rest).map_err(io::Error::other)?;
            match message.message_type() {
                NLMSG_DONE => return Ok(false),
                NLMSG_ERROR => return Err(refusal(message.payload())),
                SOCK_DIAG_BY_FAMILY => {
                    let socket = InetResponseHeader::parse(message.payload()).map_err(io::Error::other)?;
                    let id = &socket.socket_id;
                    let own = end(id.source_address, id.source_port);
                    let peer = end(id.destination_address, id.destination_port);
                    tell(
                        own,
                        peer,
                        State::from_kernel(socket.state).unwrap_or(State::Established),
                    );
                }
                _ => {}
            }
            // Messages begin at multiples of four.
            let length = (message.length() as usize).next_multiple_of(4);
            rest = rest.get(length..).unwrap_or_default();
        }
        Ok(true)
    }
}

/// The kernel's refusal: a negative errno.
fn refusal(payload: &[u8]) -> io::Error {
    let code = payload.first_chunk().map_or(0, |code| i32::from_ne_bytes(*code));
    io::Error::from_raw_os_error(code.saturating_neg())
}

/// IPv4 through a socket for both families reads as IPv4, as on the wire.
fn end(address: IpAddr, port: u16) -> Endpoint {
    Endpoint {
        address: address.to_canonical(),
        port,
    }
}

fn leg(listening: &HashSet<(Option<IpAddr>, u16)>, own: Endpoint, peer: Endpoint) -> OwnLeg {
    let is_server =
        listening.contains(&(None, own.port)) || listening.contains(&(Some(own.address), own.port));
    if is_server {
        OwnLeg {
            side: Side::Server,
            client: peer.address,
            server: own,
        }
    } else {
        OwnLeg {
            side: Side::Client,
            client: own.address,
            server: peer,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, TcpStream};

    use super::*;

    #[test]
    fn both_ends_of_a_connection_on_this_host_are_found() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server = listener.local_addr().unwrap();
        let _client = TcpStream::connect(server).unwrap();
        let _accepted = listener.accept().unwrap();
        let mut sockets = Sockets::open().unwrap();
        let all = sockets.look().unwrap();
        assert!(all.of(State::Established) >= 2, "{all:?}");
        for side in [Side::Client, Side::Server] {
            let leg = OwnLeg {
                side,
                client: server.ip(),
                server: end(server.ip(), server.port()),
            };
            let held = sockets.legs[&leg];
            assert_eq!(held.now.of(State::Established), 1, "{side:?}: {held:?}");
            assert_eq!(held.most, held.now);
        }
    }

    #[test]
    fn ipv4_through_an_ipv6_socket_is_ipv4() {
        let listener = TcpListener::bind("[::]:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let _client = TcpStream::connect(("127.0.0.1", port)).unwrap();
        let mut sockets = Sockets::open().unwrap();
        sockets.look().unwrap();
        let leg = OwnLeg {
            side: Side::Server,
            client: IpAddr::from([127, 0, 0, 1]),
            server: end(IpAddr::from([127, 0, 0, 1]), port),
        };
        assert_eq!(sockets.legs[&leg].now.total(), 1);
    }

    #[test]
    fn a_refusal_is_the_kernels() {
        let error = refusal(&(-13_i32).to_ne_bytes());
        assert_eq!(error.kind(), io::ErrorKind::PermissionDenied);
    }
}
