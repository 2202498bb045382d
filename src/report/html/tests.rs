//! Pages of snapshots made by hand: what is in them, and what can't be.

use base64::Engine as _;
use sha2::{Digest as _, Sha256};

use super::*;
use crate::classify::ControlBits;
use crate::compare::compare;
use crate::diagnose::{
    Cause, CloseLimit, Confidence, Direction, Evidence, Message, MessageKind, PacketNote, PacketNotes, Scope,
    Sending, Severity,
};
use crate::frame::InterfaceId;
use crate::report::fixture;
use crate::time::{MILLISECOND, SECOND};

fn options() -> Options {
    Options { zone: TimeZone::UTC }
}

fn page(snapshot: &Snapshot, packets: Packets<'_>) -> String {
    let mut out = Vec::new();
    write(&mut out, snapshot, &[], packets, &options()).unwrap();
    String::from_utf8(out).unwrap()
}

fn plain(snapshot: &Snapshot) -> String {
    page(snapshot, Packets::Examples(&[]))
}

/// Text that would act if it were not text.
const HOSTILE: &str =
    "\"'><img src=x onerror=alert(1)></script><script>alert(2)</script>&amp;\u{202e}\x1b[2J<!--";

fn cause(id: CauseId, limit: Option<CloseLimit>) -> Cause {
    Cause {
        id,
        or: Vec::new(),
        split_by: None,
        scope: Scope::Leg,
        severity: Severity::Fault,
        confidence: Confidence::Certain,
        connections: 40,
        requests: 80,
        share: Some(0.5),
        limit,
        evidence: vec![Evidence {
            text: "closed after 400 ms idle, 40 times".to_owned(),
            frames: vec![(InterfaceId(0), 120)],
        }],
        cannot_tell: None,
    }
}

/// Everything of the capture's that a page shows is hostile.
fn hostile() -> (Snapshot, Vec<Example>) {
    let mut snapshot = fixture::live();
    snapshot.capture.sources[0].name = HOSTILE.into();
    snapshot.capture.warnings.push(HOSTILE.into());
    snapshot.capture.filter = Some(HOSTILE.into());
    snapshot.not_seen.push(HOSTILE.into());
    snapshot.verdict.reasons.push(HOSTILE.into());
    for interface in &mut snapshot.capture.interfaces {
        interface.name = Some(HOSTILE.into());
    }
    for leg in &mut snapshot.legs {
        leg.verdict.reasons.push(HOSTILE.into());
        leg.figures.counts.tls.connections = 1;
        leg.figures.counts.tls.server_name = Some(HOSTILE.into());
        for part in &mut leg.by_prefix {
            part.host = Some(HOSTILE.into());
            part.prefix = Some(HOSTILE.into());
        }
        for series in &mut leg.checks {
            series.target = Some(HOSTILE.into());
        }
    }
    snapshot.legs[0].causes.push(cause(CauseId::N1, None));
    let ladder = Ladder {
        connection: fixture::churn().connections.unwrap()[0].clone(),
        notes: PacketNotes {
            packets: vec![packet(0, Direction::ToServer), packet(300, Direction::ToClient)],
            left_out: 0,
            left_out_at: 0,
        },
    };
    let example = Example {
        cause: CauseId::N1,
        ladder,
    };
    (snapshot, vec![example])
}

fn packet(ms: i64, direction: Direction) -> PacketNote {
    let (kind, line) = match direction {
        Direction::ToServer => (MessageKind::Request, format!("GET /{HOSTILE}?secret=1 HTTP/1.1")),
        Direction::ToClient => (MessageKind::Response, format!("HTTP/1.1{HOSTILE} 200 secret")),
    };
    PacketNote {
        at: fixture::START.plus(ms * MILLISECOND),
        frame: 7,
        interface: InterfaceId(0),
        direction,
        flags: ControlBits(0x18),
        len: 10,
        sequence: 1,
        acknowledgment: Some(1),
        window: 64,
        sending: Sending::New,
        closes: false,
        messages: vec![Message {
            kind,
            line: line.into(),
        }],
    }
}

