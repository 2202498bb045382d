//! The columns, in the order of all outputs.

use super::{Column, Connection, Kind, Value};
use crate::classify::{Class, CloseReason, Closer, RoleEvidence};
use crate::time::{Nanos, SECOND};

const CLASSES: &[&str] = &{
    let mut slugs = [""; Class::ALL.len()];
    let mut i = 0;
    while i < slugs.len() {
        slugs[i] = Class::ALL[i].as_str();
        i += 1;
    }
    slugs
};
const CLOSERS: &[&str] = &[
    "client",
    "server",
    "simultaneous",
    "reset_by_client",
    "reset_by_server",
];
const CLOSE_REASONS: &[&str] = &{
    let mut slugs = [""; CloseReason::ALL.len()];
    let mut i = 0;
    while i < slugs.len() {
        slugs[i] = CloseReason::ALL[i].as_str();
        i += 1;
    }
    slugs
};
const EVIDENCE: &[&str] = &{
    let mut slugs = [""; RoleEvidence::ALL.len()];
    let mut i = 0;
    while i < slugs.len() {
        slugs[i] = RoleEvidence::ALL[i].as_str();
        i += 1;
    }
    slugs
};

/// A column that every row has, with any value.
const fn column(
    (key, header): (&'static str, &'static str),
    kind: Kind,
    about: &'static str,
    value: for<'a> fn(&Connection<'a>) -> Value<'a>,
) -> Column {
    Column {
        key,
        header,
        about,
        kind,
        optional: false,
        known_late: false,
        slugs: &[],
        value,
    }
}

impl Column {
    /// A row can be without it.
    const fn or_none(self) -> Self {
        Self {
            optional: true,
            ..self
        }
    }

    /// One of a few words.
    const fn of(self, slugs: &'static [&'static str]) -> Self {
        Self { slugs, ..self }
    }

    /// Known when the whole capture was read.
    const fn late(self) -> Self {
        Self {
            known_late: true,
            ..self
        }
    }
}

/// Every column, in the order of all outputs.
pub const COLUMNS: &[Column] = &[
    column(
        ("id", "id"),
        Kind::Whole,
        "counts up in order of first packet",
        |c| Value::Whole(c.facts.id),
    ),
    column(
        ("generation", "gen"),
        Kind::Whole,
        "1 for the first connection seen on its 4-tuple, 2 for the next",
        |c| Value::known(c.generation, |n| Value::Whole(n.into())),
    )
    .late(),
    column(("client", "client"), Kind::Text, "address and port", |c| {
        Value::End(c.facts.client)
    }),
    column(("server", "server"), Kind::Text, "address and port", |c| {
        Value::End(c.facts.server)
    }),
    column(
        ("interface", "interface"),
        Kind::Text,
        "interface of its first packet, or of several files the file",
        |c| Value::known(c.interface, Value::Untrusted),
    )
    .or_none(),
    column(
        ("vlan", "vlan"),
        Kind::Vlan,
        "VLAN id; of stacked ones \"outer.inner\"",
        |c| match c.facts.vlans {
            [0, 0] => Value::Absent,
            [outer, 0] => Value::Whole(outer.into()),
            [outer, inner] => Value::Stacked(outer, inner),
        },
    )
    .or_none(),
    column(
        ("tunnel", "tunnel"),
        Kind::Text,
        "kind and id of the innermost tunnel",
        |c| Value::known(c.facts.seldom().tunnel, Value::Tunnel),
    )
    .or_none(),
    column(
        ("proxied_for", "proxied for"),
        Kind::Text,
        "real client by the PROXY protocol header in front, address and port",
        |c| Value::known(c.facts.seldom().proxied_for, Value::End),
    )
    .or_none(),
    column(("class", "class"), Kind::Text, "what it was used for", |c| {
        Value::Slug(c.class.as_str())
    })
    .of(CLASSES),
    column(
        ("start", "start"),
        Kind::Time,
        "first packet, seconds since the epoch",
        |c| Value::Time(c.facts.start),
    ),
    column(
        ("end", "end"),
        Kind::Time,
        "last packet, seconds since the epoch",
        |c| Value::Time(c.facts.end),
    ),
    column(
        ("requests", "requests"),
        Kind::Whole,
        "complete request heads",
        |c| Value::Whole(c.facts.requests.into()),
    ),
    column(("responses", "responses"), Kind::Whole, "final responses", |c| {
        Value::Whole(c.facts.responses.into())
    }),
    column(
        ("closer", "closer"),
        Kind::Text,
        "who sent the first FIN or RST; null while open, or lost",
        |c| {
            let closer = c.facts.closer.filter(|closer| *closer != Closer::Lost);
            Value::known(closer, |closer| Value::Slug(closer.as_str()))
        },
    )
    .or_none()
    .of(CLOSERS),
    column(
        ("close_reason", "reason"),
        Kind::Text,
        "what the close looked like; null while open",
        |c| {
            let reason = CloseReason::of(c.facts, c.idle_close);
            Value::known(reason, |reason| Value::Slug(reason.as_str()))
        },
    )
    .or_none()
    .of(CLOSE_REASONS),
    column(
        ("announced", "announced"),
        Kind::Flag,
        "the last request or response carried Connection: close",
        |c| Value::Flag(c.facts.announced),
    ),
    column(
        ("idle_before_close_s", "idle"),
        Kind::Seconds,
        "end of the last complete response to the first FIN or RST",
        |c| {
            Value::known(c.facts.idle_before_close.get(), |idle| {
                Value::Seconds(seconds(idle))
            })
        },
    )
    .or_none(),
    column(("cause", "cause"), Kind::Text, "id of what closed it", |c| {
        Value::known(c.cause, |cause| Value::Slug(cause.as_str()))
    })
    .or_none()
    .late(),
    column(
        ("history", "history"),
        Kind::Text,
        "order of first events in Zeek's letters",
        |c| Value::History(c.facts.history),
    ),
    column(
        ("first_frame", "first frame"),
        Kind::Whole,
        "frame.number of its first packet",
        |c| Value::Whole(c.facts.first_frame),
    ),
    column(
        ("last_frame", "last frame"),
        Kind::Whole,
        "frame.number of its last packet",
        |c| Value::Whole(c.facts.last_frame.1),
    ),
    column(
        ("bytes_to_server", "to server"),
        Kind::Whole,
        "TCP payload bytes",
        |c| Value::Whole(c.facts.bytes_to_server),
    ),
    column(
        ("bytes_to_client", "to client"),
        Kind::Whole,
        "TCP payload bytes",
        |c| Value::Whole(c.facts.bytes_to_client),
    ),
    column(
        ("role_evidence", "role by"),
        Kind::Text,
        "how it was decided which end is the client",
        |c| Value::Slug(c.facts.role_evidence.as_str()),
    )
    .of(EVIDENCE),
];

fn seconds(span: Nanos) -> f64 {
    span as f64 / SECOND as f64
}
