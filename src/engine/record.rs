//! What is told of single exchanges when they are over: the records of `--requests`, and samples for the pairing of legs.

use super::context::Context;
use super::conversation::Conversation;
use super::delivery::Origin;
use super::pending::{Kept, Pending};
use super::sample::sample;
use crate::aggregate::{LegRef, Reuse};
use crate::classify::Endpoint;
use crate::diagnose::ExchangeRecord;
use crate::http::{Extent, RequestHead};
use crate::limits::TARGET_BYTES;
use crate::time::{Nanos, Timestamp};

impl Conversation {
    /// Tells of the exchanges that have no end.
    pub(super) fn finish_records(&mut self, cx: &mut Context<'_>) {
        while let Some(pending) = self.pop_pending() {
            self.finish_record(pending, None, None, cx);
        }
        self.finish_streams(cx);
    }

    /// What is to be remembered of a request until its response is over; for nearly all of them nothing.
    #[expect(clippy::inline_always, reason = "hardly ever more than two comparisons")]
    #[inline(always)]
    pub(super) fn kept<'a>(
        &self,
        extent: Extent,
        head: impl FnOnce() -> RequestHead<'a>,
        reuse: Reuse,
        (began, from): (Timestamp, Origin),
        leg: LegRef,
        cx: &Context<'_>,
    ) -> Option<Box<Kept>> {
        let records = cx.shared.config.keep_exchanges;
        let sampled = cx.shared.now.is_sampled() && extent >= Extent::StartLine;
        if !(records || sampled) {
            return None;
        }
        Some(self.keep(head(), reuse, (began, from), (records, sampled.then_some(leg))))
    }

    /// The head is handed over as a value so that it need not lie in memory otherwise.
    #[cold]
    #[inline(never)]
    fn keep(
        &self,
        head: RequestHead<'_>,
        reuse: Reuse,
        (began, from): (Timestamp, Origin),
        (record, sampled): (bool, Option<LegRef>),
    ) -> Box<Kept> {
        Box::new(Kept {
            record: record.then(|| self.record(&head, reuse, began, from)),
            sample: sampled.map(|leg| sample(&head, leg, began)),
        })
    }

    fn record(&self, head: &RequestHead<'_>, reuse: Reuse, began: Timestamp, from: Origin) -> ExchangeRecord {
        let text =
            |bytes: &[u8]| String::from_utf8_lossy(&bytes[..bytes.len().min(TARGET_BYTES)]).into_owned();
        ExchangeRecord {
            order: 0,
            connection: self.id.get(),
            // Filled in when the record is finished: the key is not at hand here.
            client: Endpoint {
                address: std::net::Ipv4Addr::UNSPECIFIED.into(),
                port: 0,
            },
            server: Endpoint {
                address: std::net::Ipv4Addr::UNSPECIFIED.into(),
                port: 0,
            },
            index: self.requests,
            start: began,
            method: text(head.method_name),
            target: text(head.target),
            host: head.host.map(text),
            version: head.version.as_str(),
            status: None,
            first_byte: None,
            response: None,
            reused: match reuse {
                Reuse::First => Some(false),
                Reuse::MidstreamFirst => None,
                Reuse::Reused => Some(true),
            },
            announced_close: head.announced,
            frame: (self.last.interface().0, from.number),
        }
    }

    /// Tells of an exchange that is over, where that was asked for.
    #[expect(clippy::inline_always, reason = "hardly ever more than a comparison")]
    #[inline(always)]
    pub(super) fn finish_record(
        &self,
        pending: Pending,
        end: Option<Timestamp>,
        response: Option<Nanos>,
        cx: &mut Context<'_>,
    ) {
        if let Some(kept) = pending.kept {
            self.finish_kept(*kept, end, response, cx);
        }
    }

    #[cold]
    #[inline(never)]
    fn finish_kept(&self, kept: Kept, end: Option<Timestamp>, response: Option<Nanos>, cx: &mut Context<'_>) {
        if let Some(mut record) = kept.record {
            record.order = cx.shared.now.order;
            record.response = end.and(response);
            if let Some((client, server)) = self.ends(cx) {
                record.client = client;
                record.server = server;
            }
            cx.shared.records.exchanges.push(record);
        }
        if let Some((mut sample, end)) = kept.sample.zip(end) {
            sample.ended = end;
            cx.shared.told.samples.push(sample);
        }
    }
}
