//! What was bought and sold.

use std::collections::BTreeMap;

use tradewind_model::Decimal;
use tradewind_model::id::{AccountId, Asset, InstrumentId, StrategyId, VenueId};
use tradewind_model::order::Side;
use tradewind_model::position::{self, Position};
use tradewind_model::report::Fill;

use super::entry::Intent;

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

/// The sums of all trades: what a position is worked out from, once it is known which asset an
/// instrument is paid for in.
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
    /// Base asset paid in fees.
    pub base_fees: Decimal,
    /// What the base asset that is left has cost, at the average: see [`Position::cost`].
    pub cost: Decimal,
    /// Fees by asset.
    pub fees: BTreeMap<Asset, Decimal>,
    /// How many trades.
    pub fills: u64,
}

impl Turnover {
    /// Counts a trade, `base_fee` of which was taken in base asset.
    pub fn book(&mut self, side: Side, fill: &Fill, base_fee: Decimal) {
        let change = position::traded(side, fill, base_fee);
        self.cost = position::cost_after(self.base(), self.cost, change, fill.price.get());
        self.base_fees = self.base_fees.saturating_add(base_fee);
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
        self.base_fees = self.base_fees.saturating_add(other.base_fees);
        self.cost = self.cost.saturating_add(other.cost);
        for (asset, fee) in &other.fees {
            let paid = self.fees.entry(asset.clone()).or_default();
            *paid = paid.saturating_add(*fee);
        }
        self.fills += other.fills;
    }

    /// The position it leaves in an instrument that is paid for in this asset.
    #[must_use]
    pub fn position(&self, quote: &Asset) -> Position {
        let paid = self.fees.get(quote).copied().unwrap_or_default();
        Position {
            base: self.base(),
            quote: self.earned.saturating_sub(self.spent).saturating_sub(paid),
            cost: self.cost,
            fees: self.fees.clone(),
            fills: self.fills,
        }
    }

    fn base(&self) -> Decimal {
        self.bought.saturating_sub(self.sold).saturating_sub(self.base_fees)
    }
}
