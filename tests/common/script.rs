//! From statements to packets: sequence numbers, acknowledgments, IP-IDs and timestamps are kept as hosts keep them.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};

use super::syntax::{Section, Statement, Word};
use super::wire::{ACK, FIN, PSH, Packet, RST, SYN};

/// Where packet time starts: a whole five minutes of the epoch, so that windows counted from either agree.
pub const START: i64 = 1_700_000_100_000_000_000;
const SECOND: f64 = 1e9;
const ROUND_TRIP: f64 = 0.0002;
const STEP: f64 = 0.0001;

/// The packets of a section, and the connections it named.
#[derive(Debug, Default)]
pub struct Capture {
    pub packets: Vec<Packet>,
    pub names: HashMap<String, Name>,
}

/// How a declared connection is found in the report: the how-manieth of its endpoints.
#[derive(Clone, Debug)]
pub struct Name {
    pub client: SocketAddr,
    pub server: SocketAddr,
    pub nth: usize,
}

/// Runs the statements of `section`.
pub fn capture(section: &Section) -> Capture {
    let mut script = Script::default();
    script.run(&section.statements);
    script.finish()
}

/// Parses and runs one section given as text.
pub fn capture_of(source: &str) -> Capture {
    let sections = super::syntax::sections(source);
    assert_eq!(sections.len(), 1, "one section");
    capture(&sections[0])
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Client = 0,
    Server = 1,
}

impl Side {
    fn other(self) -> Self {
        if self == Self::Client {
            Self::Server
        } else {
            Self::Client
        }
    }
}

struct Conn {
    ends: [SocketAddr; 2],
    isn: [u32; 2],
    next: [u32; 2],
    last_ip_id: [u16; 2],
    timestamp_echo: [u32; 2],
    last_payload: f64,
    vlan: Option<u16>,
    interface: u32,
    timestamps: bool,
    labels: HashMap<String, (Side, Packet)>,
}

struct Sent {
    captured: f64,
    shift: f64,
    packet: Packet,
}

#[derive(Default)]
struct Script {
    now: f64,
    /// Indices of the enclosing repetitions, innermost last.
    index: Vec<u64>,
    conns: HashMap<String, Conn>,
    declared: HashMap<(SocketAddr, SocketAddr), usize>,
    count: u32,
    ports: HashMap<IpAddr, u16>,
    ip_ids: HashMap<IpAddr, u16>,
    sent: Vec<Sent>,
    names: HashMap<String, Name>,
}

/// What stands behind the connection and side of a packet line.
#[derive(Default)]
struct Line {
    flags: Option<u8>,
    payload: Vec<u8>,
    options: HashMap<String, String>,
    again: Option<String>,
}

impl Script {
    fn run(&mut self, statements: &[Statement]) {
        for statement in statements {
            let words: Vec<Word> = statement.words.iter().map(|word| self.substitute(word)).collect();
            self.statement(statement, &words);
        }
    }

    fn substitute(&self, word: &Word) -> Word {
        let Some(&i) = self.index.last() else {
            return word.clone();
        };
        let outer = self.index.len().checked_sub(2).map_or(0, |at| self.index[at]);
        let replace = |text: &str| {
            text.replace("$hi", &(i / 250).to_string())
                .replace("$lo", &(i % 250 + 1).to_string())
                .replace("$i", &i.to_string())
                .replace("$outer", &outer.to_string())
        };
        let text = word.text.as_ref().map(|text| match std::str::from_utf8(text) {
            Ok(text) => replace(text).into_bytes(),
            Err(_) => text.clone(),
        });
        Word {
            plain: replace(&word.plain),
            text,
        }
    }

