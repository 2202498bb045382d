//! `--anonymize`: a report that can be shared. The same address, host or path has the same replacement in every output
//! of a run, also inside sentences; what it was can't be computed from the replacement, which is only a number.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::classify::{ConnectionFacts, Endpoint};
use crate::diagnose::expect::Outcome;
use crate::diagnose::{
    CheckSeries, ConnectionRecord, ExchangeRecord, Ladder, Leg, LegName, Limit, MessageKind, OwnHost,
    Snapshot,
};

/// IPv4 replacements come from the block for benchmarks (RFC 2544), which no real network uses ...
const V4_FIRST: u32 = u32::from_be_bytes([198, 18, 0, 1]);
const V4_COUNT: u32 = (1 << 17) - 2;
/// ... and, beyond its 131,070, from the reserved class E (RFC 1112).
const V4_MORE: u32 = u32::from_be_bytes([240, 0, 0, 1]);
/// IPv6 replacements come from the block for documentation (RFC 3849).
const V6_FIRST: u128 = 0x2001_0db8 << 96;

/// Replaces what names hosts and paths.
#[derive(Debug, Default)]
pub struct Anonymizer {
    v4: BTreeMap<Ipv4Addr, Ipv4Addr>,
    v6: BTreeMap<Ipv6Addr, Ipv6Addr>,
    hosts: BTreeMap<String, String>,
    paths: BTreeMap<String, String>,
    files: BTreeMap<String, String>,
}

/// What stands for `name`: `KIND-1`, `KIND-2` ... in order of first appearance.
fn numbered(known: &mut BTreeMap<String, String>, name: &str, kind: &str) -> String {
    let next = known.len() + 1;
    known
        .entry(name.to_owned())
        .or_insert_with(|| format!("{kind}-{next}"))
        .clone()
}

impl Anonymizer {
    /// The replacement of an address. Loopback, multicast and unspecified ones say nothing and stay.
    pub fn address(&mut self, address: IpAddr) -> IpAddr {
        if address.is_loopback() || address.is_unspecified() || address.is_multicast() {
            return address;
        }
        match address {
            IpAddr::V4(v4) => {
                let n = self.v4.len() as u32;
                let fresh = if n < V4_COUNT {
                    V4_FIRST + n
                } else {
                    V4_MORE.saturating_add(n - V4_COUNT)
                };
                (*self.v4.entry(v4).or_insert(fresh.into())).into()
            }
            IpAddr::V6(v6) => {
                let fresh = V6_FIRST + self.v6.len() as u128 + 1;
                (*self.v6.entry(v6).or_insert(fresh.into())).into()
            }
        }
    }

    fn endpoint(&mut self, end: &mut Endpoint) {
        end.address = self.address(end.address);
    }

    fn host(&mut self, host: &mut Option<String>) {
        if let Some(name) = host {
            *name = numbered(&mut self.hosts, name, "host");
        }
    }

    /// One exchange with its addresses and host replaced and its target dropped.
    #[must_use]
    pub fn exchange(&mut self, exchange: &ExchangeRecord) -> ExchangeRecord {
        let mut hidden = exchange.clone();
        self.endpoint(&mut hidden.client);
        self.endpoint(&mut hidden.server);
        self.host(&mut hidden.host);
        hidden.target.clear();
        hidden
    }

    /// Replaces the addresses of a connection and leaves of its start lines method, version and status.
    pub fn ladder(&mut self, ladder: &mut Ladder) {
        self.record(&mut ladder.connection);
        for packet in &mut ladder.notes.packets {
            for message in &mut packet.messages {
                let mut words: Vec<&str> = message.line.split_whitespace().collect();
                if message.kind == MessageKind::Request && words.len() > 1 {
                    let version = words.split_off(1).pop().filter(|last| last.starts_with("HTTP/"));
                    words.extend(version);
                }
                message.line = words.join(" ").into();
            }
        }
    }

    fn record(&mut self, record: &mut ConnectionRecord) {
        self.facts(&mut record.facts);
    }

    /// Replaces the addresses of a connection.
    pub fn facts(&mut self, facts: &mut ConnectionFacts) {
        self.endpoint(&mut facts.client);
        self.endpoint(&mut facts.server);
        if let Some(seldom) = facts.seldom.as_deref_mut() {
            if let Some(source) = seldom.proxied_for.as_mut() {
                self.endpoint(source);
            }
            seldom.tls = None;
        }
        facts.asked = None;
    }

