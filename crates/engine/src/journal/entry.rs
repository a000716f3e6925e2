//! The vocabulary of records.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use tradewind_model::Decimal;
use tradewind_model::id::{AccountId, ClientOrderId, StrategyId, Symbol, VenueId, VenueOrderId};
use tradewind_model::money::Quantity;
use tradewind_model::order::{Link, OrderRequest};
use tradewind_model::report::Fill;
use tradewind_model::time::Timestamp;
use tradewind_model::trading::{TradingScope, TradingState};
use tradewind_scheduler::{ScopeKey, ShutRecord};

/// One fact, and when it became known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// When, by our clock.
    pub at: Timestamp,
    /// What.
    pub entry: Entry,
}

/// When a record has to be safe.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Durability {
    /// Soon: it tells of what has happened already, and the venue could tell it again.
    Behind,
    /// Before the bytes of an order leave.
    BeforeSend,
    /// Before it is acted upon, and safe from a loss of power too: a decision that nobody could
    /// tell again.
    BeforeActing,
}

/// What a record says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Entry {
    /// An order is about to be sent, or sent once more under the same name.
    Intent(Box<Intent>),
    /// An order of ours was found at the venue of which no intent was found here: the journal had
    /// lost its tail.
    Adopted(Box<Intent>),
    /// Its bytes have left, or may have.
    Sent {
        /// Which order.
        client_order_id: ClientOrderId,
    },
    /// The venue has it.
    Accepted {
        /// Which order.
        client_order_id: ClientOrderId,
        /// The venue's name of it.
        venue_order_id: VenueOrderId,
        /// When, by the venue's clock; none where it does not say.
        transacted_at: Option<Timestamp>,
    },
    /// A trade of it.
    Traded(Box<Trade>),
    /// It is to be canceled.
    CancelAsked {
        /// Which order.
        client_order_id: ClientOrderId,
    },
    /// Its quantity is to be lowered.
    AmendAsked {
        /// Which order.
        client_order_id: ClientOrderId,
        /// To this, what has traded included.
        qty: Quantity,
    },
    /// The venue has lowered its quantity.
    Amended {
        /// Which order.
        client_order_id: ClientOrderId,
        /// To this, what has traded included.
        qty: Quantity,
    },
    /// The answer to it was lost: the venue may or may not have it.
    InDoubt {
        /// Which order.
        client_order_id: ClientOrderId,
        /// How the answer was lost.
        reason: String,
    },
    /// The doubt is over, by what the venue has said.
    Resolved {
        /// Which order.
        client_order_id: ClientOrderId,
        /// What that was.
        evidence: String,
    },
    /// Nothing will happen to it any more.
    Ended {
        /// Which order.
        client_order_id: ClientOrderId,
        /// How it ended.
        ending: Ending,
        /// Why: the venue's words, the evidence of a verdict, the operator's name.
        reason: Option<String>,
    },
    /// An operator, or a limit on losses, has changed how much trading is allowed.
    Trading(Box<Trading>),
    /// The venue has shut something, or shut it for longer.
    Shut(Box<ShutRecord>),
    /// It has opened again.
    Opened(ScopeKey),
    /// A decision about routes that holds until another is made about the same, or it is taken back.
    Routed(Box<Routed>),
    /// It is taken back.
    Unrouted {
        /// See [`Routed::subject`].
        subject: String,
    },
    /// A strategy keeps a value under a key; none forgets it.
    Remembered {
        /// Which strategy.
        strategy: StrategyId,
        /// The key.
        key: String,
        /// The value.
        value: Option<String>,
    },
}

/// An order as it is about to be sent: all that it takes to ask about it after a crash.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Intent {
    /// Our name of it, which stands for this one wish for ever.
    pub client_order_id: ClientOrderId,
    /// Where to.
    pub venue: VenueId,
    /// In whose name.
    pub account: AccountId,
    /// Whose wish it is.
    pub strategy: StrategyId,
    /// What was asked for, the strategy's mark included.
    pub request: OrderRequest,
    /// Which other order it goes with: the other half of a pair has an intent of its own, in the
    /// same group of records; an order that this one is to replace has had one long ago.
    #[serde(default)]
    pub link: Link,
    /// The venue's spelling of the instrument.
    pub symbol: Symbol,
    /// By when it has to have left.
    pub deadline: Timestamp,
    /// How late the venue may still accept it. Once a send has outlived this, it cannot be taken
    /// any more; until then nothing that the venue does not know proves anything.
    pub recv_window: Duration,
    /// The first is 1. A higher one is the same order under the same name, sent again after a
    /// verdict that the earlier one was not placed.
    pub attempt: u32,
    /// When the strategy asked for it.
    pub created_at: Timestamp,
}

/// A trade of an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trade {
    /// Of which order.
    pub client_order_id: ClientOrderId,
    /// The venue's name of the order.
    pub venue_order_id: VenueOrderId,
    /// At which venue.
    pub venue: VenueId,
    /// On which symbol: the venue numbers trades apart for each.
    pub symbol: Symbol,
    /// The trade.
    pub fill: Fill,
    /// What of its fee was taken in base asset: that much less is held.
    pub base_fee: Decimal,
}

