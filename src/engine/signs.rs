//! Signs of why a connection will end, noted while it lives.

use std::num::NonZeroU16;

use super::conversation::Conversation;
use super::marks::Marks;
use crate::aggregate::PrefixRef;
use crate::classify::{Signs, Version};
use crate::decode::Segment;
use crate::flow::Sender;
use crate::http::{Extent, Framing, RequestHead, ResponseHead, Tokens};
use crate::sequence::SeqNumber;
use crate::time::Timestamp;

/// The usual status.
const OK: u16 = 200;

/// `sign` if `there`.
#[inline]
const fn when(there: bool, sign: u32) -> u32 {
    if there { sign } else { 0 }
}

/// Signs for every set of tokens.
type OfTokens = [u32; Tokens::ALL as usize + 1];

#[inline]
const fn of_tokens(signs: &OfTokens, tokens: Tokens) -> u32 {
    signs[(tokens.bits() & Tokens::ALL) as usize]
}

/// Each token and the signs that it is in a request, or in a response.
const MEANINGS: [(u8, u32, u32); 5] = [
    (Tokens::CLOSE, Signs::REQUEST_CLOSE, Signs::RESPONSE_CLOSE),
    (
        Tokens::KEEP_ALIVE,
        Signs::REQUEST_KEEP_ALIVE | Signs::EVER_KEEP_ALIVE,
        0,
    ),
    (Tokens::UPGRADE, Signs::REQUEST_UPGRADE, 0),
    (Tokens::UPGRADE_FIELD, Signs::REQUEST_UPGRADE_FIELD, 0),
    (Tokens::ACCEL, 0, Signs::RESPONSE_ACCEL),
];

const OF_REQUEST: OfTokens = signs_of_all(true);
const OF_RESPONSE: OfTokens = signs_of_all(false);

const fn signs_of_all(request: bool) -> OfTokens {
    const UPGRADES: usize = (Tokens::UPGRADE | Tokens::UPGRADE_FIELD) as usize;
    let mut signs = [0; Tokens::ALL as usize + 1];
    let mut tokens = 0;
    while tokens < signs.len() {
        let mut meanings = MEANINGS.as_slice();
        while let [(token, of_request, of_response), rest @ ..] = meanings {
            let sign = if request { *of_request } else { *of_response };
            signs[tokens] |= when(tokens & *token as usize != 0, sign);
            meanings = rest;
        }
        let bare = request && tokens & UPGRADES == Tokens::UPGRADE as usize;
        signs[tokens] |= when(bare, Signs::BARE_UPGRADE);
        tokens += 1;
    }
    signs
}

impl Conversation {
    /// What a request's head says; `prefix` is its own, the one before still in place.
    #[expect(clippy::inline_always, reason = "a few instructions")]
    #[inline(always)]
    pub(super) fn note_request_signs(&mut self, head: &RequestHead<'_>, prefix: PrefixRef) {
        let bits = when(matches!(head.version, Version::Http10), Signs::REQUEST_10)
            | of_tokens(&OF_REQUEST, head.tokens)
            | when(!matches!(head.extent, Extent::Whole), Signs::REQUEST_CUT)
            | when(self.pending.is_some(), Signs::PIPELINED)
            | when(
                self.requests > 1 && prefix != self.last_prefix,
                Signs::SEVERAL_PREFIXES,
            );
        self.signs.replace(Signs::REQUEST, bits);
    }

    /// What a final response's head says, and when it comes.
    #[expect(clippy::inline_always, reason = "a few instructions")]
    #[inline(always)]
    pub(super) fn note_response_signs(&mut self, head: &ResponseHead, client: Sender) {
        let bits = when(matches!(head.version, Version::Http10), Signs::RESPONSE_10)
            | of_tokens(&OF_RESPONSE, head.tokens)
            | when(
                matches!(head.framing, Framing::UntilClose),
                Signs::RESPONSE_UNDELIMITED,
            )
            | when(
                self.streams[client.index()].messages.in_body(),
                Signs::RESPONSE_EARLY,
            );
        self.signs.replace(Signs::RESPONSE, bits);
        if self.pending.is_none() && self.requests > 0 {
            self.signs.note(Signs::STRAY);
        }
        self.note_status(head.status);
    }

    /// Nearly every status is 200: others take room where few connections need any.
    #[expect(clippy::inline_always, reason = "a few instructions")]
    #[inline(always)]
    fn note_status(&mut self, status: u16) {
        let other = NonZeroU16::new(if status == OK { 0 } else { status });
        if other.is_some() {
            self.beyond_mut().status = other;
        } else if let Some(beyond) = self.beyond.as_deref_mut() {
            beyond.status = None;
        }
    }

    /// Status of the last final response; 0 where there was none.
    pub(super) fn status(&self) -> u16 {
        let other = self.beyond.as_deref().and_then(|beyond| beyond.status);
        match other {
            Some(status) => status.get(),
            None if self.responses > 0 => OK,
            None => 0,
        }
    }

    /// Bytes of the server that are no HTTP, with nothing outstanding.
    #[cold]
    pub(super) fn note_stray_bytes(&mut self) {
        if self.pending.is_none() && self.requests > 0 {
            self.signs.note(Signs::STRAY);
        }
    }

    /// A segment with payload that was sent before: the first request, of which the server has acknowledged nothing?
    #[cold]
    pub(super) fn note_repeated(&mut self, segment: &Segment<'_>, sender: Sender) {
        if !self.is_client(sender) {
            self.signs.note(Signs::SERVER_REPEATED);
            return;
        }
        if segment.payload_len > 0 && self.pending.is_some() {
            self.signs.note(Signs::REQUEST_REPEATED);
        }
        let isn = self.tcp.end(sender).isn();
        let acked = self.tcp.end(sender.peer()).acked();
        let unheard =
            isn.is_some_and(|isn| acked == Some(isn.plus(1)) && SeqNumber(segment.sequence) == isn.plus(1));
        if unheard && self.responses == 0 && segment.payload_len > 0 {
            self.signs.note(Signs::FIRST_REPEATED);
        }
    }

    /// An RST by the client while its SYN is open and the server has not sent its own: it had acknowledged something else.
    #[cold]
    pub(super) fn note_challenged(&mut self, sender: Sender) {
        let open = self.marks.has(Marks::OPENED) && self.tcp.end(sender.peer()).isn().is_none();
        if open && self.is_client(sender) {
            self.signs.note(Signs::CHALLENGED);
        }
    }

    /// The signs at the end.
    pub(super) fn last_signs(&self, client: Sender) -> Signs {
        let mut signs = self.signs;
        signs.note(
            when(self.tcp.end(client).reset(), Signs::RESET_BY_CLIENT)
                | when(self.tcp.end(client.peer()).reset(), Signs::RESET_BY_SERVER),
        );
        signs
    }

    /// First byte of the first request without a response.
    pub(super) fn unanswered_since(&self) -> Option<Timestamp> {
        self.pending.as_ref().map(|pending| pending.began)
    }
}