/// The elements of a page in order: names, and their attributes as written. Fails where tags do not match.
fn elements(page: &str) -> Vec<(String, String)> {
    const VOID: [&str; 3] = ["meta", "input", "!DOCTYPE"];
    let mut open: Vec<String> = Vec::new();
    let mut all = Vec::new();
    let mut rest = page;
    while let Some(start) = rest.find('<') {
        rest = &rest[start + 1..];
        let end = rest.find('>').expect("a tag ends");
        let tag = &rest[..end];
        rest = &rest[end + 1..];
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(
                open.pop().as_deref(),
                Some(name),
                "what is opened last is closed first"
            );
            continue;
        }
        let (name, attributes) = tag.split_once(char::is_whitespace).unwrap_or((tag, ""));
        all.push((name.to_owned(), attributes.to_owned()));
        if ["script", "style"].contains(&name) {
            // Its content is no markup.
            rest = &rest[rest.find(&format!("</{name}")).expect("it ends")..];
        }
        if !VOID.contains(&name) {
            open.push(name.to_owned());
        }
    }
    assert!(open.is_empty(), "{open:?} are not closed");
    all
}

/// The content of the only element that begins so.
fn content<'a>(page: &'a str, begin: &str, end: &str) -> &'a str {
    let start = page.find(begin).expect("it is there") + begin.len();
    let tail = &page[start..];
    assert!(!tail.contains(begin), "{begin} is there once");
    &tail[..tail.find(end).expect("it ends")]
}

#[test]
fn a_page_may_run_its_own_script_and_style_and_nothing_else() {
    let (snapshot, examples) = hostile();
    for page in [
        page(&snapshot, Packets::Examples(&examples)),
        plain(&fixture::churn()),
        plain(&Snapshot::default()),
    ] {
        let policy = content(&page, "http-equiv=\"Content-Security-Policy\" content=\"", "\"");
        let hash = |text: &str| {
            let digest = Sha256::digest(text.as_bytes());
            format!(
                "'sha256-{}'",
                base64::engine::general_purpose::STANDARD.encode(digest)
            )
        };
        let style = hash(content(&page, "<style>", "</style>"));
        let script = hash(content(&page, "<script>", "</script>"));
        assert_eq!(
            policy,
            format!(
                "default-src 'none'; style-src {style}; script-src {script}; base-uri 'none'; form-action 'none'"
            )
        );
        for (name, attributes) in elements(&page) {
            assert!(
                ![
                    "img", "link", "iframe", "object", "embed", "base", "form", "use", "image"
                ]
                .contains(&name.as_str()),
                "{name}"
            );
            // Each name stands before `="`; after the last one there is a value.
            let parts: Vec<&str> = attributes.split("=\"").collect();
            for before in parts.iter().rev().skip(1) {
                let attribute = before.rsplit(' ').next().unwrap_or_default();
                let acts = ["src", "style", "srcdoc"].contains(&attribute) || attribute.starts_with("on");
                assert!(!acts, "{name} {attributes}");
            }
            assert!(
                !attributes.contains("href=\"") || attributes.contains("href=\"#"),
                "{name} {attributes}"
            );
        }
        assert!(!page.contains("url(") && !page.contains("@import") && !page.contains("http://"));
    }
}

#[test]
fn hostile_text_stays_text() {
    let (snapshot, examples) = hostile();
    let page = page(&snapshot, Packets::Examples(&examples));
    for acting in [
        "<img",
        "<script>alert",
        "</script><script>",
        "onerror=alert(1)>",
        "<!--",
        "\x1b",
        "\u{202e}",
        "secret",
    ] {
        assert!(!page.contains(acting), "{acting}");
    }
    assert!(
        page.matches("&lt;img src=x onerror=alert(1)&gt;").count() > 8,
        "it is shown all the same"
    );
    elements(&page);
}

#[test]
fn nothing_secret_of_a_request_is_shown() {
    let (snapshot, mut examples) = hostile();
    examples[0].ladder.notes.packets[0].messages[0].line =
        "GET /a;jsessionid=secret?token=secret HTTP/1.1".into();
    let page = page(&snapshot, Packets::Examples(&examples));
    assert!(page.contains("GET /a\u{2026} HTTP/1.1") && !page.contains("secret"));
}

