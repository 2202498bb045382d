//! The verdict of a leg: the first rule that holds.

use super::snapshot::Status;
use crate::aggregate::{Figures, PrefixRow};
use crate::lang::tr;
use crate::thresholds::Thresholds;
use crate::tr;

/// An answer and why.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Judgement {
    pub(super) status: Status,
    pub(super) reason: String,
}

impl Judgement {
    pub(super) fn new(status: Status, reason: impl Into<String>) -> Self {
        Self {
            status,
            reason: reason.into(),
        }
    }

    /// The worse of the two; the first wins a tie. `Inconclusive` is no answer and loses.
    pub(super) fn worse(self, other: Self) -> Self {
        if other.status > self.status { other } else { self }
    }
}

/// What is judged: figures, and their parts where there are any.
#[derive(Clone, Copy)]
pub(super) struct Case<'a> {
    pub(super) figures: &'a Figures,
    pub(super) prefixes: &'a [PrefixRow],
    /// Packets that the kernel dropped or that are damaged in the file, and that may be this leg's.
    pub(super) dropped: u64,
}

/// R and A, counted one way.
#[derive(Clone, Copy)]
struct Count {
    requests: u64,
    avoidable: u64,
}

impl Case<'_> {
    fn requests(&self) -> u64 {
        self.figures.counts.requests.rated()
    }

    fn failed(&self) -> u64 {
        self.figures.failed_connects()
    }

    pub(super) fn judge(&self, t: &Thresholds) -> Judgement {
        if let Some(judgement) = self
            .nothing_to_judge(t)
            .or_else(|| self.failing(t))
            .or_else(|| self.too_few(t))
        {
            return judgement;
        }
        let Some(avoidable) = self.figures.avoidable else {
            return Judgement::new(
                Status::Inconclusive,
                tr("too many clients to tell their pools apart"),
            );
        };
        if let Some(judgement) = self.unknown(avoidable, t) {
            return judgement;
        }
        self.answer(
            Count {
                requests: self.requests(),
                avoidable,
            },
            t,
        )
    }

    /// Rule 1.
    fn nothing_to_judge(&self, t: &Thresholds) -> Option<Judgement> {
        let counts = &self.figures.counts;
        if self.figures.lacks_a_direction() {
            return Some(Judgement::new(
                Status::Inconclusive,
                tr("one direction is missing from the capture: capture where both pass"),
            ));
        }
        if self.requests() == 0 && self.failed() == 0 {
            let what = if counts.requests.checks > 0 || counts.classes.get(crate::classify::Class::Check) > 0
            {
                "nothing but health checks"
            } else if counts.requests.upgraded > 0 {
                "nothing but upgraded requests"
            } else {
                "no HTTP request seen"
            };
            return Some(Judgement::new(Status::Inconclusive, tr(what)));
        }
        let _ = t;
        None
    }

    /// Rule 2.
    pub(super) fn failing(&self, t: &Thresholds) -> Option<Judgement> {
        let connections = &self.figures.counts.connections;
        let lost = self.figures.counts.requests.lost;
        if connections.opened >= t.min_attempts && self.failed() > connections.established {
            let text = tr!(
                "{failed} of {attempts} connects failed ({refused} refused, {unanswered} unanswered)",
                failed = self.failed(),
                attempts = connections.opened,
                refused = connections.refused,
                unanswered = connections.unanswered
            );
            return Some(Judgement::new(Status::Fail, text));
        }
        if lost >= t.min_lost && lost as f64 > t.lost_share * self.requests() as f64 {
            let text = tr!(
                "{lost} of {requests} requests lost on connections that the server was closing (a race on reuse)",
                lost,
                requests = self.requests()
            );
            return Some(Judgement::new(Status::Fail, text));
        }
        None
    }

    /// Rule 3.
    fn too_few(&self, t: &Thresholds) -> Option<Judgement> {
        (self.requests() < t.min_requests).then(|| {
            let text = tr!(
                "{requests} requests, fewer than {least}",
                requests = self.requests(),
                least = t.min_requests
            );
            Judgement::new(Status::Inconclusive, text)
        })
    }

    /// Rule 4.
    fn unknown(&self, avoidable: u64, t: &Thresholds) -> Option<Judgement> {
        let counts = &self.figures.counts;
        let requests = &counts.requests;
        let firsts_if_unknown = requests.first + requests.unknown_first;
        let against =
            crate::aggregate::avoidable(firsts_if_unknown, &self.figures.concurrency).unwrap_or(avoidable);
        // A dropped packet was at most one request, and three make a handshake.
        let hidden = counts.hidden_requests + self.dropped;
        let kind = Count {
            requests: self.requests() + hidden,
            avoidable,
        };
        let harsh = self.dropped / 3;
        let strict = Count {
            requests: self.requests() + harsh,
            avoidable: against.max(avoidable) + harsh,
        };
        let (best, worst) = (self.answer(kind, t), self.answer(strict, t));
        if best.status != worst.status {
            let what = unknown_in_words(requests.unknown_first, counts.hidden_requests, self.dropped);
            let text = tr!(
                "{what}: counted for it the answer is {best}, counted against it {worst}; capture longer, or without loss",
                what,
                best = tr(best.status.as_str()),
                worst = tr(worst.status.as_str())
            );
            return Some(Judgement::new(Status::Inconclusive, text));
        }
        let closed = self
            .figures
            .concurrency
            .closed_before_last_first
            .unwrap_or(u64::MAX);
        if 2 * firsts_if_unknown >= self.requests() && closed.saturating_mul(10) < firsts_if_unknown {
            let text = tr!(
                "the pool is still growing ({firsts} first requests, {closed} connections closed before the last): \
                 capture longer",
                firsts = firsts_if_unknown,
                closed
            );
            return Some(Judgement::new(Status::Inconclusive, text));
        }
        None
    }

    /// Rules 5 to 7.
    fn answer(&self, count: Count, t: &Thresholds) -> Judgement {
        let Count { requests, avoidable } = count;
        let failed = self.failed();
        let attempts = self.figures.counts.connections.opened;
        let per_request = avoidable as f64 / requests.max(1) as f64;
        if let Some(reason) = self.churn(count, t) {
            if self.mostly_idle_closes() {
                let text = tr!(
                    "{reason}, but most connections were closed idle: requests are rarer than the idle timeout",
                    reason
                );
                return Judgement::new(Status::Warn, text);
            }
            return Judgement::new(Status::Fail, reason);
        }
        let few = avoidable <= t.pass_avoidable_count || per_request <= t.pass_avoidable;
        let connects = failed as f64 <= t.pass_failed * attempts as f64;
        let reused = self.figures.counts.requests.reused();
        if few && connects {
            let first = self.figures.counts.requests.first;
            let text = tr!(
                "{reused} of {requests} requests reused a connection; {avoidable} of {first} handshakes avoidable",
                reused,
                requests,
                avoidable,
                first
            );
            return Judgement::new(Status::Pass, text);
        }
        let mut text = Vec::new();
        if !few {
            text.push(tr!(
                "{avoidable} avoidable handshakes in {requests} requests ({per} a request)",
                avoidable,
                requests,
                per = format!("{per_request:.2}")
            ));
        }
        if !connects {
            text.push(tr!("{failed} of {attempts} connects failed", failed, attempts));
        }
        Judgement::new(Status::Warn, text.join(tr("; ")))
    }

    /// Rule 5 without its exception: why, if it holds.
    fn churn(&self, count: Count, t: &Thresholds) -> Option<String> {
        let share = |avoidable: u64, requests: u64| avoidable as f64 >= t.fail_avoidable * requests as f64;
        if share(count.avoidable, count.requests) {
            let per = count.avoidable as f64 / count.requests.max(1) as f64;
            return Some(tr!(
                "connections are not reused: {avoidable} avoidable handshakes in {requests} requests ({per} a request)",
                avoidable = count.avoidable,
                requests = count.requests,
                per = format!("{per:.2}")
            ));
        }
        let part = self.prefixes.iter().find(|row| {
            row.requests >= t.min_part_requests
                && row
                    .avoidable
                    .is_some_and(|avoidable| share(avoidable, row.requests))
        })?;
        Some(tr!(
            "connections are not reused under {part}: {avoidable} avoidable handshakes in {requests} requests",
            part = part_name(part),
            avoidable = part.avoidable.unwrap_or(0),
            requests = part.requests
        ))
    }

    fn mostly_idle_closes(&self) -> bool {
        let c = &self.figures.concurrency;
        c.closed_before_last_first
            .is_some_and(|closed| closed > 0 && 2 * c.idle_closes > closed)
    }
}

fn part_name(part: &PrefixRow) -> String {
    let host = part.host.as_deref().unwrap_or_else(|| tr("(no Host)"));
    match &part.prefix {
        Some(prefix) => format!("{host}{prefix}"),
        None => format!("Host {host}"),
    }
}

fn unknown_in_words(firsts: u64, hidden: u64, dropped: u64) -> String {
    let mut parts = Vec::new();
    if firsts > 0 {
        parts.push(tr!(
            "{firsts} requests whose connections are older than the capture",
            firsts
        ));
    }
    if hidden > 0 {
        parts.push(tr!("up to {hidden} requests hidden in gaps", hidden));
    }
    if dropped > 0 {
        parts.push(tr!("{dropped} packets dropped by the kernel or damaged", dropped));
    }
    parts.join(tr(", "))
}