    fn statement(&mut self, statement: &Statement, words: &[Word]) {
        let line = statement.line;
        let plain: Vec<&str> = words.iter().map(|word| word.plain.as_str()).collect();
        match plain.as_slice() {
            ["conn", name, rest @ ..] => self.declare(name, rest, line),
            ["repeat", times, "every", period] => {
                let (start, period) = (self.now, number(period, line));
                let times = number(times, line) as u64;
                for i in 0..times {
                    self.now = start + period * i as f64;
                    self.index.push(i);
                    self.run(&statement.block);
                    self.index.pop();
                }
                self.now = self.now.max(start + period * times as f64);
            }
            ["at", time] => self.now = number(time, line),
            ["wait", time] => self.now += number(time, line),
            ["udp"] => self.udp(),
            ["open", name] => self.open(name),
            ["refuse", name] => {
                self.send(
                    name,
                    Side::Client,
                    &Line {
                        flags: Some(SYN),
                        ..Line::default()
                    },
                );
                self.now += ROUND_TRIP;
                self.send(
                    name,
                    Side::Server,
                    &Line {
                        flags: Some(RST | ACK),
                        ..Line::default()
                    },
                );
            }
            ["close", name, "by", who, rest @ ..] => self.close(name, who, rest, line),
            ["reset", name, "by", who, rest @ ..] => {
                self.idle(name, rest, line);
                self.send(
                    name,
                    side(who, line),
                    &Line {
                        flags: Some(RST | ACK),
                        ..Line::default()
                    },
                );
            }
            ["exchange", name, ..] => {
                let options = pairs(&words[2..]);
                self.ask(name, &options);
                self.now += options.get("think").map_or(0.002, |think| number(think, line));
                self.answer(name, &options);
                self.now += STEP;
                self.send(
                    name,
                    Side::Client,
                    &Line {
                        flags: Some(ACK),
                        ..Line::default()
                    },
                );
            }
            ["ask", name, ..] => self.ask(name, &pairs(&words[2..])),
            ["answer", name, ..] => self.answer(name, &pairs(&words[2..])),
            [time, name, who, ..] if time.starts_with(['+', '@']) => {
                let value = number(&time[1..], line);
                self.now = if time.starts_with('+') {
                    self.now + value
                } else {
                    value
                };
                let packet = packet_line(&words[3..], line);
                self.send(name, side(who, line), &packet);
            }
            _ => panic!("line {line}: what is {plain:?}?"),
        }
    }

    /// `conn NAME [CLIENT[:PORT|:*] -> SERVER:PORT] [client-isn=N] [server-isn=N] [vlan=N] [iface=N] [timestamps=no]`.
    fn declare(&mut self, name: &str, rest: &[&str], line: usize) {
        let (ends, options) = match rest {
            [client, "->", server, options @ ..] => ((*client, *server), options),
            options => (("10.0.0.1:*", "10.0.0.11:8080"), options),
        };
        let server: SocketAddr = ends
            .1
            .parse()
            .unwrap_or_else(|_| panic!("line {line}: address {}", ends.1));
        let client = match ends.0.strip_suffix(":*") {
            None => ends
                .0
                .parse()
                .unwrap_or_else(|_| panic!("line {line}: address {}", ends.0)),
            Some(host) => {
                let host: IpAddr = host.trim_matches(['[', ']']).parse().expect("an address");
                let port = self.ports.entry(host).or_insert(32_768);
                *port = if *port == 60_999 { 32_768 } else { *port + 1 };
                SocketAddr::new(host, *port)
            }
        };
        self.count += 1;
        let mut conn = Conn {
            ends: [client, server],
            isn: [
                self.count.wrapping_mul(2_654_435_761),
                self.count.wrapping_mul(1_640_531_527),
            ],
            next: [0; 2],
            last_ip_id: [0; 2],
            timestamp_echo: [0; 2],
            last_payload: self.now,
            vlan: None,
            interface: 0,
            timestamps: true,
            labels: HashMap::new(),
        };
        for option in options {
            match option.split_once('=') {
                Some(("client-isn", value)) => conn.isn[0] = number(value, line) as u32,
                Some(("server-isn", value)) => conn.isn[1] = number(value, line) as u32,
                Some(("vlan", value)) => conn.vlan = Some(number(value, line) as u16),
                Some(("iface", value)) => conn.interface = number(value, line) as u32,
                Some(("timestamps", "no")) => conn.timestamps = false,
                _ => panic!("line {line}: option {option}"),
            }
        }
        conn.next = [conn.isn[0].wrapping_add(1), conn.isn[1].wrapping_add(1)];
        let nth = self.declared.entry((client, server)).or_insert(0);
        self.names.insert(
            name.to_owned(),
            Name {
                client,
                server,
                nth: *nth,
            },
        );
        *nth += 1;
        self.conns.insert(name.to_owned(), conn);
    }

    fn conn(&mut self, name: &str) -> &mut Conn {
        self.conns
            .get_mut(name)
            .unwrap_or_else(|| panic!("connection {name} is not declared"))
    }

    fn open(&mut self, name: &str) {
        self.send(
            name,
            Side::Client,
            &Line {
                flags: Some(SYN),
                ..Line::default()
            },
        );
        self.now += ROUND_TRIP;
        self.send(
            name,
            Side::Server,
            &Line {
                flags: Some(SYN | ACK),
                ..Line::default()
            },
        );
        self.now += STEP;
        self.send(
            name,
            Side::Client,
            &Line {
                flags: Some(ACK),
                ..Line::default()
            },
        );
    }

