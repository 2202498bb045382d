//! The PROXY protocol, versions 1 and 2 (haproxy's proxy-protocol.txt): a header in front of the first message names
//! the client that the sender forwards for.

use std::net::{IpAddr, SocketAddr};

/// The longest line of version 1, its end included (section 2.1).
const LINE_BYTES: usize = 107;
/// How version 2 begins (section 2.2).
const SIGNATURE: &[u8; 12] = b"\r\n\r\n\0\r\nQUIT\n";
/// Signature, version and command, family, length.
const FIXED_BYTES: usize = 16;

/// What the beginning of a client's stream is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Header {
    /// More bytes are needed, at most [`LINE_BYTES`].
    Partial,
    /// A header.
    Complete {
        /// The real client; `None` for UNKNOWN and LOCAL, and where it is no TCP endpoint.
        source: Option<SocketAddr>,
        /// How long the header is; of version 2 its end may be beyond the bytes given.
        length: usize,
    },
    /// No header.
    Absent,
}

/// Looks at the first bytes of a stream.
pub(super) fn read(bytes: &[u8]) -> Header {
    const NAME: &[u8] = b"PROXY ";
    let shared = |with: &[u8]| with.starts_with(bytes) || bytes.starts_with(with);
    if shared(NAME) {
        line(bytes)
    } else if shared(SIGNATURE) {
        binary(bytes)
    } else {
        Header::Absent
    }
}

/// Whether a header surely begins here.
pub(super) fn begins(bytes: &[u8]) -> bool {
    let version_2 = bytes.strip_prefix(SIGNATURE).and_then(|rest| rest.first());
    version_2.is_some_and(|byte| byte >> 4 == 2)
        || [&b"PROXY TCP4 "[..], b"PROXY TCP6 ", b"PROXY UNKNOWN"]
            .iter()
            .any(|start| bytes.starts_with(start))
}

/// `PROXY TCP4 192.0.2.1 198.51.100.1 56324 443` and its line end.
fn line(bytes: &[u8]) -> Header {
    let window = &bytes[..bytes.len().min(LINE_BYTES)];
    let Some(end) = window.iter().position(|byte| *byte == b'\n') else {
        return if bytes.len() < LINE_BYTES {
            Header::Partial
        } else {
            Header::Absent
        };
    };
    let text = std::str::from_utf8(&window[..end]).ok();
    let Some(text) = text.and_then(|text| text.strip_suffix('\r')) else {
        return Header::Absent;
    };
    let mut words = text.split(' ').skip(1);
    let family = words.next();
    let source = match family {
        Some("UNKNOWN") => None,
        Some("TCP4" | "TCP6") => {
            let Some(source) = endpoint(words) else {
                return Header::Absent;
            };
            let right = source.is_ipv4() == (family == Some("TCP4"));
            if !right {
                return Header::Absent;
            }
            Some(source)
        }
        _ => return Header::Absent,
    };
    Header::Complete {
        source,
        length: end + 1,
    }
}

/// Source address, destination address, source port, destination port.
fn endpoint<'a>(mut words: impl Iterator<Item = &'a str>) -> Option<SocketAddr> {
    let address: IpAddr = words.next()?.parse().ok()?;
    words.next()?;
    let port: u16 = words.next()?.parse().ok()?;
    Some(SocketAddr::new(address, port))
}

fn binary(bytes: &[u8]) -> Header {
    let Some((fixed, rest)) = bytes.split_first_chunk::<FIXED_BYTES>() else {
        return Header::Partial;
    };
    let [.., command, family, high, low] = *fixed;
    if !matches!(command, 0x20 | 0x21) {
        return Header::Absent;
    }
    let length = usize::from(u16::from_be_bytes([high, low]));
    // Two addresses, two ports; whatever comes after them (TLVs) is skipped.
    let needed = match (command, family) {
        (0x21, 0x11) if length >= 12 => 12,
        (0x21, 0x21) if length >= 36 => 36,
        _ => 0,
    };
    let Some(addresses) = rest.get(..needed) else {
        return Header::Partial;
    };
    // Source address, destination address of the same length, source port.
    let source = if needed == 12 {
        endpoint_in::<4>(addresses)
    } else {
        endpoint_in::<16>(addresses)
    };
    Header::Complete {
        source,
        length: FIXED_BYTES + length,
    }
}

