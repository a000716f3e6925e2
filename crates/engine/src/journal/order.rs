//! What the records of one order come to.
//!
//! As with the venue's statements, a record only ever moves an order along. Endings that rest on
//! the venue's word are final. The others (refused, never sent, not placed, forgotten) give way
//! to any sign that the venue has the order after all: then it is open, and counted.

use std::collections::BTreeMap;

use tradewind_model::id::{TradeId, VenueOrderId};
use tradewind_model::money::{Notional, Quantity};
use tradewind_model::order::OrderState;
use tradewind_model::report::Fill;
use tradewind_model::time::Timestamp;

use super::entry::{Ending, Intent, Trade};

/// What is recorded of an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderRecord {
    /// What was asked for, as it was last sent.
    pub intent: Intent,
    /// When the bytes of that last left; none when that is not recorded. They may have left all
    /// the same, since this is written behind.
    pub sent_at: Option<Timestamp>,
    /// The venue's name of it.
    pub venue_order_id: Option<VenueOrderId>,
    /// When we first knew that the venue has it.
    pub accepted_at: Option<Timestamp>,
    /// Since when its fate is unknown.
    pub in_doubt_since: Option<Timestamp>,
    /// When it was last to be canceled.
    pub cancel_asked_at: Option<Timestamp>,
    /// The quantity that it was last to be lowered to.
    pub amend_asked: Option<Quantity>,
    /// The quantity that the venue has lowered it to; none while it is as it was asked for.
    pub amended_qty: Option<Quantity>,
    /// Its trades, by number.
    pub fills: BTreeMap<TradeId, Fill>,
    /// Its end.
    pub over: Option<Over>,
    /// When something was last recorded of it.
    pub updated_at: Timestamp,
}

/// The end of an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Over {
    /// How it ended.
    pub ending: Ending,
    /// When that was recorded.
    pub at: Timestamp,
    /// Why.
    pub reason: Option<String>,
}

impl OrderRecord {
    /// An order of which nothing is recorded but the intent, at `at`.
    #[must_use]
    pub const fn new(intent: Intent, at: Timestamp) -> Self {
        Self {
            intent,
            sent_at: None,
            venue_order_id: None,
            accepted_at: None,
            in_doubt_since: None,
            cancel_asked_at: None,
            amend_asked: None,
            amended_qty: None,
            fills: BTreeMap::new(),
            over: None,
            updated_at: at,
        }
    }

    /// How much it is to trade in all; none where the venue is to say.
    #[must_use]
    pub fn qty(&self) -> Option<Quantity> {
        self.amended_qty.or_else(|| self.intent.request.kind.qty())
    }

    /// What has traded, by the trades that are recorded.
    #[must_use]
    pub fn cum_qty(&self) -> Quantity {
        self.fills.values().fold(Quantity::ZERO, |sum, fill| sum + fill.qty)
    }

    /// What that cost or brought.
    #[must_use]
    pub fn cum_quote(&self) -> Notional {
        self.fills.values().fold(Notional::ZERO, |sum, fill| sum + fill.price * fill.qty)
    }

    /// How an engine that starts has to take it; none when it is over. Whatever was not accepted
    /// is in doubt: that its bytes left is written behind, so that nothing recorded proves they
    /// did not.
    #[must_use]
    pub fn live_state(&self) -> Option<OrderState> {
        match (&self.over, self.accepted_at) {
            (Some(_), _) => None,
            (None, None) => Some(OrderState::InDoubt),
            (None, Some(_)) if self.fills.is_empty() => Some(OrderState::Open),
            (None, Some(_)) => Some(OrderState::PartiallyFilled),
        }
    }