/// How an order ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// It provably never left, or was provably not taken.
    Unsent,
    /// The venue refused it.
    Rejected,
    /// In doubt until every way in which the venue could have it was ruled out.
    NotPlaced,
    /// An operator has ended what no question will ever answer.
    Forgotten,
    /// The venue ended it.
    Expired,
    /// Canceled.
    Canceled,
    /// All of it traded.
    Filled,
}

/// How much trading is allowed, of what, and who said so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trading {
    /// Of what.
    pub scope: TradingScope,
    /// How much; `Running` clears what was set before.
    pub state: TradingState,
    /// Who, and why.
    pub reason: String,
}

/// A decision about routes, as whoever decides writes it down to read it again: which route orders
/// go by, what was tried where, which order stands in for which.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Routed {
    /// What it is about; a later one about the same takes its place.
    pub subject: String,
    /// What was decided and why, in words.
    pub what: String,
    /// All of it, as JSON.
    pub record: String,
}

impl Entry {
    /// When a record of this has to be safe.
    ///
    /// What is forbidden or allowed, where the venue has shut its door, where new intents go and
    /// what ends an order without the venue's word are decisions: they are acted upon when they
    /// cannot be lost any more. That a door is open again is not one of them, because whoever
    /// forgets it stays away a little longer.
    #[must_use]
    pub const fn durability(&self) -> Durability {
        match self {
            Self::Intent(_) | Self::AmendAsked { .. } => Durability::BeforeSend,
            Self::Trading(_)
            | Self::Shut(_)
            | Self::Routed(_)
            | Self::Unrouted { .. }
            | Self::Ended { ending: Ending::NotPlaced | Ending::Forgotten, .. } => {
                Durability::BeforeActing
            }
            Self::Adopted(_)
            | Self::Sent { .. }
            | Self::Accepted { .. }
            | Self::Traded(_)
            | Self::CancelAsked { .. }
            | Self::Amended { .. }
            | Self::InDoubt { .. }
            | Self::Resolved { .. }
            | Self::Ended {
                ending:
                    Ending::Unsent
                    | Ending::Rejected
                    | Ending::Expired
                    | Ending::Canceled
                    | Ending::Filled,
                ..
            }
            | Self::Opened(_)
            | Self::Remembered { .. } => Durability::Behind,
        }
    }

    /// The order that this is about, if it is about one.
    #[must_use]
    pub fn client_order_id(&self) -> Option<ClientOrderId> {
        match self {
            Self::Intent(intent) | Self::Adopted(intent) => Some(intent.client_order_id),
            Self::Traded(trade) => Some(trade.client_order_id),
            Self::Sent { client_order_id }
            | Self::Accepted { client_order_id, .. }
            | Self::CancelAsked { client_order_id }
            | Self::AmendAsked { client_order_id, .. }
            | Self::Amended { client_order_id, .. }
            | Self::InDoubt { client_order_id, .. }
            | Self::Resolved { client_order_id, .. }
            | Self::Ended { client_order_id, .. } => Some(*client_order_id),
            Self::Trading(_)
            | Self::Shut(_)
            | Self::Opened(_)
            | Self::Routed(_)
            | Self::Unrouted { .. }
            | Self::Remembered { .. } => None,
        }
    }

    /// The name in logs and tables.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Intent(_) => "intent",
            Self::Adopted(_) => "adopted",
            Self::Sent { .. } => "sent",
            Self::Accepted { .. } => "accepted",
            Self::Traded(_) => "traded",
            Self::CancelAsked { .. } => "cancel-asked",
            Self::AmendAsked { .. } => "amend-asked",
            Self::Amended { .. } => "amended",
            Self::InDoubt { .. } => "in-doubt",
            Self::Resolved { .. } => "resolved",
            Self::Ended { ending, .. } => ending.name(),
            Self::Trading(_) => "trading",
            Self::Shut(_) => "shut",
            Self::Opened(_) => "opened",
            Self::Routed(_) => "routed",
            Self::Unrouted { .. } => "unrouted",
            Self::Remembered { .. } => "remembered",
        }
    }
}

impl Ending {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Unsent,
        Self::Rejected,
        Self::NotPlaced,
        Self::Forgotten,
        Self::Expired,
        Self::Canceled,
        Self::Filled,
    ];

    /// Whether the venue could still contradict it: an order that then turns up is open after all.
    #[must_use]
    pub const fn is_revocable(self) -> bool {
        match self {
            Self::Unsent | Self::Rejected | Self::NotPlaced | Self::Forgotten => true,
            Self::Expired | Self::Canceled | Self::Filled => false,
        }
    }

    /// The name in logs and tables.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unsent => "unsent",
            Self::Rejected => "rejected",
            Self::NotPlaced => "not-placed",
            Self::Forgotten => "forgotten",
            Self::Expired => "expired",
            Self::Canceled => "canceled",
            Self::Filled => "filled",
        }
    }
}
