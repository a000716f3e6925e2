//! What became of a call.
//!
//! The four fates are all that can be known: it was done, it was refused, it was provably not
//! taken, or it is unknown. The last is the expensive one to get wrong, so everything an adapter
//! does not understand is `Unknown`.

use std::time::Duration;

use arrayvec::ArrayVec;
use serde::{Deserialize, Serialize};

use crate::balance::AccountSnapshot;
use crate::instrument::Instrument;
use crate::market::{Bar, Book, Quote};
use crate::report::{ExecutionReport, HistoricFill, OrderListReport};
use crate::tariff::{Limit, LimitKind, Weight};
use crate::time::Timestamp;

/// Which part of a call with several parts: a replacement's cancel, a pair's stop. Calls with one
/// part have leg 0; how many there are says [`CallKind::legs`](crate::call::CallKind::legs).
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct LegId(pub u8);

/// What became of a call: a fate a leg, and what the venue said of its limits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// A fate for every leg; never empty. One alone stands for all: nothing came back that could
    /// tell them apart.
    pub legs: Vec<(LegId, Fate)>,
    /// What the venue said of its limits, whatever became of the call.
    pub meter: Meter,
}

impl Outcome {
    /// The outcome of a call with one leg.
    #[must_use]
    pub fn single(fate: Fate, meter: Meter) -> Self {
        Self { legs: vec![(LegId::default(), fate)], meter }
    }

    /// The outcome of a call with two legs.
    #[must_use]
    pub fn double(first: Fate, second: Fate, meter: Meter) -> Self {
        Self { legs: vec![(LegId(0), first), (LegId(1), second)], meter }
    }

    /// What became of one leg. A fate that stands alone is that of every leg.
    #[must_use]
    pub fn fate(&self, leg: LegId) -> Option<&Fate> {
        match self.legs.as_slice() {
            [(_, only)] => Some(only),
            legs => legs.iter().find(|(id, _)| *id == leg).map(|(_, fate)| fate),
        }
    }
}

/// What can be known of a leg.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(
    clippy::large_enum_variant,
    reason = "the large one is what nearly every call comes to; a box would be one more allocation a call"
)]
pub enum Fate {
    /// The venue did it, and said so.
    Done(Reply),
    /// The venue looked at it and said no. It will say no again.
    Refused(Refusal),
    /// The venue provably did not act on it: it never left, or a limit turned it away.
    NotTaken(NotTaken),
    /// It may or may not have been done.
    Unknown(Unknown),
}

/// What a call that was done brought back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reply {
    /// Nothing but that it was done.
    Ack,
    /// The venue's clock, at some moment between send and reply.
    Time(Timestamp),
    /// Instruments and limits.
    Catalog {
        /// The instruments, ordered by id.
        instruments: Vec<Instrument>,
        /// The limits in force.
        limits: Vec<Limit>,
    },
    /// A snapshot of a book.
    Depth(Book),
    /// Bars, oldest first.
    Bars(Vec<Bar>),
    /// Best bid and ask.
    Ticker(Quote),
    /// One order: placed, canceled or asked about.
    Order(ExecutionReport),
    /// Several orders.
    Orders(Vec<ExecutionReport>),
    /// A list of orders that belong together.
    OrderList(OrderListReport),
    /// Several such lists.
    OrderLists(Vec<OrderListReport>),
    /// Trades of ours, oldest first.
    Fills(Vec<HistoricFill>),
    /// Balances and fees.
    Account(AccountSnapshot),
    /// The counts are in the meter.
    OrderCounts,
}

/// Why the venue said no.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// What kind of no.
    pub kind: RefusalKind,
    /// The venue's code.
    pub code: i64,
    /// The venue's words.
    pub message: String,
}

/// The kinds of no, by what there is to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefusalKind {
    /// The request was wrong: a parameter, a filter.
    Validation,
    /// A business rule: balance, a post-only order that would trade, a closed market.
    Business,
    /// An order of this client order id is open: ours, from an earlier try.
    DuplicateOrder,
    /// No such order. Says nothing of an order that was just sent.
    UnknownOrder,
    /// The key, its rights or its signature.
    Auth,
    /// The request's time was outside the venue's window.
    Clock,
}

/// How it is known that a call was not taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum NotTaken {
    /// The connection never stood, so nothing was written.
    NotSent(String),
    /// A limit turned it away.
    Throttled(Throttle),
    /// The venue had no room for it and said that it was not done.
    Overloaded(String),
    /// Another part of the same call failed, and the venue did not go on to this one.
    NotAttempted(String),
}

/// What a venue said when a limit turned a call away.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Throttle {
    /// Which limit, where it said so.
    pub kind: Option<LimitKind>,
    /// Whether we are banned, rather than merely early.
    pub is_ban: bool,
    /// How long to stay away, counted from the reply.
    pub retry_after: Option<Duration>,
    /// When to come back, by the venue's clock.
    pub retry_at: Option<Timestamp>,
    /// The venue's words.
    pub message: String,
}

/// Why the fate of a call is not known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Unknown {
    /// No answer in time.
    Timeout,
    /// The connection broke after bytes had left.
    Broken(String),
    /// The venue says that it does not know, or it is a kind of error that leaves it open.
    Venue {
        /// Status of the answer.
        status: u16,
        /// The venue's code, if there was one.
        code: Option<i64>,
        /// Its words, shortened.
        message: String,
    },
    /// The answer could not be read: truncated, HTML, empty, of another shape.
    Unreadable(String),
}

/// One counter, as the venue told it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reading {
    /// Which kind of limit.
    pub kind: LimitKind,
    /// Of which window length.
    pub interval: Duration,
    /// How much of it is used.
    pub used: Weight,
}

/// What the venue said of its limits in one answer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Meter {
    /// The counters it told; those it is known to tell wrongly are left out.
    pub readings: ArrayVec<Reading, 8>,
    /// The status of the answer, 100 to 599; none when there was no answer.
    pub status: Option<u16>,
    /// The venue's name of this request, for its support.
    pub request_id: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fate_that_stands_alone_is_that_of_every_leg() {
        let lost = Fate::Unknown(Unknown::Timeout);
        let outcome = Outcome::single(lost.clone(), Meter::default());
        assert_eq!([outcome.fate(LegId(0)), outcome.fate(LegId(1))], [Some(&lost), Some(&lost)]);
        let done = Fate::Done(Reply::Ack);
        let outcome = Outcome::double(done.clone(), lost.clone(), Meter::default());
        assert_eq!([outcome.fate(LegId(0)), outcome.fate(LegId(1))], [Some(&done), Some(&lost)]);
        assert_eq!(outcome.fate(LegId(2)), None);
    }
}
