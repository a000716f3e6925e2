//! One order: what we asked for, and how far the venue's word has brought it.
//!
//! Replies, reports and answers to questions race each other, and any of them may come twice. So
//! a statement never sets the state; it only moves the order further along, and applying the same
//! statements in any order ends in the same place.

mod trades;

use tradewind_model::id::{ClientOrderId, InstrumentId, StrategyId, Symbol, VenueOrderId};
use tradewind_model::money::{Notional, Quantity};
use tradewind_model::order::{
    Denied, Link, OrderKind, OrderRequest, OrderState, OrderUpdate, Side,
};
use tradewind_model::outcome::RefusalKind;
use tradewind_model::report::{ExecutionReport, Fill, ReportedStatus};
use tradewind_model::time::Timestamp;

pub use self::trades::Trades;

/// One order of ours.
#[derive(Clone, Debug)]
pub struct Order {
    /// Our name of it.
    pub id: ClientOrderId,
    /// Whose it is.
    pub strategy: StrategyId,
    /// What is traded.
    pub instrument: InstrumentId,
    /// The venue's spelling of that.
    pub symbol: Symbol,
    /// Which way.
    pub side: Side,
    /// As it was asked for.
    pub kind: OrderKind,
    /// The strategy's own mark.
    pub tag: u32,
    /// Which other order it belongs with.
    pub link: Link,
    /// Which attempt under this name is meant, from 1: what was provably not taken may be asked for
    /// once more, under other terms.
    pub attempt: u32,
    /// What is true of it.
    pub state: OrderState,
    /// The venue's name of it.
    pub venue_order_id: Option<VenueOrderId>,
    /// How much was asked for, by the venue where we did not say.
    pub qty: Quantity,
    /// What the venue says has traded.
    pub cum_qty: Quantity,
    /// What the venue says that cost or brought.
    pub cum_quote: Notional,
    /// Trades booked so far.
    pub trades: Trades,
    /// Why it ended, or never began.
    pub reason: Option<String>,
    /// What kind of no it was, if the venue has refused it.
    pub refusal: Option<RefusalKind>,
    /// Whether somebody wants it gone.
    pub is_cancel_wanted: bool,
    /// Whether it was concluded that the venue never had it.
    pub is_ruled_out: bool,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When its bytes last left; none while they have not.
    pub sent_at: Option<Timestamp>,
    /// When something was last heard of it.
    pub updated_at: Timestamp,
}

/// What a statement changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// Trades not known before, in the order of their numbers.
    pub fills: Vec<Fill>,
    /// Whether the state, the traded quantity or the whole of it moved.
    pub has_moved: bool,
    /// Whether the venue has lowered what it is to trade.
    pub is_lowered: bool,
}

/// How far along a state is: a statement moves an order only to a higher one.
///
/// A refusal ranks below resting: should the order turn up after all, it is adopted. Ends are
/// ranked among themselves so that contradictory statements still commute.
const fn rank(state: OrderState) -> u8 {
    match state {
        OrderState::Pending => 0,
        OrderState::Denied => 1,
        OrderState::InFlight => 2,
        OrderState::InDoubt => 3,
        OrderState::Rejected => 4,
        OrderState::Open => 5,
        OrderState::PartiallyFilled => 6,
        OrderState::Expired => 7,
        OrderState::Canceled => 8,
        OrderState::Filled => 9,
    }
}

impl Order {
    /// What was asked for.
    #[must_use]
    pub fn request(&self) -> OrderRequest {
        OrderRequest {
            instrument: self.instrument.clone(),
            side: self.side,
            kind: self.kind,
            tag: self.tag,
        }
    }

    /// What can still trade; zero once the order is over.
    #[must_use]
    pub fn leaves_qty(&self) -> Quantity {
        if self.state.is_terminal() {
            Quantity::ZERO
        } else {
            self.qty.saturating_sub(self.cum_qty)
        }
    }

    /// What of the traded quantity has been booked trade by trade.
    #[must_use]
    pub const fn booked_qty(&self) -> Quantity {
        self.trades.qty()
    }

    /// Whether the venue has told of trades that were not booked yet.
    #[must_use]
    pub fn has_unbooked_fills(&self) -> bool {
        self.booked_qty() < self.cum_qty
    }

    /// Whether the venue has ever said that it has the order.
    #[must_use]
    pub const fn was_accepted(&self) -> bool {
        rank(self.state) >= rank(OrderState::Open)
    }