    /// Replaces everything in `snapshot`; sentences last, when all names are known.
    pub fn snapshot(&mut self, snapshot: &mut Snapshot) {
        for leg in &mut snapshot.legs {
            self.leg(leg);
        }
        for host in &mut snapshot.hosts {
            host.address = self.address(host.address);
            host.ports
                .iter_mut()
                .chain(host.actual.iter_mut().flat_map(|actual| &mut actual.ports))
                .for_each(|ports| self.endpoint(&mut ports.to));
        }
        for tier in &mut snapshot.tiers {
            self.endpoint(&mut tier.front);
            tier.back = self.address(tier.back);
            let legs = tier.before.legs.iter_mut().chain(&mut tier.behind.legs);
            legs.for_each(|name| self.name(name));
        }
        if let Some(own) = &mut snapshot.own_host {
            self.own_host(own);
        }
        for pool in &mut snapshot.pools {
            pool.client = self.address(pool.client);
            pool.servers.iter_mut().for_each(|server| self.endpoint(server));
        }
        for record in snapshot.connections.iter_mut().flatten() {
            self.record(record);
        }
        for source in &mut snapshot.capture.sources {
            let base = source
                .name
                .rsplit(['/', '\\'])
                .next()
                .unwrap_or_default()
                .to_owned();
            if base != source.name {
                self.files
                    .insert(std::mem::replace(&mut source.name, base.clone()), base);
            }
        }
        let capture = &mut snapshot.capture;
        let of_sources = capture
            .sources
            .iter_mut()
            .flat_map(|source| source.warnings.iter_mut());
        let of_legs = snapshot
            .legs
            .iter_mut()
            .flat_map(|leg| leg.verdict.reasons.iter_mut());
        let rest = snapshot
            .verdict
            .reasons
            .iter_mut()
            .chain(&mut capture.warnings)
            .chain(&mut snapshot.not_seen);
        for sentence in rest
            .chain(capture.filter.iter_mut())
            .chain(
                snapshot
                    .narrowed
                    .iter_mut()
                    .map(|narrowed| &mut narrowed.expression),
            )
            .chain(of_sources)
            .chain(of_legs)
        {
            *sentence = self.sentence(sentence);
        }
    }

    /// Replaces the addresses in judged expectations.
    pub fn outcomes(&mut self, outcomes: &mut [Outcome]) {
        for leg in outcomes.iter_mut().filter_map(|outcome| outcome.leg.as_mut()) {
            *leg = self.sentence(leg);
        }
    }

    fn name(&mut self, name: &mut LegName) {
        name.client = name.client.map(|client| self.address(client));
        if let Some(server) = &mut name.server {
            self.endpoint(server);
        }
    }

    /// Addresses that are ends of no leg are left out.
    fn own_host(&mut self, own: &mut OwnHost) {
        own.addresses
            .iter_mut()
            .for_each(|address| *address = self.address(*address));
        own.view.addresses.clone_from(&own.addresses);
        own.legs.iter_mut().for_each(|leg| self.name(&mut leg.name));
        for near in &mut own.near {
            if let Limit::Ports(name) = &mut near.limit {
                self.name(name);
            }
        }
    }

    fn leg(&mut self, leg: &mut Leg) {
        self.name(&mut leg.name);
        if let Some(other) = &mut leg.paired_with {
            self.name(other);
        }
        for part in &mut leg.by_prefix {
            self.host(&mut part.host);
            if let Some(prefix) = part.prefix.as_mut().filter(|prefix| *prefix != "*") {
                *prefix = format!("/{}", numbered(&mut self.paths, prefix, "path"));
            }
        }
        if let Some(name) = leg
            .figures
            .counts
            .tls
            .server_name
            .as_mut()
            .filter(|name| &***name != "*")
        {
            *name = numbered(&mut self.hosts, name, "host").into_boxed_str();
        }
        leg.checks.iter_mut().for_each(|series| self.checks(series));
    }

    fn checks(&mut self, series: &mut CheckSeries) {
        series.source = self.address(series.source);
        if let Some(line) = &mut series.target {
            let (method, target) = line.split_once(' ').unwrap_or(("", line));
            let path = format!("/{}", numbered(&mut self.paths, target, "path"));
            *line = if method.is_empty() {
                path
            } else {
                format!("{method} {path}")
            };
        }
    }

    /// A sentence with every file, host, path and address in it replaced.
    fn sentence(&mut self, text: &str) -> String {
        let mut text = text.to_owned();
        let mut names: Vec<(&String, String)> = self
            .files
            .iter()
            .map(|(name, base)| (name, base.clone()))
            .collect();
        names.extend(self.hosts.iter().map(|(name, number)| (name, number.clone())));
        names.extend(
            self.paths
                .iter()
                .map(|(name, number)| (name, format!("/{number}"))),
        );
        names.retain(|(name, _)| name.len() > 1);
        names.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
        for (name, replacement) in names {
            text = replace_whole(&text, name, &replacement);
        }
        self.addresses(&text)
    }

    /// Replaces whatever reads as an address: `10.0.0.1`, `10.0.0.1:80`, `[2001:db8::1]:80`, `2001:db8::1`.
    fn addresses(&mut self, text: &str) -> String {
        let is_part = |c: char| c.is_ascii_hexdigit() || c == '.' || c == ':';
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(start) = rest.find(is_part) {
            let (before, tail) = rest.split_at(start);
            let len = tail.find(|c| !is_part(c)).unwrap_or(tail.len());
            let (word, after) = tail.split_at(len);
            let touches = before.ends_with(|c: char| c.is_alphanumeric() || c == '-' || c == '_');
            let glued = touches && !word.starts_with(':');
            out.push_str(before);
            out.push_str(&if glued { word.to_owned() } else { self.word(word) });
            rest = after;
        }
        out + rest
    }

