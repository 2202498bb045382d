//! What of a request target may be shown to whoever did not ask for more: what names a resource, and nothing that servers
//! and clients put secrets into.

use std::borrow::Cow;

/// A target without its query and fragment (RFC 9110 section 4.2), without the parameters of its path segments
/// (RFC 3986 section 3.3: Tomcat's `;jsessionid=`), and without a user in front of its host (section 3.2.1).
#[must_use]
pub fn public(target: &str) -> Cow<'_, str> {
    let end = target.find(['?', '#']).unwrap_or(target.len());
    let target = &target[..end];
    let (scheme, rest) = match target.find("://") {
        Some(at) if !target.starts_with('/') => target.split_at(at + 3),
        _ => ("", target),
    };
    let authority = if scheme.is_empty() {
        0
    } else {
        rest.find('/').unwrap_or(rest.len())
    };
    let user = rest[..authority].rfind('@').map_or(0, |at| at + 1);
    let rest = &rest[user..];
    if user == 0 && !rest.contains(';') {
        return Cow::Borrowed(target);
    }
    let segments = rest
        .split('/')
        .map(|segment| segment.split(';').next().unwrap_or_default());
    Cow::Owned(format!("{scheme}{}", segments.collect::<Vec<_>>().join("/")))
}

#[cfg(test)]
mod tests {
    use super::public;

    #[test]
    fn what_may_be_shown() {
        for (target, want) in [
            ("/a/b?c=d", "/a/b"),
            ("/a#f?x", "/a"),
            ("/a;jsessionid=1/b;v=2?x", "/a/b"),
            ("http://user:word@host:80/a;b?c", "http://host:80/a"),
            ("http://user:w@rd@host", "http://host"),
            ("http://host/a@b", "http://host/a@b"),
            ("/r/http://a@b/", "/r/http://a@b/"),
            ("?secret", ""),
            (";secret", ""),
            ("*", "*"),
            ("host:443", "host:443"),
            ("", ""),
        ] {
            assert_eq!(public(target), want, "{target}");
        }
    }
}
