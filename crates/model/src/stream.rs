//! What comes over a venue's WebSockets, once an adapter has decoded it.

use serde::{Deserialize, Serialize};

use crate::balance::Balance;
use crate::call::{CallKind, StreamFeed};
use crate::id::{CallId, Symbol};
use crate::market::{Bar, BookDelta, Interval, Quote, Trade};
use crate::outcome::{Fate, Outcome};
use crate::report::{ExecutionReport, HistoricFill, OrderListReport};

/// The kinds of sockets a venue has: they are separate services, never one connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StreamKind {
    /// Public market data.
    Market,
    /// The account's own orders and balances.
    Account,
}

/// What a strategy can follow of an instrument.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Feed {
    /// Best bid and ask at every change.
    Quote,
    /// Every trade.
    Trade,
    /// The whole book, kept from changes; strategies get so many of the best levels.
    Book(u32),
    /// Bars of this length, open ones included.
    Bar(Interval),
}

/// One decoded message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum StreamEvent {
    /// A new best bid or ask.
    Quote(Symbol, Quote),
    /// A trade.
    Trade(Symbol, Trade),
    /// A bar, closed or still open.
    Bar(Symbol, Bar),
    /// A change of a book.
    Book(Symbol, BookDelta),
    /// A statement about one of the account's orders.
    Report(ExecutionReport),
    /// A statement about a list of the account's orders; each of them is reported on its own too.
    ListReport(OrderListReport),
    /// Absolute balances of the assets that may have changed; others are as before.
    Balances(Vec<Balance>),
    /// A balance changed by a transfer, not by a trade; its absolute value is to be read.
    BalanceMoved,
    /// The answer to a control message.
    Replied {
        /// Which call it answers.
        call: CallId,
        /// What became of it.
        outcome: Box<Outcome>,
    },
    /// The answer to a control message, or to a part of one, of a venue that gives no number back:
    /// it is to the oldest of that kind which waits for it.
    Acked {
        /// What kind of message it answers; none where the venue does not say.
        kind: Option<CallKind>,
        /// Which part of it.
        part: AckedPart,
        /// What became of that.
        fate: Box<Fate>,
    },
    /// A trade of the account's, told apart from the order that it is of.
    Fill(HistoricFill),
    /// What one message says, in the order in which it says it. Never one inside another.
    Several(Vec<StreamEvent>),
    /// The venue is about to close this socket: open another now.
    Closing,
    /// The account's events have ended though the socket stands.
    Terminated,
    /// Something this framework knowingly has no use for.
    Ignored,
}

/// What of a control message is answered.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum AckedPart {
    /// All of it.
    Whole,
    /// One feed of those that it names. A book is named as [`Feed::Book`] of 0 levels.
    Feed(StreamFeed),
    /// One part of the account's events.
    Account(AccountPart),
}

/// A part of an account's events, where a venue sends each by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountPart {
    /// What becomes of orders.
    Orders,
    /// Trades.
    Fills,
    /// Balances.
    Balances,
}