    fn word(&mut self, word: &str) -> String {
        // `server:10.0.0.1`; an IPv6 address may begin with two.
        if let Some(rest) = word.strip_prefix(':').filter(|rest| !rest.starts_with(':')) {
            return format!(":{}", self.word(rest));
        }
        // The end of a sentence, or `ADDRESS:PORT: ...`.
        let bare = word.trim_end_matches(['.', ':']);
        let tail = word.get(bare.len()..).unwrap_or_default();
        if let Ok(address) = bare.parse::<IpAddr>() {
            return format!("{}{tail}", self.address(address));
        }
        if let Some((address, port)) = bare.split_once(':')
            && let Ok(address) = address.parse::<Ipv4Addr>()
        {
            return format!("{}:{port}{tail}", self.address(address.into()));
        }
        word.to_owned()
    }
}

/// Replaces `name` where it is not part of a longer word.
fn replace_whole(text: &str, name: &str, replacement: &str) -> String {
    let is_word = |c: char| c.is_alphanumeric() || c == '-' || c == '_';
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    let mut previous = None;
    while let Some(at) = rest.find(name) {
        let (before, tail) = rest.split_at(at);
        let after = tail.get(name.len()..).unwrap_or_default();
        let left = before.chars().next_back().or(previous);
        let touches_left = left.is_some_and(is_word) && name.starts_with(is_word);
        let touches_right = after.starts_with(is_word) && name.ends_with(is_word);
        out.push_str(before);
        out.push_str(if touches_left || touches_right {
            name
        } else {
            replacement
        });
        previous = name.chars().next_back();
        rest = after;
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{feed, fixture, html, json, lines, text};

    #[test]
    fn the_same_address_has_the_same_replacement_everywhere() {
        let mut anonymizer = Anonymizer::default();
        let hidden = anonymizer.exchange(&fixture::exchange());
        let mut snapshot = fixture::mixed();
        anonymizer.snapshot(&mut snapshot);
        assert_eq!(snapshot.legs[0].name.client, Some(hidden.client.address));
        assert_eq!(
            snapshot.legs[0].name.server.unwrap().address,
            hidden.server.address
        );
        assert_eq!(hidden.client.address, IpAddr::from([198, 18, 0, 1]));
        assert_eq!(snapshot.legs[1].by_prefix[0].host, hidden.host);
    }

    #[test]
    fn nothing_of_the_network_is_left_in_any_output() {
        let mut anonymizer = Anonymizer::default();
        let mut snapshot = fixture::live();
        snapshot
            .verdict
            .reasons
            .push("/api of shop.example on 10.77.0.12:8080. See 2001:db8:77:1::1".into());
        snapshot.capture.filter = Some("host 10.77.0.1 or net 10.77.0.0/24".into());
        snapshot
            .capture
            .warnings
            .push("/srv/dumps/bond0.pcap.gz: cut at byte 12".into());
        let mut all = Vec::new();
        lines::exchange(&mut all, &anonymizer.exchange(&fixture::exchange()), true).unwrap();
        anonymizer.snapshot(&mut snapshot);
        json::write(&mut all, &snapshot, &[]).unwrap();
        feed::list(&mut all, feed::Format::Csv, &snapshot).unwrap();
        feed::list(&mut all, feed::Format::Ndjson, &snapshot).unwrap();
        let options = text::Options {
            width: 100,
            color: false,
            zone: jiff::tz::TimeZone::UTC,
            explain: false,
        };
        text::write(&mut all, &snapshot, &[], &options).unwrap();
        let options = html::Options { zone: options.zone };
        html::write(&mut all, &snapshot, &[], html::Packets::None(""), &options).unwrap();
        let all = String::from_utf8(all).unwrap();
        for secret in [
            "10.77.", "77:1", "shop", "/api", "/static", "/health", "/srv", "token",
        ] {
            assert!(
                !all.contains(secret),
                "{secret}: {}",
                all.lines().find(|line| line.contains(secret)).unwrap()
            );
        }
        assert!(all.contains("cut at byte 12") && all.contains("bond0.pcap.gz"));
    }

    #[test]
    fn times_versions_and_words_are_no_addresses() {
        let mut anonymizer = Anonymizer::default();
        for text in [
            "at 10:00:05.5 HTTP/1.1 took 0.5 s",
            "add a face: cafe",
            "v1.2.3",
            "x10.0.0.1",
        ] {
            assert_eq!(anonymizer.addresses(text), text);
        }
        assert_eq!(
            anonymizer.addresses("[fe80::1]:80: down."),
            "[2001:db8::1]:80: down."
        );
        assert_eq!(anonymizer.addresses("127.0.0.1:80"), "127.0.0.1:80");
        assert_eq!(
            anonymizer.addresses("server:fe80::1 !client:10.0.0.1:80 ::2"),
            "server:2001:db8::1 !client:198.18.0.1:80 2001:db8::2"
        );
    }
}