    /// `idle T`: the next packet comes that long after the last payload.
    fn idle(&mut self, name: &str, rest: &[&str], line: usize) {
        match rest {
            [] => self.now += 0.001,
            ["idle", time] => self.now = self.conn(name).last_payload + number(time, line),
            _ => panic!("line {line}: {rest:?}"),
        }
    }

    fn close(&mut self, name: &str, who: &str, rest: &[&str], line: usize) {
        self.idle(name, rest, line);
        let fin = || Line {
            flags: Some(FIN | ACK),
            ..Line::default()
        };
        if who == "both" {
            // The FINs cross: neither acknowledges the other.
            self.send(name, Side::Server, &fin());
            self.now += STEP;
            let crossing = HashMap::from([("ack".to_owned(), "-1".to_owned())]);
            self.send(
                name,
                Side::Client,
                &Line {
                    options: crossing,
                    ..fin()
                },
            );
            for side in [Side::Client, Side::Server] {
                self.now += STEP;
                self.send(
                    name,
                    side,
                    &Line {
                        flags: Some(ACK),
                        ..Line::default()
                    },
                );
            }
            return;
        }
        let first = side(who, line);
        self.send(name, first, &fin());
        self.now += STEP;
        self.send(name, first.other(), &fin());
        self.now += STEP;
        self.send(
            name,
            first,
            &Line {
                flags: Some(ACK),
                ..Line::default()
            },
        );
    }

    fn ask(&mut self, name: &str, options: &HashMap<String, String>) {
        let get = |key: &str, default: &str| options.get(key).map_or(default.to_owned(), Clone::clone);
        let (method, path, version) = (get("method", "GET"), get("path", "/x"), get("version", "1.1"));
        let head = format!(
            "{method} {path} HTTP/{version}\r\nHost: {}\r\n{}\r\n",
            get("host", "h"),
            headers(options.get("req"))
        );
        self.now += STEP;
        self.send(
            name,
            Side::Client,
            &Line {
                payload: head.into_bytes(),
                ..Line::default()
            },
        );
    }

    fn answer(&mut self, name: &str, options: &HashMap<String, String>) {
        let get = |key: &str, default: &str| options.get(key).map_or(default.to_owned(), Clone::clone);
        let (status, version, length) = (
            get("status", "200"),
            get("answer-version", "1.1"),
            get("body", "2"),
        );
        let sized = if length == "none" {
            String::new()
        } else {
            format!("Content-Length: {length}\r\n")
        };
        let mut message = format!(
            "HTTP/{version} {status} Reason\r\n{sized}{}\r\n",
            headers(options.get("res"))
        )
        .into_bytes();
        message.resize(message.len() + length.parse().unwrap_or(0), b'x');
        for (n, part) in message.chunks(16_000).enumerate() {
            self.now += if n == 0 { 0.0 } else { STEP };
            self.send(
                name,
                Side::Server,
                &Line {
                    payload: part.to_vec(),
                    ..Line::default()
                },
            );
        }
    }

    fn send(&mut self, name: &str, from: Side, line: &Line) {
        let now = self.now;
        let interval = (now * 1000.0) as u32;
        let mut conn = self
            .conns
            .remove(name)
            .unwrap_or_else(|| panic!("connection {name} is not declared"));
        let (me, peer) = (from as usize, from.other() as usize);
        let sender = conn.ends[me].ip();
        let counter = self.ip_ids.entry(sender).or_insert(0);
        let option = |key: &str| line.options.get(key).map(String::as_str);
        let ip_id = match option("ipid") {
            Some("same") => conn.last_ip_id[me],
            Some(value) => value.parse().expect("an IP-ID"),
            None => {
                *counter = if *counter == u16::MAX { 1 } else { *counter + 1 };
                *counter
            }
        };
        conn.last_ip_id[me] = ip_id;
        let packet = match &line.again {
            Some(label) => {
                let (whose, packet) = conn
                    .labels
                    .get(label)
                    .unwrap_or_else(|| panic!("no label {label}"));
                assert!(*whose == from, "{label} was sent by the other side");
                let again = Packet {
                    time: 0,
                    ip_id,
                    ..packet.clone()
                };
                // A retransmission is stamped when it is sent; a copy of the same packet is not.
                let fresh = if option("ipid") == Some("same") {
                    again.timestamps
                } else {
                    again.timestamps.map(|(_, echo)| (stamp(me, interval), echo))
                };
                Packet {
                    timestamps: fresh,
                    ..again
                }
            }
            None => fresh_packet(&mut conn, from, line, ip_id, interval),
        };
        let payload = !packet.payload.is_empty() && option("seq").is_none();
        if payload && line.again.is_none() {
            conn.last_payload = now;
        }
        let packet = Packet {
            ttl: option("ttl").map_or(packet.ttl, |ttl| ttl.parse().expect("a TTL")),
            vlan: option("vlan").map_or(packet.vlan, |vlan| Some(vlan.parse().expect("a VLAN"))),
            interface: option("iface").map_or(packet.interface, |index| index.parse().expect("an interface")),
            cut_to: option("cut").map(|cut| cut.parse().expect("a length")),
            ..packet
        };
        if let Some((value, _)) = packet.timestamps {
            conn.timestamp_echo[peer] = value;
        }
        if let Some(label) = option("label") {
            conn.labels.insert(label.to_owned(), (from, packet.clone()));
        }
        self.conns.insert(name.to_owned(), conn);
        if line.options.contains_key("drop") {
            return;
        }
        self.record(packet, &line.options);
    }

