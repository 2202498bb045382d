//! The usual course against the way of any segment.

use proptest::prelude::*;

use super::analysis::Engine;
use super::context::Config;
use super::conversation::Fate;
use super::delivery::Origin;
use super::facts::Known;
use super::marks::Marks;
use crate::classify::{ConnectionFacts, Version};
use crate::decode::{Address, Flags, Likeness, Segment, SegmentHead};
use crate::flow::{FlowKey, PathId, Sender};
use crate::frame::{FramePlace, InterfaceId};
use crate::http::{Extent, Framing, ResponseHead, Tokens};
use crate::time::{MILLISECOND, Timestamp};

fn key() -> FlowKey {
    let ends = [(1, 40_000), (2, 8080)].map(|(last, port)| (Address::v4([10, 0, 0, last]), port));
    FlowKey::between(ends[0], ends[1], PathId(0)).0
}

const REQUEST: &[u8] = b"GET / HTTP/1.0\r\n\r\n";
/// It lasts until the connection closes.
const RESPONSE: &[u8] = b"HTTP/1.0 200 OK\r\n\r\nx";

/// A segment as it is written down: who sends it, its flags, numbers and payload.
type Step = (Sender, u8, u32, u32, &'static [u8]);

/// A connection from SYN to last acknowledgment.
const COURSE: [Step; 9] = {
    use Sender::{High as Server, Low as Client};
    let (after, end) = (1 + REQUEST.len() as u32, 101 + RESPONSE.len() as u32);
    [
        (Client, 0x02, 0, 0, b""),
        (Server, 0x12, 100, 1, b""),
        (Client, 0x10, 1, 101, b""),
        (Client, 0x18, 1, 101, REQUEST),
        (Server, 0x10, 101, after, b""),
        (Server, 0x18, 101, after, RESPONSE),
        (Server, 0x11, end, after, b""),
        (Client, 0x11, after, end + 1, b""),
        (Server, 0x10, end + 1, after + 1, b""),
    ]
};

/// The course, in which something is otherwise than usual.
fn courses() -> impl Strategy<Value = Vec<(SegmentHead, Step)>> {
    let step = (0_u8..28, 0..COURSE.len());
    proptest::collection::vec(step, COURSE.len()).prop_map(|tweaks| {
        let mut steps: Vec<(Step, u16)> = Vec::new();
        for (step, (tweak, other)) in COURSE.into_iter().zip(tweaks) {
            let (sender, flags, sequence, acknowledgment, payload) = step;
            steps.push((step, 1));
            let changed = match tweak {
                0 => (sender, flags ^ 0x01, sequence, acknowledgment, payload),
                1 => (sender, flags ^ 0x10, sequence, acknowledgment, payload),
                2 => (sender, flags, sequence.wrapping_add(1), acknowledgment, payload),
                3 => (sender, flags, sequence.wrapping_sub(1), acknowledgment, payload),
                4 => (sender, flags, sequence, acknowledgment.wrapping_add(1), payload),
                5 => (sender, flags, sequence, acknowledgment.wrapping_sub(1), payload),
                6 => (sender.peer(), flags, sequence, acknowledgment, payload),
                7 => (sender, flags | 0x04, sequence, acknowledgment, payload),
                8 => (sender, flags, sequence, acknowledgment, RESPONSE),
                _ => step,
            };
            let last = steps.len() - 1;
            steps[last].0 = changed;
            match tweak {
                9 => drop(steps.pop()),
                10 => steps.push((COURSE[other], 1)),
                11 => steps.swap(last, last.saturating_sub(1)),
                12 => steps[last].1 = 0,
                _ => {}
            }
        }
        let heads = (0..).zip(steps);
        let heads = heads.map(|(at, (step, window))| {
            let (_, flags, sequence, acknowledgment, payload) = step;
            let head = SegmentHead {
                timestamp: Timestamp::from_nanos(at * MILLISECOND),
                place: FramePlace::new(at.unsigned_abs(), InterfaceId(0)),
                likeness: Likeness {
                    sequence,
                    acknowledgment,
                    flags: Flags(flags),
                    window,
                    payload_len: payload.len() as u32,
                    ..Likeness::NOTHING
                },
            };
            (head, step)
        });
        heads.collect()
    })
}

/// An engine that has taken in all of these, and what it said of the connection each time.
fn played(course: &[(SegmentHead, Step)], usual: bool) -> (Engine, Vec<Fate>) {
    let key = key();
    let mut engine = Engine::new(Config::default());
    let mut fates = Vec::new();
    for (order, (head, (sender, _, _, _, payload))) in (1..).zip(course) {
        let (segment, sender) = (Segment { head, payload }, *sender);
        engine.shared.now = engine.shared.now.at_frame(order);
        if engine.table.is_empty() {
            if usual {
                engine.open((false, None), &key, &segment, sender);
            } else {
                engine.open_any((false, None), &key, &segment, sender);
            }
            continue;
        }
        let (table, cx) = &mut engine.at_work(0, &key);
        let living = table.at(0).expect("a connection");
        let fate = if usual {
            living.segment(&segment, sender, cx)
        } else {
            living.any_segment(&segment, sender, cx)
        };
        fates.push(fate);
        if fate == Fate::Over {
            break;
        }
    }
    (engine, fates)
}

/// What it knows and tells.
fn known(mut engine: Engine) -> String {
    // By it the usual course finds its way.
    if let Some(living) = engine.table.at(0) {
        living.marks.clear(Marks::ENDING);
    }
    let living: Vec<_> = engine.table.iter().collect();
    format!(
        "{living:#?}\n{:#?}\n{:?}",
        engine.shared.told, engine.shared.quality
    )
}

fn outcome(course: &[(SegmentHead, Step)], usual: bool) -> String {
    let (engine, fates) = played(course, usual);
    format!("{fates:?}\n{}", known(engine))
}

/// What is known and told when a whole response follows a course.
fn answered(course: &[(SegmentHead, Step)], head: &ResponseHead, usual: bool) -> (String, bool) {
    let (mut engine, _) = played(course, true);
    let from = Origin {
        at: Timestamp::from_nanos(99 * MILLISECOND),
        number: 99,
    };
    let mut taken = false;
    let key = key();
    let (table, cx) = &mut engine.at_work(0, &key);
    if let Some(living) = table.at(0) {
        taken = usual && living.take_usual_response(head, from, cx);
        if !taken {
            living.take_response(head, true, from, cx);
        }
    }
    (known(engine), taken)
}

/// What is told of the connection after a course, as of a usual end and of any, where it has a usual end. What is written
/// takes the place of something else.
fn told(course: &[(SegmentHead, Step)]) -> Option<[ConnectionFacts; 2]> {
    let key = key();
    let (mut engine, _) = played(course, true);
    let (table, cx) = &mut engine.at_work(0, &key);
    let living = table.at(0)?;
    let usual = living.usual_end().filter(|_| living.is_complete())?;
    let known = Known {
        key: cx.key,
        names: &cx.shared.names,
        thresholds: &cx.shared.config.thresholds,
    };
    let mut facts = ConnectionFacts {
        resumed: true,
        upgraded: true,
        unanswered: 7,
        obscured: true,
        heads_cut: true,
        unanswered_since: Timestamp::from_nanos(7).into(),
        vlans: [7; 2],
        ..ConnectionFacts::BLANK
    };
    facts.seldom_mut().gap_bytes = 7;
    living.write_usual_facts(&mut facts, usual, known);
    Some([facts, living.facts(Timestamp::from_nanos(99), known)])
}

fn responses() -> impl Strategy<Value = ResponseHead> {
    let status = prop_oneof![Just(200_u16), Just(404), Just(100), Just(101)];
    let version = prop_oneof![Just(Version::Http10), Just(Version::Http11)];
    let framing = prop_oneof![Just(Framing::None), Just(Framing::Sized(1))];
    let extent = prop_oneof![Just(Extent::Whole), Just(Extent::StartLine)];
    let rest = (version, framing, extent);
    (status, any::<bool>(), rest).prop_map(|(status, announced, (version, framing, extent))| ResponseHead {
        status,
        version,
        announced,
        tokens: Tokens::NONE,
        framing,
        extent,
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn the_usual_course_leads_where_any_does(course in courses()) {
        prop_assert_eq!(outcome(&course, true), outcome(&course, false));
    }

    #[test]
    fn what_is_told_of_a_usual_end_is_what_is_told_of_any(course in courses()) {
        if let Some([usual, any]) = told(&course) {
            prop_assert_eq!(usual, any);
        }
    }

    #[test]
    fn the_usual_response_is_taken_as_any_is(course in courses(), length in 4..8_usize, head in responses()) {
        let course = &course[..length.min(course.len())];
        prop_assert_eq!(answered(course, &head, true).0, answered(course, &head, false).0);
    }
}

#[test]
fn the_usual_course_is_over_with_its_last_segment() {
    let course: Vec<_> = COURSE.into_iter().collect();
    let heads = course
        .iter()
        .map(|(_, flags, sequence, acknowledgment, payload)| SegmentHead {
            likeness: Likeness {
                sequence: *sequence,
                acknowledgment: *acknowledgment,
                flags: Flags(*flags),
                window: 1,
                payload_len: payload.len() as u32,
                ..Likeness::NOTHING
            },
            ..SegmentHead::NOTHING
        });
    let course: Vec<_> = heads.zip(course.iter().copied()).collect();
    let [usual, any] = told(&course).expect("a usual end");
    assert_eq!(usual, any);
    let (usual, any) = (outcome(&course, true), outcome(&course, false));
    assert_eq!(usual, any);
    assert!(
        usual.starts_with(&format!("[{}Over]", "GoesOn, ".repeat(7))),
        "{usual}"
    );
}