fn endpoint_in<const N: usize>(addresses: &[u8]) -> Option<SocketAddr>
where
    IpAddr: From<[u8; N]>,
{
    let (address, rest) = addresses.split_first_chunk::<N>()?;
    let port = rest.get(N..N + 2)?.try_into().ok()?;
    Some(SocketAddr::new((*address).into(), u16::from_be_bytes(port)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complete(bytes: &[u8]) -> (Option<String>, usize) {
        match read(bytes) {
            Header::Complete { source, length } => (source.map(|source| source.to_string()), length),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn lines() {
        let line = b"PROXY TCP4 192.0.2.1 198.51.100.1 56324 443\r\nGET / HTTP/1.1\r\n";
        assert_eq!(complete(line), (Some("192.0.2.1:56324".into()), 45));
        let line = b"PROXY TCP6 2001:db8::1 2001:db8::2 56324 443\r\n";
        assert_eq!(complete(line), (Some("[2001:db8::1]:56324".into()), 46));
        assert_eq!(complete(b"PROXY UNKNOWN\r\n"), (None, 15));
        assert_eq!(
            complete(b"PROXY UNKNOWN ffff:f::1 ffff:f::1 65535 65535\r\n").0,
            None
        );
        for bad in [
            "PROXY TCP4 192.0.2.1\r\n",
            "PROXY TCP4 2001:db8::1 2001:db8::2 1 2\r\n",
            "PROXY TCP9 1 2 3 4\r\n",
            "PROXY UNKNOWN\n",
            "PROXX",
        ] {
            assert_eq!(read(bad.as_bytes()), Header::Absent, "{bad}");
        }
        assert_eq!(
            read(&[b"PROXY UNKNOWN ".as_slice(), &[b'x'; 93]].concat()),
            Header::Absent
        );
        assert_eq!(
            read(&[b"PROXY UNKNOWN ".as_slice(), &[b'x'; 92]].concat()),
            Header::Partial
        );
    }

    fn version_2(command: u8, family: u8, rest: &[u8]) -> Vec<u8> {
        let length = (rest.len() as u16).to_be_bytes();
        [&SIGNATURE[..], &[command, family], &length, rest].concat()
    }

    #[test]
    fn binary_headers() {
        let v4 = [192, 0, 2, 1, 198, 51, 100, 1, 0xdc, 0x04, 1, 0xbb, 4, 0, 1, 0];
        assert_eq!(
            complete(&version_2(0x21, 0x11, &v4)),
            (Some("192.0.2.1:56324".into()), 32)
        );
        let mut v6 = [0; 36];
        v6[..4].copy_from_slice(&[0x20, 1, 0x0d, 0xb8]);
        v6[15] = 1;
        v6[32..34].copy_from_slice(&[0xdc, 0x04]);
        assert_eq!(
            complete(&version_2(0x21, 0x21, &v6)),
            (Some("[2001:db8::1]:56324".into()), 52)
        );
        assert_eq!(complete(&version_2(0x20, 0, &[])), (None, 16));
        assert_eq!(complete(&version_2(0x21, 0x31, &[0; 216])), (None, 232));
        // Too short for its family: nothing to show, but the length holds.
        assert_eq!(complete(&version_2(0x21, 0x11, &[1; 11])), (None, 27));
        assert_eq!(read(&version_2(0x31, 0x11, &v4)), Header::Absent);
    }

    #[test]
    fn every_beginning_is_partial() {
        let line = b"PROXY TCP4 192.0.2.1 198.51.100.1 56324 443\r\n";
        let binary = version_2(0x21, 0x11, &[7; 12]);
        for whole in [&line[..], &binary] {
            for cut in 0..whole.len() {
                assert_eq!(read(&whole[..cut]), Header::Partial, "{cut}");
            }
        }
    }
}
