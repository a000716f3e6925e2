//! What trades have come to: how much is held, what that has cost, what was made.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::id::Asset;
use crate::order::Side;
use crate::report::Fill;

/// What trades in one instrument have come to, from the trades alone.
///
/// What is held is counted at its average cost. Profit is realized when a position is brought
/// nearer to zero; past zero, a new one begins at the price of the trade. A fee in the base asset
/// makes the position smaller, one in the quote asset is paid at once, and one in a third asset
/// stands in `fees` until somebody knows what that is worth.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// Base asset held: bought less sold less fees in it. Negative when more was sold.
    pub base: Decimal,
    /// Quote asset gained: brought in less spent less fees in it.
    pub quote: Decimal,
    /// What `base` has cost in quote asset, at the average; of its sign.
    pub cost: Decimal,
    /// Fees by asset, those already in `base` and `quote` included. Negative for rebates.
    pub fees: BTreeMap<Asset, Decimal>,
    /// Trades.
    pub fills: u64,
}

impl Position {
    /// Books a trade in an instrument of these assets.
    pub fn book(&mut self, side: Side, fill: &Fill, base: &Asset, quote: &Asset) {
        let value = (fill.price * fill.qty).get();
        let fee_in = |asset: &Asset| match &fill.commission_asset {
            Some(paid) if paid == asset => fill.commission,
            _ => Decimal::ZERO,
        };
        let change = traded(side, fill, fee_in(base));
        let paid = fee_in(quote);
        self.quote = match side {
            Side::Buy => self.quote.saturating_sub(value),
            Side::Sell => self.quote.saturating_add(value),
        };
        self.quote = self.quote.saturating_sub(paid);
        self.cost = cost_after(self.base, self.cost, change, fill.price.get());
        self.base = self.base.saturating_add(change);
        if let Some(asset) = &fill.commission_asset {
            let paid = self.fees.entry(asset.clone()).or_default();
            *paid = paid.saturating_add(fill.commission);
        }
        self.fills += 1;
    }

    /// What was made, in quote asset, by trades that brought the position nearer to zero, less all
    /// fees in base and quote asset.
    #[must_use]
    pub fn realized(&self) -> Decimal {
        self.quote.saturating_add(self.cost)
    }

    /// What would be made besides, in quote asset, if what is held were traded at this price.
    #[must_use]
    pub fn unrealized(&self, price: Decimal) -> Decimal {
        self.base.saturating_mul(price).saturating_sub(self.cost)
    }

    /// What one of what is held has cost at the average, in quote asset; none when nothing is held.
    #[must_use]
    pub fn average_price(&self) -> Option<Decimal> {
        self.cost.checked_div(self.base)
    }

    /// Adds what others hold of the same instrument: all strategies of an account, for example.
    pub fn add(&mut self, other: &Self) {
        self.base = self.base.saturating_add(other.base);
        self.quote = self.quote.saturating_add(other.quote);
        self.cost = self.cost.saturating_add(other.cost);
        for (asset, fee) in &other.fees {
            let paid = self.fees.entry(asset.clone()).or_default();
            *paid = paid.saturating_add(*fee);
        }
        self.fills += other.fills;
    }
}

/// By how much a trade changes what is held, `base_fee` of it taken as the fee.
#[must_use]
pub fn traded(side: Side, fill: &Fill, base_fee: Decimal) -> Decimal {
    let qty = fill.qty.get();
    match side {
        Side::Buy => qty.saturating_sub(base_fee),
        Side::Sell => -qty.saturating_add(base_fee),
    }
}

/// What a position of `base` that has cost `cost` has cost after it has changed by `change` at
/// `price`: more of it costs the price, less of it takes its part of the cost along.
#[must_use]
pub fn cost_after(base: Decimal, cost: Decimal, change: Decimal, price: Decimal) -> Decimal {
    let is_more =
        base.is_zero() || change.is_zero() || base.is_sign_negative() == change.is_sign_negative();
    if is_more {
        return cost.saturating_add(change.saturating_mul(price));
    }
    let left = base.saturating_add(change);
    if left.is_zero() {
        return Decimal::ZERO;
    }
    if left.is_sign_negative() != base.is_sign_negative() {
        return left.saturating_mul(price);
    }
    // The position is not zero, and the part is less than the whole.
    left.checked_div(base).map_or(Decimal::ZERO, |part| cost.saturating_mul(part))
}

#[cfg(test)]
mod tests;
