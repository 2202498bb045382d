//! Heads for who looks at them now and then: copies, and fields that are seldom looked at, found in the bytes of a head that
//! is known to be one.

use super::head::{Framing, RequestHead};
use super::lines::Lines;

impl RequestHead<'_> {
    /// A copy but for what follows the head. (A whole one would have all of it lie in memory, of which hardly ever any is
    /// made.)
    #[expect(clippy::inline_always, reason = "made where it is used, if at all")]
    #[inline(always)]
    #[must_use]
    pub fn without_framing(&self) -> Self {
        Self {
            method: self.method,
            method_name: self.method_name,
            target: self.target,
            host: self.host,
            version: self.version,
            announced: self.announced,
            tokens: self.tokens,
            framing: Framing::None,
            extent: self.extent,
            bytes: self.bytes,
        }
    }
}

/// The field lines of a head whose names begin with one of these letters (in lower case), as name and value without the
/// white space around it (RFC 9110 section 5.1: names are the same in either case).
pub fn fields<'a>(
    head: &'a [u8],
    first_letters: &'static [u8],
) -> impl Iterator<Item = (&'a [u8], &'a [u8])> {
    let mut lines = Lines::of(head);
    // The start line is none of them.
    lines.next();
    std::iter::from_fn(move || lines.next_line()).filter_map(move |line| {
        if !first_letters.contains(&line.first()?.to_ascii_lowercase()) {
            return None;
        }
        let colon = line.iter().position(|byte| *byte == b':')?;
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