    /// How far it has come, in tables.
    #[must_use]
    pub fn stage(&self) -> &'static str {
        if let Some(over) = &self.over {
            over.ending.name()
        } else if self.accepted_at.is_some() {
            let is_touched = !self.fills.is_empty();
            if is_touched { OrderState::PartiallyFilled.name() } else { OrderState::Open.name() }
        } else if self.in_doubt_since.is_some() {
            OrderState::InDoubt.name()
        } else if self.sent_at.is_some() {
            "sent"
        } else {
            "intended"
        }
    }

    /// Whether only a sign of the venue's could still change it, or none at all.
    fn is_settled(&self) -> bool {
        self.over.is_some()
    }

    /// Whether the venue's word has ended it.
    fn is_final(&self) -> bool {
        self.over.as_ref().is_some_and(|over| !over.ending.is_revocable())
    }

    /// The venue has it: no doubt is left, and no ending that supposed otherwise.
    fn turn_up(&mut self, at: Timestamp, venue_order_id: VenueOrderId) -> bool {
        let before = (self.over.is_some(), self.venue_order_id, self.accepted_at);
        if !self.is_final() {
            self.over = None;
        }
        self.in_doubt_since = None;
        self.venue_order_id.get_or_insert(venue_order_id);
        self.accepted_at.get_or_insert(at);
        before != (self.over.is_some(), self.venue_order_id, self.accepted_at)
    }

    /// It is about to be sent again under its name. Tells whether that changed anything, as all
    /// the following do.
    pub(super) fn intend(&mut self, at: Timestamp, intent: &Intent) -> bool {
        // A name stands for one wish: what the venue has had is never this one's to send again.
        if self.is_final() || self.accepted_at.is_some() || intent.attempt <= self.intent.attempt {
            return false;
        }
        *self = Self::new(intent.clone(), at);
        true
    }

    pub(super) fn sent(&mut self, at: Timestamp) -> bool {
        if self.is_settled() || self.sent_at >= Some(at) {
            return false;
        }
        self.sent_at = Some(at);
        true
    }

    pub(super) fn accepted(&mut self, at: Timestamp, venue_order_id: VenueOrderId) -> bool {
        let was_in_doubt = self.in_doubt_since.is_some();
        self.turn_up(at, venue_order_id) || was_in_doubt
    }

    pub(super) fn traded(&mut self, at: Timestamp, trade: &Trade) -> bool {
        if self.fills.contains_key(&trade.fill.trade_id) {
            return false;
        }
        self.turn_up(at, trade.venue_order_id);
        self.fills.insert(trade.fill.trade_id, trade.fill.clone());
        let is_complete = self.qty().is_some_and(|qty| self.cum_qty() >= qty);
        if is_complete && self.over.is_none() {
            self.over = Some(Over { ending: Ending::Filled, at, reason: None });
        }
        true
    }

    pub(super) fn cancel_asked(&mut self, at: Timestamp) -> bool {
        if self.is_settled() || self.cancel_asked_at >= Some(at) {
            return false;
        }
        self.cancel_asked_at = Some(at);
        true
    }

    pub(super) fn amend_asked(&mut self, qty: Quantity) -> bool {
        if self.is_settled() || self.amend_asked == Some(qty) {
            return false;
        }
        self.amend_asked = Some(qty);
        true
    }

    /// A quantity is only ever lowered, so that two words of it come to the same in any order.
    pub(super) fn amended(&mut self, qty: Quantity) -> bool {
        if self.is_settled() || self.qty().is_some_and(|known| known <= qty) {
            return false;
        }
        self.amended_qty = Some(qty);
        true
    }

    pub(super) fn in_doubt(&mut self, at: Timestamp) -> bool {
        if self.is_settled() || self.accepted_at.is_some() || self.in_doubt_since.is_some() {
            return false;
        }
        self.in_doubt_since = Some(at);
        true
    }

    pub(super) fn resolved(&mut self) -> bool {
        self.in_doubt_since.take().is_some()
    }

    pub(super) fn ended(&mut self, at: Timestamp, ending: Ending, reason: Option<&str>) -> bool {
        let counts = match (&self.over, ending) {
            // Contradictory words of the venue's still come to the same in any order.
            (Some(over), _) => !ending.is_revocable() && ending > over.ending,
            (None, Ending::Unsent | Ending::Rejected | Ending::NotPlaced) => {
                self.accepted_at.is_none()
            }
            (None, Ending::Forgotten | Ending::Expired | Ending::Canceled | Ending::Filled) => true,
        };
        if counts {
            self.in_doubt_since = None;
            self.over = Some(Over { ending, at, reason: reason.map(str::to_owned) });
        }
        counts
    }
}
