//! Answers that carry no number.
//!
//! Where a venue gives back what was asked for instead of a number, an answer is to the oldest
//! message on that socket which asked for it and waits. A message of several parts is answered when
//! each of them is; one refusal is that of the whole, but for a feed: a market that is shut is no
//! reason to follow none.

use std::collections::BTreeSet;

use tradewind_model::call::{Call, CallKind, StreamFeed};
use tradewind_model::id::CallId;
use tradewind_model::outcome::{Fate, Meter, Outcome, RefusalKind, Reply};
use tradewind_model::stream::{AccountPart, AckedPart, Feed, StreamKind};
use tradewind_model::time::Timestamp;

use crate::engine::Engine;
use crate::engine::calls::{Owner, PendingCall};
use crate::incident::Incident;

impl Engine {
    /// Something that was asked for on a socket has been answered. What nobody waits for is left.
    pub(super) fn acked(
        &mut self,
        now: Timestamp,
        stream: StreamKind,
        generation: u32,
        kind: Option<CallKind>,
        part: AckedPart,
        fate: Fate,
    ) {
        let Some(call) = self.answered_by(stream, generation, kind, &part) else {
            self.counters.unclaimed_answers += 1;
            return;
        };
        let is_part_done = match (&fate, &part) {
            (Fate::Done(_), _) => true,
            (Fate::Refused(refusal), AckedPart::Feed(feed))
                if refusal.kind == RefusalKind::Validation =>
            {
                let what = format!("{:?} of {}", feed.feed, feed.symbol);
                self.tell(Incident::ReadFailed { what, reason: refusal.message.clone() });
                true
            }
            (Fate::Refused(_) | Fate::NotTaken(_) | Fate::Unknown(_), _) => false,
        };
        if !is_part_done {
            return self.replied(now, call, Outcome::single(fate, Meter::default()));
        }
        let account_parts = self.config.manners.account_parts;
        let Some(pending) = self.calls.get_mut(call) else { return };
        pending.answered.insert(part.clone());
        let is_whole = part == AckedPart::Whole
            || parts(&pending.call, account_parts).is_subset(&pending.answered);
        if is_whole {
            let outcome = Outcome::single(Fate::Done(Reply::Ack), Meter::default());
            self.replied(now, call, outcome);
        }
    }

    /// The oldest message on a socket that waits for such an answer.
    fn answered_by(
        &self,
        stream: StreamKind,
        generation: u32,
        kind: Option<CallKind>,
        part: &AckedPart,
    ) -> Option<CallId> {
        let account_parts = self.config.manners.account_parts;
        let waits = |pending: &PendingCall| {
            let is_meant = kind.is_none_or(|kind| pending.call.kind() == kind);
            let has_part = *part == AckedPart::Whole
                || parts(&pending.call, account_parts).contains(part)
                    && !pending.answered.contains(part);
            is_meant && has_part
        };
        let on_it = self.calls.of(|owner| is_on(owner, stream, generation));
        let waiting = on_it.into_iter().filter_map(|id| {
            let pending = self.calls.get(id).filter(|pending| waits(pending))?;
            Some((pending.sent_at?, id))
        });
        waiting.min().map(|(_, id)| id)
    }
}

/// Whether a message goes over this socket.
pub(super) fn is_on(owner: &Owner, stream: StreamKind, generation: u32) -> bool {
    let own = [
        Owner::Authenticate(generation),
        Owner::Join(generation),
        Owner::Ping(StreamKind::Account, generation),
    ];
    let of_market = [Owner::Follow(generation), Owner::Ping(StreamKind::Market, generation)];
    match stream {
        StreamKind::Account => own.contains(owner),
        StreamKind::Market => {
            of_market.contains(owner) || matches!(owner, Owner::Renew(of, _) if *of == generation)
        }
    }
}

/// The parts of a message, each of which is answered.
fn parts(call: &Call, account_parts: &[AccountPart]) -> BTreeSet<AckedPart> {
    let feed = |feed: &StreamFeed| {
        let named = match feed.feed {
            Feed::Book(_) => Feed::Book(0),
            Feed::Quote | Feed::Trade | Feed::Bar(_) => feed.feed,
        };
        AckedPart::Feed(StreamFeed { symbol: feed.symbol.clone(), feed: named })
    };
    if let Call::Subscribe { feeds } | Call::Unsubscribe { feeds } = call {
        return feeds.iter().map(feed).collect();
    }
    if *call == Call::SubscribeAccount && !account_parts.is_empty() {
        return account_parts.iter().copied().map(AckedPart::Account).collect();
    }
    BTreeSet::from([AckedPart::Whole])
}
