//! JSON reports that `compare` reads: any bytes, and a sound report with some of its values changed. What is accepted can
//! be compared and printed, and written and read again it is the same.

use std::sync::OnceLock;

use flowcheck::compare::compare;
use flowcheck::diagnose::Snapshot;
use flowcheck::fleet::{Part, merge};
use flowcheck::report::{json, text};
use serde_json::{Number, Value};

use super::Bytes;

const SOUND: [&str; 3] = [
    include_str!("../../golden/idle-race.pcap.json"),
    include_str!("../../golden/http2.pcap.gz.json"),
    include_str!("../../golden/refused.pcap.json"),
];

pub(super) fn run(bytes: &[u8]) {
    let mut bytes = Bytes(bytes);
    let choice = usize::from(bytes.u8());
    let Some(mut report) = sound().get(choice).cloned() else {
        read(bytes.0);
        return;
    };
    while !bytes.is_empty() {
        change(&mut report, &mut bytes);
    }
    read(report.to_string().as_bytes());
}

fn sound() -> &'static [Value] {
    static PARSED: OnceLock<Vec<Value>> = OnceLock::new();
    PARSED.get_or_init(|| {
        let parse = |text| serde_json::from_str(text).expect("a golden report");
        SOUND.into_iter().map(parse).collect()
    })
}

fn read(bytes: &[u8]) {
    let snapshot = match json::read(bytes) {
        Ok(snapshot) => snapshot,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            return;
        }
    };
    let before = json::read(SOUND[0].as_bytes()).expect("a golden report");
    let mut out = Vec::new();
    for comparison in [
        compare(("before", &before), ("after", &snapshot)),
        compare(("before", &snapshot), ("after", &before)),
        compare(("before", &snapshot), ("after", &snapshot)),
    ] {
        json::comparison::write(&mut out, &comparison, &[]).expect("memory can be written");
    }
    let options = text::Options {
        width: 100,
        color: true,
        zone: jiff_utc(),
        explain: true,
    };
    text::write(&mut out, &snapshot, &[], &options).expect("memory can be written");
    let mut once = Vec::new();
    json::write(&mut once, &snapshot, &[]).expect("memory can be written");
    let again = json::read(once.as_slice()).expect("what was written is read");
    let mut twice = Vec::new();
    json::write(&mut twice, &again, &[]).expect("memory can be written");
    assert_eq!(String::from_utf8_lossy(&once), String::from_utf8_lossy(&twice));
    merged([("a", before), ("b", again.clone()), ("b", again)], &options);
}

/// Merged reports are printed, and read back they merge to the same.
fn merged(parts: [(&str, Snapshot); 3], options: &text::Options) {
    let part = |(point, snapshot): (&str, Snapshot)| Part {
        point: point.to_owned(),
        snapshot,
    };
    let fleet = merge(parts.map(part).into());
    let (mut out, mut once, mut twice) = (Vec::new(), Vec::new(), Vec::new());
    text::fleet::write(&mut out, &fleet, &[], options).expect("memory can be written");
    json::write_fleet(&mut once, &fleet, &[]).expect("memory can be written");
    let again = match json::read_parts(once.as_slice()) {
        Ok(reports) => reports,
        // A sum of three may be larger than anything that is counted.
        Err(error) => return assert!(error.to_string().contains("larger than anything"), "{error}"),
    };
    let again = again
        .into_iter()
        .map(|report| part((&report.point.unwrap_or_default(), report.snapshot)));
    json::write_fleet(&mut twice, &merge(again.collect()), &[]).expect("memory can be written");
    assert_eq!(String::from_utf8_lossy(&once), String::from_utf8_lossy(&twice));
}

fn jiff_utc() -> jiff::tz::TimeZone {
    jiff::tz::TimeZone::UTC
}

/// Goes down from the root by the input's bytes, and changes what is there.
fn change(report: &mut Value, bytes: &mut Bytes<'_>) {
    let mut at = report;
    loop {
        let step = usize::from(bytes.u8());
        let goes_down = match &*at {
            Value::Object(map) => !map.is_empty() && step < 0xf0,
            Value::Array(list) => !list.is_empty() && step < 0xf0,
            _ => false,
        };
        if !goes_down {
            break;
        }
        at = match at {
            Value::Object(map) => {
                let key = map.keys().nth(step % map.len()).cloned().unwrap_or_default();
                &mut map[&key]
            }
            Value::Array(list) => {
                let len = list.len();
                &mut list[step % len]
            }
            _ => return,
        };
    }
    let text = |text: &str| Value::String(text.to_owned());
    *at = match bytes.u8() % 16 {
        0 => Value::Null,
        1 => Value::Bool(true),
        2 => Value::from(u64::MAX),
        3 => Value::from(i64::MIN),
        4 => Value::from(0),
        5 => Value::from(f64::MAX),
        6 => Value::from(-1.5),
        7 => text(""),
        8 => text("*"),
        9 => text("9999-12-31T23:59:59.999999999Z"),
        10 => Value::Array(Vec::new()),
        11 => Number::from_f64(f64::from(bytes.u32()) / 1e6).map_or(Value::Null, Value::Number),
        12 => Value::from(1_u64 << (bytes.u8() % 64)),
        13 => text(&String::from_utf8_lossy(bytes.take(12))),
        14 => Value::from(i64::from(bytes.u32()) - (1 << 31)),
        _ => {
            if let Value::Array(list) = at {
                list.extend_from_within(..list.len().min(8));
            }
            return;
        }
    };
}

pub(super) fn seeds() -> Vec<Vec<u8>> {
    let mut seeds = vec![
        vec![0],
        vec![1],
        vec![2],
        vec![0, 1, 2, 3, 4, 5],
        vec![1, 4, 1, 0, 5, 2, 9, 9, 9],
    ];
    seeds.push([b"\xff", include_bytes!("../../golden/empty.pcap.json").as_slice()].concat());
    for at in 0..=12 {
        for step in 0..=6 {
            seeds.push(vec![0, at, step, at, step, 2]);
        }
    }
    seeds
}