    /// Puts a packet into the capture, and its copies (`dup=0.00004,0.0009`).
    fn record(&mut self, packet: Packet, options: &HashMap<String, String>) {
        let value = |key: &str| options.get(key).map_or(0.0, |text| number(text, 0));
        let captured = self.now + value("late");
        let shift = value("stamp");
        for delay in options.get("dup").iter().flat_map(|list| list.split(',')) {
            let mut copy = packet.clone();
            if let Some(ttl) = options.get("dup-ttl") {
                copy.ttl = ttl.parse().expect("a TTL");
            }
            if let Some(interface) = options.get("dup-iface") {
                copy.interface = interface.parse().expect("an interface");
            }
            self.sent.push(Sent {
                captured: captured + number(delay, 0),
                shift,
                packet: copy,
            });
        }
        self.sent.push(Sent {
            captured,
            shift,
            packet,
        });
    }

    fn udp(&mut self) {
        let nowhere: SocketAddr = "192.0.2.1:9".parse().expect("an address");
        let packet = Packet {
            time: 0,
            src: nowhere,
            dst: nowhere,
            ip_id: 0,
            ttl: 0,
            seq: 0,
            ack: 0,
            flags: 0,
            timestamps: None,
            payload: Vec::new(),
            vlan: None,
            interface: 0,
            cut_to: None,
            udp: true,
        };
        self.sent.push(Sent {
            captured: self.now,
            shift: 0.0,
            packet,
        });
    }

    fn finish(mut self) -> Capture {
        self.sent.sort_by(|a, b| a.captured.total_cmp(&b.captured));
        let packets = self.sent.into_iter().map(|sent| {
            // Whole microseconds: what a plain pcap file can hold.
            let micros = ((sent.captured + sent.shift) * SECOND / 1000.0).round() as i64;
            Packet {
                time: START + micros * 1000,
                ..sent.packet
            }
        });
        Capture {
            packets: packets.collect(),
            names: self.names,
        }
    }
}

fn fresh_packet(conn: &mut Conn, from: Side, line: &Line, ip_id: u16, interval: u32) -> Packet {
    let (me, peer) = (from as usize, from.other() as usize);
    let flags = line
        .flags
        .unwrap_or(if line.payload.is_empty() { ACK } else { PSH | ACK });
    let start = if flags & SYN == 0 {
        conn.next[me]
    } else {
        conn.isn[me]
    };
    let length = line.payload.len() as u32 + u32::from(flags & SYN != 0) + u32::from(flags & FIN != 0);
    let (seq, moves) = match line.options.get("seq") {
        None => (start, true),
        Some(text) if text.starts_with(['+', '-']) => (relative(start, text), false),
        Some(text) => (text.parse().expect("a sequence number"), false),
    };
    if moves && flags & RST == 0 {
        let end = seq.wrapping_add(length);
        if end.wrapping_sub(conn.next[me]) < 1 << 31 {
            conn.next[me] = end;
        }
    }
    let ack = match line.options.get("ack") {
        _ if flags & ACK == 0 => 0,
        None => conn.next[peer],
        Some(text) if text.starts_with(['+', '-']) => relative(conn.next[peer], text),
        Some(text) => text.parse().expect("an acknowledgment number"),
    };
    let timestamps = (conn.timestamps && flags & RST == 0).then(|| {
        (
            stamp(me, interval),
            if flags & ACK == 0 {
                0
            } else {
                conn.timestamp_echo[me]
            },
        )
    });
    Packet {
        time: 0,
        src: conn.ends[me],
        dst: conn.ends[peer],
        ip_id,
        ttl: 64,
        seq,
        ack,
        flags,
        timestamps,
        payload: line.payload.clone(),
        vlan: conn.vlan,
        interface: conn.interface,
        cut_to: None,
        udp: false,
    }
}