    /// Takes in a statement of the venue's.
    pub fn apply(&mut self, report: &ExecutionReport) -> Change {
        let mut change = Change::default();
        for fill in &report.fills {
            if self.trades.add(fill.trade_id, fill.qty) {
                change.fills.push(fill.clone());
            }
        }
        change.fills.sort_by_key(|fill| fill.trade_id);
        self.venue_order_id.get_or_insert(report.venue_order_id);
        let before = (self.state, self.cum_qty);
        change.is_lowered = self.learn_qty(report.qty);
        self.cum_qty = self.cum_qty.max(report.cum_qty).max(self.booked_qty());
        if let Some(cum_quote) = report.cum_quote {
            self.cum_quote = self.cum_quote.max(cum_quote);
        }
        if let Some(told) = told_state(report)
            && rank(told) > rank(self.state)
        {
            self.state = told;
            if self.reason.is_none() || told == OrderState::Expired {
                self.reason.clone_from(&report.reason);
            }
        }
        self.infer_from_quantity();
        let has_changed = (self.state, self.cum_qty) != before || change.is_lowered;
        if has_changed || !change.fills.is_empty() {
            self.updated_at = self.updated_at.max(report.at);
        }
        change.has_moved = has_changed;
        change
    }

    /// Takes in the quantity that the venue says it has. Where we named one, the venue only ever
    /// lowers it, so that statements of before and after an amendment may come in any order. True
    /// when it is lower than we knew.
    fn learn_qty(&mut self, told: Quantity) -> bool {
        if self.qty.is_zero() {
            self.qty = told;
            return false;
        }
        let is_lower = self.kind.qty().is_some() && !told.is_zero() && told < self.qty;
        if is_lower {
            self.qty = told;
        }
        is_lower
    }

    /// Whether it rests or waits at the venue, and no part of it has traded.
    #[must_use]
    pub fn is_untouched(&self) -> bool {
        self.state == OrderState::Open && self.cum_qty.is_zero()
    }

    /// Whether it is at the venue, as far as we know.
    #[must_use]
    pub const fn is_resting(&self) -> bool {
        matches!(self.state, OrderState::Open | OrderState::PartiallyFilled)
    }

    /// Books a trade that was read from a history. True when it was not known before.
    pub fn book(&mut self, fill: &Fill) -> bool {
        if !self.trades.add(fill.trade_id, fill.qty) {
            return false;
        }
        self.cum_qty = self.cum_qty.max(self.booked_qty());
        self.infer_from_quantity();
        true
    }

    /// What has traded decides between resting, partly traded and done.
    fn infer_from_quantity(&mut self) {
        let is_resting = matches!(self.state, OrderState::Open | OrderState::PartiallyFilled);
        if is_resting && !self.cum_qty.is_zero() {
            self.state = if !self.qty.is_zero() && self.cum_qty >= self.qty {
                OrderState::Filled
            } else {
                OrderState::PartiallyFilled
            };
        }
    }

    /// What a strategy is told of it now.
    #[must_use]
    pub fn update(&self, fill: Option<Fill>, denied: Option<Denied>) -> OrderUpdate {
        OrderUpdate {
            client_order_id: self.id,
            venue_order_id: self.venue_order_id,
            instrument: self.instrument.clone(),
            side: self.side,
            kind: self.kind,
            tag: self.tag,
            link: self.link,
            state: self.state,
            cum_qty: self.cum_qty,
            cum_quote: self.cum_quote,
            leaves_qty: self.leaves_qty(),
            fill,
            reason: self.reason.clone(),
            denied,
            refusal: self.refusal,
            at: self.updated_at,
        }
    }
}

/// The state that a statement claims; none when it is a word we do not know, which says nothing.
fn told_state(report: &ExecutionReport) -> Option<OrderState> {
    match report.status {
        ReportedStatus::PendingNew | ReportedStatus::Open => Some(OrderState::Open),
        ReportedStatus::PartiallyFilled => Some(OrderState::PartiallyFilled),
        ReportedStatus::Filled => Some(OrderState::Filled),
        ReportedStatus::Canceled => Some(OrderState::Canceled),
        ReportedStatus::Rejected => Some(OrderState::Rejected),
        ReportedStatus::Expired => Some(OrderState::Expired),
        ReportedStatus::Unknown(_) => None,
    }
}

#[cfg(test)]
mod tests;
