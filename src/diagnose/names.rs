//! How endpoints and legs are written in every output.

use std::net::IpAddr;

use super::snapshot::{LegClient, LegName};
use crate::classify::Endpoint;

/// `10.0.0.1:8080`, `[2001:db8::1]:8080` (RFC 3986 section 3.2.2).
#[must_use]
pub fn endpoint(end: &Endpoint) -> String {
    match end.address {
        IpAddr::V4(address) => format!("{address}:{}", end.port),
        IpAddr::V6(address) => format!("[{address}]:{}", end.port),
    }
}

/// A leg's client, `*` for all beyond the number kept apart.
#[must_use]
pub fn client(client: LegClient) -> String {
    client.map_or_else(|| "*".to_owned(), |address| address.to_string())
}

/// A leg's server, `*` for all beyond the number kept apart.
#[must_use]
pub fn server(server: Option<&Endpoint>) -> String {
    server.map_or_else(|| "*".to_owned(), endpoint)
}

/// `CLIENT -> SERVER:PORT`.
#[must_use]
pub fn leg(name: &LegName) -> String {
    format!("{} -> {}", client(name.client), server(name.server.as_ref()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ipv6_endpoints_are_bracketed_and_unknown_ends_are_stars() {
        let v6 = Endpoint {
            address: "2001:db8::1".parse().unwrap(),
            port: 80,
        };
        assert_eq!(endpoint(&v6), "[2001:db8::1]:80");
        assert_eq!(
            leg(&LegName {
                client: None,
                server: Some(v6)
            }),
            "* -> [2001:db8::1]:80"
        );
        assert_eq!(
            leg(&LegName {
                client: Some("10.0.0.1".parse().unwrap()),
                server: None
            }),
            "10.0.0.1 -> *"
        );
    }
}