fn stamp(side: usize, interval: u32) -> u32 {
    interval.wrapping_add(if side == 0 { 1_000_000 } else { 7_000_000 })
}

fn relative(base: u32, text: &str) -> u32 {
    base.wrapping_add(text.parse::<i64>().expect("a distance") as u32)
}

fn headers(given: Option<&String>) -> String {
    given.map_or(String::new(), |lines| format!("{}\r\n", lines.trim_end()))
}

fn number(text: &str, line: usize) -> f64 {
    text.parse()
        .unwrap_or_else(|_| panic!("line {line}: {text:?} is no number"))
}

fn side(text: &str, line: usize) -> Side {
    match text {
        "C" | "client" => Side::Client,
        "S" | "server" => Side::Server,
        _ => panic!("line {line}: {text:?} is neither client nor server"),
    }
}

fn pairs(words: &[Word]) -> HashMap<String, String> {
    let pair = |word: &Word| {
        let (key, value) = word.plain.split_once('=').unwrap_or((word.plain.as_str(), ""));
        let text = word
            .text
            .as_ref()
            .map(|text| String::from_utf8_lossy(text).into_owned());
        (key.to_owned(), text.unwrap_or_else(|| value.to_owned()))
    };
    words.iter().map(pair).collect()
}

fn packet_line(words: &[Word], line: usize) -> Line {
    let mut out = Line::default();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        if let Some(text) = &word.text
            && word.plain.is_empty()
        {
            out.payload.extend_from_slice(text);
        } else if let Some(count) = word.plain.strip_prefix('*') {
            out.payload
                .resize(out.payload.len() + number(count, line) as usize, b'x');
        } else if let Some(digits) = word.plain.strip_prefix("hex:") {
            out.payload.extend(bytes_of(digits));
        } else if let Some(frame) = word.plain.strip_prefix("h2:") {
            out.payload.extend(http2_frame(frame, line));
        } else if word.plain == "again" {
            out.again = Some(words.next().expect("a label").plain.clone());
        } else if word.plain == "drop" || word.plain.contains('=') {
            out.options.extend(pairs(std::slice::from_ref(word)));
        } else {
            out.flags = Some(
                word.plain
                    .split('|')
                    .fold(0, |flags, name| flags | flag(name, line)),
            );
        }
    }
    out
}

fn bytes_of(digits: &str) -> Vec<u8> {
    let digit = |at: usize| u8::from_str_radix(&digits[at..at + 2], 16).expect("hexadecimal digits");
    (0..digits.len()).step_by(2).map(digit).collect()
}

/// `PREFACE`, or `KIND/FLAGS/STREAM/PAYLOAD` with flags and payload in hexadecimal digits (RFC 9113 section 4.1).
fn http2_frame(text: &str, line: usize) -> Vec<u8> {
    const KINDS: [&str; 10] = [
        "DATA",
        "HEADERS",
        "PRIORITY",
        "RST_STREAM",
        "SETTINGS",
        "PUSH_PROMISE",
        "PING",
        "GOAWAY",
        "WINDOW_UPDATE",
        "CONTINUATION",
    ];
    if text == "PREFACE" {
        return b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
    }
    let mut parts = text.split('/');
    let mut next = || parts.next().unwrap_or_default();
    let (kind, flags, stream, payload) = (next(), next(), next(), bytes_of(next()));
    let kind = KINDS.iter().position(|name| *name == kind);
    let kind = kind.unwrap_or_else(|| panic!("line {line}: frame {text}")) as u8;
    let flags = u8::from_str_radix(flags, 16).expect("hexadecimal flags");
    let stream = number(stream, line) as u32;
    let length = (payload.len() as u32).to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), &payload].concat()
}

fn flag(name: &str, line: usize) -> u8 {
    match name {
        "FIN" => FIN,
        "SYN" => SYN,
        "RST" => RST,
        "PSH" => PSH,
        "ACK" => ACK,
        _ => panic!("line {line}: flag {name:?}"),
    }
}
