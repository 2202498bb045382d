//! Addresses, networks and ports as values of a query.

use std::net::IpAddr;

use crate::classify::Endpoint;

/// A network, an address (a network of one) or any address, and perhaps a port.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Net {
    network: Option<(IpAddr, u8)>,
    port: Option<u16>,
}

impl Net {
    /// `10.0.0.1`, `10.0.0.0/24`, either with `:8080`, `[2001:db8::1]:8080`, `:8080`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        if let Some(network) = network(text) {
            return Some(Self {
                network: Some(network),
                port: None,
            });
        }
        let (address, port) = text.rsplit_once(':')?;
        let port = port
            .bytes()
            .all(|b| b.is_ascii_digit())
            .then(|| port.parse().ok())??;
        let network = match address {
            "" => None,
            // Without brackets the last part of an IPv6 address is no port.
            bare if bare.contains(':') && !bare.starts_with('[') => return None,
            address => Some(network(address)?),
        };
        Some(Self {
            network,
            port: Some(port),
        })
    }

    pub(super) fn holds_end(self, end: Endpoint) -> bool {
        self.port.is_none_or(|port| port == end.port) && self.holds_network(end.address)
    }

    /// An address without port: one with a port is not asked for.
    pub(super) fn holds_address(self, address: IpAddr) -> bool {
        self.port.is_none() && self.holds_network(address)
    }

    fn holds_network(self, address: IpAddr) -> bool {
        match (self.network, address) {
            (None, _) => true,
            (Some((IpAddr::V4(net), len)), IpAddr::V4(v4)) => {
                let shift = 32 - u32::from(len);
                (u32::from(net) ^ u32::from(v4)).checked_shr(shift).unwrap_or(0) == 0
            }
            (Some((IpAddr::V6(net), len)), IpAddr::V6(v6)) => {
                let shift = 128 - u32::from(len);
                (u128::from(net) ^ u128::from(v6)).checked_shr(shift).unwrap_or(0) == 0
            }
            _ => false,
        }
    }
}

fn network(text: &str) -> Option<(IpAddr, u8)> {
    let (address, len) = match text.split_once('/') {
        None => (text, None),
        Some((address, len)) => (address, Some(len)),
    };
    let address = match address.strip_prefix('[') {
        Some(rest) => rest.strip_suffix(']')?,
        None => address,
    };
    let address: IpAddr = address.parse().ok()?;
    let longest = if address.is_ipv4() { 32 } else { 128 };
    let len = match len {
        None => longest,
        Some(len) => len.parse().ok().filter(|len| *len <= longest)?,
    };
    Some((address, len))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(net: &str, end: &str) -> bool {
        let end: std::net::SocketAddr = end.parse().unwrap();
        let end = Endpoint {
            address: end.ip(),
            port: end.port(),
        };
        Net::parse(net).unwrap().holds_end(end)
    }

    #[test]
    fn addresses_networks_and_ports() {
        for (net, end, expected) in [
            ("10.0.0.1", "10.0.0.1:80", true),
            ("10.0.0.1", "10.0.0.11:80", false),
            ("10.0.0.0/24", "10.0.0.255:1", true),
            ("10.0.0.0/24", "10.0.1.0:1", false),
            ("0.0.0.0/0", "255.255.255.255:1", true),
            ("0.0.0.0/0", "[::1]:1", false),
            ("10.0.0.1:80", "10.0.0.1:80", true),
            ("10.0.0.1:80", "10.0.0.1:8080", false),
            ("10.0.0.0/8:80", "10.9.9.9:80", true),
            (":80", "[2001:db8::1]:80", true),
            (":80", "10.0.0.1:81", false),
            ("2001:db8::/32", "[2001:db8:1::1]:80", true),
            ("2001:db8::/32", "[2001:db9::1]:80", false),
            ("::/0", "[2001:db9::1]:80", true),
            ("[2001:db8::1]:80", "[2001:db8::1]:80", true),
            ("[2001:db8::1]", "[2001:db8::1]:9", true),
        ] {
            assert_eq!(holds(net, end), expected, "{net} {end}");
        }
        for bad in [
            "",
            ":",
            "10",
            "10.0.0.1/33",
            "10.0.0.1:65536",
            "10.0.0.1:+1",
            "::1:x",
            "[::1",
            "x:80",
            "1.2.3.4/",
        ] {
            assert_eq!(Net::parse(bad), None, "{bad}");
        }
    }
}
