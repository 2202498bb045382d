//! Fields that are seldom looked at, found in the bytes of a head that is known to be one.

/// The field lines of a head whose names begin with one of these letters (in lower case), as name and value without the
/// white space around it (RFC 9110 section 5.1: names are the same in either case).
pub fn fields<'a>(
    head: &'a [u8],
    first_letters: &'static [u8],
) -> impl Iterator<Item = (&'a [u8], &'a [u8])> {
    let ends = memchr::memchr_iter(b'\n', head);
    ends.filter_map(move |end| {
        // The line after this end; the start line comes after none.
        let line = head.get(end + 1..)?;
        if !first_letters.contains(&line.first()?.to_ascii_lowercase()) {
            return None;
        }
        let line = line.get(..memchr::memchr(b'\n', line)?)?;
        let colon = memchr::memchr(b':', line)?;
        Some((line.get(..colon)?, line.get(colon + 1..)?.trim_ascii()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &[u8] =
        b"GET /x-request-id:7 HTTP/1.1\r\nHost: a\r\nx-request-ID:  17 \r\nVia: 1.1 b\r\nX-Odd\r\n\r\nx-body: 1\r\n";

    #[test]
    fn fields_are_found_by_their_first_letters() {
        let found: Vec<_> = fields(&HEAD[..HEAD.len() - 11], b"xv").collect();
        assert_eq!(
            found,
            [(&b"x-request-ID"[..], &b"17"[..]), (&b"Via"[..], &b"1.1 b"[..])]
        );
        assert_eq!(fields(HEAD, b"h").count(), 1);
        assert_eq!(fields(b"", b"h").count(), 0);
    }
}