#[test]
fn sections_come_in_the_order_of_what_people_need_first() {
    let ids = |snapshot: &Snapshot| -> Vec<String> {
        let elements = elements(&plain(snapshot));
        let sections = elements.into_iter().filter(|(name, _)| name == "section");
        sections
            .map(|(_, attributes)| {
                attributes
                    .trim_start_matches("id=\"")
                    .trim_end_matches('"')
                    .to_owned()
            })
            .collect()
    };
    let mut whole = fixture::churn();
    whole.hosts = fixture::live().hosts;
    whole.legs[0]
        .causes
        .push(cause(CauseId::T3, Some(CloseLimit::Idle(SECOND))));
    assert_eq!(
        ids(&whole),
        [
            "change",
            "legs",
            "causes",
            "timeline",
            "figures",
            "kernel",
            "capture",
            "connections",
            "words"
        ]
    );
    assert_eq!(ids(&Snapshot::default()), ["capture", "words"]);
    let live = ids(&fixture::live());
    assert!(live.contains(&"host".to_owned()), "{live:?}");
}

#[test]
fn limits_are_marked_where_the_numbers_show_them() {
    let mut snapshot = fixture::churn();
    snapshot.legs[0].causes = vec![
        cause(CauseId::T3, Some(CloseLimit::Idle(SECOND / 2))),
        cause(CauseId::P3, Some(CloseLimit::Requests(1))),
    ];
    let page = plain(&snapshot);
    for words in [
        "keepAliveTimeout 0.5 s",
        "keepalive_requests 1",
        "class=\"bar limit\"",
        "id=\"T3\"",
        "href=\"#P3\"",
    ] {
        assert!(page.contains(words), "{words}");
    }
}

#[test]
fn a_list_of_any_length_keeps_the_page_small_and_says_so() {
    let mut snapshot = fixture::churn();
    let one = snapshot.connections.as_ref().unwrap()[0].clone();
    let many = 300_000_u64;
    let list = (0..many).map(|n| {
        let mut record = one.clone();
        record.facts.id = n * 3 + 1;
        record.facts.client.port = (n % 60_000) as u16;
        record.facts.first_frame = n * 10 + 1;
        record.facts.start = fixture::START.plus(n as i64 * MILLISECOND);
        record.facts.end = record.facts.start.plus(1_234 * MILLISECOND);
        record
    });
    snapshot.connections = Some(list.collect());
    let page = plain(&snapshot);
    assert!(page.len() < 5_000_000, "{} bytes", page.len());
    let rows = content(&page, "id=\"connection-rows\">", "</script>");
    let shown = rows.lines().count() as u64;
    assert!(shown > 80_000, "{shown}");
    let left_out = text::count(many - shown);
    assert!(
        page.contains(&format!("{left_out} more are left out")),
        "{left_out}"
    );
    // What the script will read: differences, and numbers of words.
    let line: Vec<&str> = rows.lines().nth(1).unwrap().split(',').collect();
    assert_eq!(
        (line[0], line[2], line[5], line[6], line[13]),
        ("3", "1", "1", "1234", "10")
    );
}

#[test]
fn comparisons_have_both_sides() {
    let (before, after) = (fixture::churn(), fixture::mixed());
    let comparison = compare(("a<b>.pcap", &before), ("after.pcap", &after));
    let mut out = Vec::new();
    write_comparison(&mut out, &comparison, (&before, &after), &[], &options()).unwrap();
    let page = String::from_utf8(out).unwrap();
    elements(&page);
    for words in [
        "a&lt;b&gt;.pcap",
        "after.pcap",
        "<h3>Before</h3>",
        "<h3>After</h3>",
        "id=\"rows-1\"",
        "class=\"change",
    ] {
        assert!(page.contains(words), "{words}");
    }
}

#[test]
fn what_can_not_be_written_is_told() {
    let mut full: &mut [u8] = &mut [0; 10];
    let error = write(
        &mut full,
        &fixture::churn(),
        &[],
        Packets::None("why"),
        &options(),
    );
    assert_eq!(error.unwrap_err().kind(), io::ErrorKind::WriteZero);
}
