//! What was bought and sold.

use std::collections::BTreeMap;

use tradewind_model::Decimal;
use tradewind_model::id::{AccountId, Asset, InstrumentId, StrategyId, VenueId};
use tradewind_model::order::Side;
use tradewind_model::report::Fill;

use super::entry::Intent;
use crate::ledger::Position;

/// Whose turnover, in what.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TurnoverKey {
    /// At which venue.
    pub venue: VenueId,
    /// In whose name.
    pub account: AccountId,
    /// For whom.
    pub strategy: StrategyId,
    /// In what.
    pub instrument: InstrumentId,
}

impl TurnoverKey {
    /// Where the trades of an order are counted.
    #[must_use]
    pub fn of(intent: &Intent) -> Self {
        Self {
            venue: intent.venue,
            account: intent.account,
            strategy: intent.strategy,
            instrument: intent.request.instrument.clone(),
        }
    }
}

/// The sums of all trades: what a position is worked out from, once it is known which of an
/// instrument's assets a fee was paid in. None of them is ever negative but a fee, for a rebate.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Turnover {
    /// Base asset bought.
    pub bought: Decimal,
    /// Base asset sold.
    pub sold: Decimal,
    /// Quote asset that buying cost.
    pub spent: Decimal,
    /// Quote asset that selling brought.
    pub earned: Decimal,
    /// Fees by asset.
    pub fees: BTreeMap<Asset, Decimal>,
    /// How many trades.
    pub fills: u64,
}

impl Turnover {
    /// Counts a trade.
    pub fn book(&mut self, side: Side, fill: &Fill) {
        let (qty, value) = (fill.qty.get(), (fill.price * fill.qty).get());
        let (base, quote) = match side {
            Side::Buy => (&mut self.bought, &mut self.spent),
            Side::Sell => (&mut self.sold, &mut self.earned),
        };
        *base = base.saturating_add(qty);
        *quote = quote.saturating_add(value);
        if let Some(asset) = &fill.commission_asset {
            let paid = self.fees.entry(asset.clone()).or_default();
            *paid = paid.saturating_add(fill.commission);
        }
        self.fills += 1;
    }

    /// Adds what another has traded: all strategies of an account, for example.
    pub fn add(&mut self, other: &Self) {
        self.bought = self.bought.saturating_add(other.bought);
        self.sold = self.sold.saturating_add(other.sold);
        self.spent = self.spent.saturating_add(other.spent);
        self.earned = self.earned.saturating_add(other.earned);
        for (asset, fee) in &other.fees {
            let paid = self.fees.entry(asset.clone()).or_default();
            *paid = paid.saturating_add(*fee);
        }
        self.fills += other.fills;
    }

    /// The position it leaves in an instrument of these assets.
    #[must_use]
    pub fn position(&self, base: &Asset, quote: &Asset) -> Position {
        let paid = |asset: &Asset| self.fees.get(asset).copied().unwrap_or_default();
        Position {
            base: self.bought.saturating_sub(self.sold).saturating_sub(paid(base)),
            quote: self.earned.saturating_sub(self.spent).saturating_sub(paid(quote)),
            fees: self.fees.clone(),
            fills: self.fills,
        }
    }
}
