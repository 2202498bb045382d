//! One direction of an HTTP connection read in pieces, and what comes out as words.

use flowcheck::http::{Event, FrameReader, Framing, MessageStream, Method, RequestContext, Side};

use super::Bytes;

/// Reads bytes as a whole and in pieces: both say the same. One may lose the framing earlier: part of a head may yet become
/// one, and what is wrong with a field that does not matter is seen only where its head is cut.
pub(super) fn hold(side: Side, context: RequestContext, bytes: &[u8], pattern: u16) {
    let [mut whole, mut pieces] =
        [vec![bytes], cut(bytes, pattern)].map(|pieces| read(side, context, pieces));
    let is_lost = |told: &mut Vec<String>| told.pop_if(|last| last == LOST).is_some();
    let (whole_lost, pieces_lost) = (is_lost(&mut whole), is_lost(&mut pieces));
    if whole_lost {
        pieces.truncate(whole.len());
    }
    if pieces_lost {
        whole.truncate(pieces.len());
    }
    assert_eq!(whole, pieces);
}

/// Framing was lost: what comes next depends on where segments begin.
pub(super) const LOST: &str = "lost";

/// Reads `pieces` and tells what came out, up to the first loss of framing.
pub(super) fn read<'a>(
    side: Side,
    context: RequestContext,
    pieces: impl IntoIterator<Item = &'a [u8]>,
) -> Vec<String> {
    let mut stream = MessageStream::default();
    let mut frames = FrameReader::default();
    let mut out = Vec::new();
    for piece in pieces {
        let mut rest = piece;
        let mut steps = 0;
        while !rest.is_empty() {
            let step = stream.advance(side, context, rest);
            let used = step.used;
            assert!(
                used <= rest.len() || matches!(step.event, Some(Event::Proxied(_))),
                "no more than there is"
            );
            assert!(used > 0 || step.event.is_some(), "every step moves");
            steps += 1;
            assert!(steps <= 2 * piece.len() + 2, "steps end");
            if let Some(event) = step.event
                && !tell(side, event, &mut frames, &mut out)
            {
                return out;
            }
            rest = rest.get(used..).unwrap_or_default();
        }
    }
    out
}

/// False where what comes next depends on where segments begin.
fn tell(side: Side, event: Event<'_>, frames: &mut FrameReader, out: &mut Vec<String>) -> bool {
    match event {
        Event::Request(head) => {
            let target = String::from_utf8_lossy(head.target);
            let method = String::from_utf8_lossy(head.method_name);
            let host = head.host.map(String::from_utf8_lossy);
            out.push(format!(
                "request {method} {target} {host:?} {:?} {} {:?} {:?}",
                head.version, head.announced, head.tokens, head.framing
            ));
            end_if_none(head.framing, out)
        }
        Event::Response(head) => {
            out.push(format!(
                "response {} {:?} {} {:?}",
                head.status, head.version, head.announced, head.framing
            ));
            end_if_none(head.framing, out)
        }
        Event::End => {
            out.push("end".to_owned());
            true
        }
        Event::Proxied(source) => {
            out.push(format!("proxied {source:?}"));
            true
        }
        Event::Http2Preface => {
            out.push("preface".to_owned());
            true
        }
        Event::Http2(bytes) => {
            let mut rest = bytes;
            while !rest.is_empty() {
                let (used, frame) = frames.advance(side, rest);
                assert!(used > 0 && used <= rest.len());
                out.extend(frame.map(|frame| format!("{frame:?}")));
                rest = &rest[used..];
                if frames.is_lost() {
                    return false;
                }
            }
            true
        }
        Event::Desync(_) | Event::NotHttp(_) => {
            out.push(LOST.to_owned());
            false
        }
    }
}

fn end_if_none(framing: Framing, out: &mut Vec<String>) -> bool {
    match framing {
        Framing::None => out.push("end".to_owned()),
        Framing::Unknown => out.push(LOST.to_owned()),
        _ => return true,
    }
    framing == Framing::None
}

/// Cuts bytes into pieces whose lengths the pattern tells.
pub(super) fn cut(bytes: &[u8], pattern: u16) -> Vec<&[u8]> {
    let mut lengths = [1, 2, 3, 5, 8, 13, 64, 700].into_iter().enumerate().cycle();
    let mut rest = Bytes(bytes);
    let mut out = Vec::new();
    while !rest.is_empty() {
        let Some((place, len)) = lengths.next() else { break };
        if pattern >> place & 1 == 1 || pattern.trailing_zeros() >= 8 {
            out.push(rest.take(len));
        }
    }
    out
}

/// Whose messages they are, and what the request was.
pub(super) fn side(choice: u8) -> (Side, RequestContext) {
    let side = if choice & 1 == 0 {
        Side::Request
    } else {
        Side::Response
    };
    let context = match choice >> 1 & 3 {
        0 => RequestContext::Known(Method::Other),
        1 => RequestContext::Known(Method::Head),
        2 => RequestContext::Known(Method::Connect),
        _ => RequestContext::Unknown,
    };
    (side, context)
}
