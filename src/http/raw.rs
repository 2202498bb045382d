//! Fields that are seldom looked at, found in the bytes of a head that is known to be one.

/// The value of the first field called `name` (RFC 9110 section 5.1: in either case), without the white space around it.
#[must_use]
pub fn field<'a>(head: &'a [u8], name: &str) -> Option<&'a [u8]> {
    lines(head).find_map(|(found, value)| {
        let same = found.eq_ignore_ascii_case(name.as_bytes());
        same.then(|| value.trim_ascii())
    })
}

/// Whether it has a field of one of these names.
#[must_use]
pub fn fields_named(head: &[u8], names: &[&str]) -> bool {
    lines(head).any(|(found, _)| {
        names
            .iter()
            .any(|name| found.eq_ignore_ascii_case(name.as_bytes()))
    })
}

/// Names and values of the field lines; the start line has no name of a field before a colon that anybody asks for.
fn lines(head: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    let lines = head.split(|byte| *byte == b'\n').skip(1);
    lines.filter_map(|line| {
        let colon = memchr::memchr(b':', line)?;
        Some((line.get(..colon)?, line.get(colon + 1..)?))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &[u8] =
        b"GET /x-request-id:7 HTTP/1.1\r\nHost: a\r\nx-request-ID:  17 \r\nVia: 1.1 b\r\n\r\n";

    #[test]
    fn fields_are_found_by_name_in_either_case() {
        assert_eq!(field(HEAD, "X-Request-ID"), Some(&b"17"[..]));
        assert_eq!(field(HEAD, "host"), Some(&b"a"[..]));
        assert_eq!(field(HEAD, "GET /x-request-id"), None);
        assert_eq!(field(b"", "host"), None);
        assert!(fields_named(HEAD, &["forwarded", "via"]));
        assert!(!fields_named(HEAD, &["forwarded"]));
    }
}
