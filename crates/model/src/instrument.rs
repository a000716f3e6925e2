//! What is traded, and the rules a venue sets for orders on it.

mod filter;
mod pair;

pub use filter::{Filter, FilterBreach, FilterContext, PercentPrice, Range};

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::id::{Asset, InstrumentId, Symbol};
use crate::money::{Price, Quantity};
use crate::order::{MarketQuantity, OrderKind, Side, Trigger};

/// Something that is traded at a venue, with that venue's rules.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Instrument {
    /// Our name of it, the same at every venue.
    pub id: InstrumentId,
    /// The venue's name of it.
    pub symbol: Symbol,
    /// What is bought and sold.
    pub base: Asset,
    /// What it is paid with.
    pub quote: Asset,
    /// What the venue allows on it now.
    pub status: InstrumentStatus,
    /// Most decimals of a quantity.
    pub base_precision: u32,
    /// Most decimals of a price or a value.
    pub quote_precision: u32,
    /// Whether market orders are taken.
    pub takes_market_orders: bool,
    /// Whether market orders for a value in quote asset are taken.
    pub takes_quote_quantity: bool,
    /// Whether post-only orders are taken.
    pub takes_post_only: bool,
    /// What else is offered on it.
    #[serde(default)]
    pub offers: Vec<Offer>,
    /// The rules, in the order in which the venue lists them.
    pub filters: Vec<Filter>,
}

/// What a venue may offer on an instrument beyond limit and market orders.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Offer {
    /// Stop losses that take whatever price there is.
    StopLoss,
    /// Stop losses with a limit.
    StopLossLimit,
    /// Take profits that take whatever price there is.
    TakeProfit,
    /// Take profits with a limit.
    TakeProfitLimit,
    /// Pairs of which one cancels the other.
    Oco,
    /// Cancel and place in one request.
    Replace,
    /// Lower a quantity and keep the place in the queue.
    Amend,
}

/// What a venue allows on an instrument.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InstrumentStatus {
    /// Everything.
    Trading,
    /// Only cancels.
    CancelOnly,
    /// No orders.
    Halted,
}

impl Instrument {
    /// Whether orders of this kind are taken on it at all.
    #[must_use]
    pub fn takes(&self, kind: &OrderKind) -> bool {
        let offer = match kind {
            OrderKind::Limit { .. } => return true,
            OrderKind::PostOnly { .. } => return self.takes_post_only,
            OrderKind::Market(MarketQuantity::Base(_)) => return self.takes_market_orders,
            OrderKind::Market(MarketQuantity::Quote(_)) => return self.takes_quote_quantity,
            OrderKind::Triggered { trigger, limit, .. } => match (trigger, limit) {
                (Trigger::StopLoss(_), None) => Offer::StopLoss,
                (Trigger::StopLoss(_), Some(_)) => Offer::StopLossLimit,
                (Trigger::TakeProfit(_), None) => Offer::TakeProfit,
                (Trigger::TakeProfit(_), Some(_)) => Offer::TakeProfitLimit,
            },
        };
        self.offers(offer)
    }

    /// Whether a market order of this side can say how much of the base asset it trades.
    #[must_use]
    pub fn takes_market_by_base(&self, side: Side) -> bool {
        let by_given = |filter: &Filter| matches!(filter, Filter::MarketByGiven { .. });
        self.takes_market_orders && (side == Side::Sell || !self.filters.iter().any(by_given))
    }

    /// Whether the venue offers this on it.
    #[must_use]
    pub fn offers(&self, offer: Offer) -> bool {
        self.offers.contains(&offer)
    }

    /// Checks an order against every rule that can be checked before it is sent.
    ///
    /// # Errors
    /// The first rule that the venue would refuse it by, with the nearest legal value where the
    /// rule has one.
    pub fn check(
        &self,
        side: Side,
        kind: &OrderKind,
        context: &FilterContext,
    ) -> Result<(), FilterBreach> {
        self.check_precision(kind)?;
        self.filters.iter().try_for_each(|filter| filter.check(side, kind, context))
    }

    /// Venues check decimals before filters and under another name (Binance -1111; errors.md,
    /// read 2026-11).
    fn check_precision(&self, kind: &OrderKind) -> Result<(), FilterBreach> {
        let checks = [
            ("price", kind.price().map(Price::get), self.quote_precision),
            (
                "trigger price",
                kind.trigger().map(|trigger| trigger.price().get()),
                self.quote_precision,
            ),
            ("quantity", kind.qty().map(Quantity::get), self.base_precision),
        ];
        for (what, value, precision) in checks {
            if let Some(value) = value
                && value.normalize().scale() > precision
            {
                return Err(FilterBreach {
                    filter: "PRECISION".to_owned(),
                    rule: format!("{what} has at most {precision} decimals"),
                    value,
                    nearest: Some(value.trunc_with_scale(precision).normalize()),
                });
            }
        }
        Ok(())
    }

    /// A price brought to the tick, away from the market: buys down, sells up, so that an order
    /// meant to rest still rests.
    #[must_use]
    pub fn quantize_price(&self, side: Side, price: Price) -> Price {
        let tick = self.tick();
        match side {
            Side::Buy => price.floor_to(tick),
            Side::Sell => price.ceil_to(tick),
        }
    }

    /// A quantity brought down to the step, never up.
    #[must_use]
    pub fn quantize_qty(&self, qty: Quantity) -> Quantity {
        qty.floor_to(self.step())
    }

    /// The smallest difference between two prices; the quote precision's when there is no rule.
    #[must_use]
    pub fn tick(&self) -> Decimal {
        self.step_of(self.quote_precision, |filter| {
            if let Filter::Price(range) = filter { Some(range.step) } else { None }
        })
    }

    /// The smallest difference between two quantities of a limit order; the base precision's when
    /// there is no rule.
    #[must_use]
    pub fn step(&self) -> Decimal {
        self.step_of(self.base_precision, |filter| {
            if let Filter::LotSize(range) = filter { Some(range.step) } else { None }
        })
    }

    fn step_of(&self, precision: u32, of: impl Fn(&Filter) -> Option<Decimal>) -> Decimal {
        let step = self.filters.iter().find_map(of).filter(|step| !step.is_zero());
        step.unwrap_or_else(|| Decimal::new(1, precision.min(Decimal::MAX_SCALE)))
    }
}

#[cfg(test)]
mod tests;
