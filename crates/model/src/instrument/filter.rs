//! The rules by which a venue refuses an order, checked before it is sent.
//!
//! An order that the venue refuses still costs weight, and a strategy that repeats it burns the
//! budget of every other. So every rule that can be known here is checked here, with the venue's
//! name for it and the nearest value that would pass. Rules, names and arithmetic are Binance's
//! (filters.md, read 2026-11), which has the largest set; another venue's adapter expresses its
//! own with them.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::id::Asset;
use crate::money::{Notional, Price, Quantity};
use crate::order::{MarketQuantity, OrderKind, Side};

/// Bounds and step of a price or quantity. A zero switches its part of the rule off.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Range {
    /// The least.
    pub min: Decimal,
    /// The most.
    pub max: Decimal,
    /// The value is a multiple of this, counted from zero.
    pub step: Decimal,
}

/// How far a price may be from the reference price, as factors of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PercentPrice {
    /// The most, as a factor.
    pub up: Decimal,
    /// The least, as a factor.
    pub down: Decimal,
}

/// One rule for orders.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Filter {
    /// Bounds and tick of the price.
    Price(Range),
    /// The price's distance from the reference, both sides alike.
    PercentPrice(PercentPrice),
    /// The price's distance from the reference, a bound a side.
    PercentPriceBySide {
        /// For buys.
        bid: PercentPrice,
        /// For sells.
        ask: PercentPrice,
    },
    /// Bounds and step of the quantity.
    LotSize(Range),
    /// Bounds and step of a market order's quantity, on top of [`Filter::LotSize`].
    MarketLotSize(Range),
    /// The least value.
    MinNotional {
        /// In quote asset.
        min: Notional,
        /// Whether market orders are held to it, at the reference price.
        applies_to_market: bool,
    },
    /// Least and most value.
    Notional {
        /// In quote asset.
        min: Notional,
        /// Whether market orders are held to the least.
        min_applies_to_market: bool,
        /// In quote asset.
        max: Notional,
        /// Whether market orders are held to the most.
        max_applies_to_market: bool,
    },
    /// Parts of an iceberg order; we place none.
    IcebergParts(u32),
    /// Open orders on the symbol.
    MaxNumOrders(u32),
    /// Open stop and take-profit orders on the symbol; they count in [`Filter::MaxNumOrders`] too.
    MaxNumAlgoOrders(u32),
    /// Open iceberg orders on the symbol; we place none.
    MaxNumIcebergOrders(u32),
    /// Amendments of one order.
    MaxNumOrderAmends(u32),
    /// Open order lists on the symbol.
    MaxNumOrderLists(u32),
    /// Base asset held, in orders, and bought by this one.
    MaxPosition(Quantity),
    /// Bounds of a trailing stop, in basis points; we place none.
    TrailingDelta {
        /// Of a buy stop or a sell take-profit: least and most.
        above: (u32, u32),
        /// Of a sell stop or a buy take-profit: least and most.
        below: (u32, u32),
    },
    /// Open orders of the account on all symbols.
    ExchangeMaxNumOrders(u32),
    /// Open stop and take-profit orders of the account on all symbols.
    ExchangeMaxNumAlgoOrders(u32),
    /// Open iceberg orders of the account on all symbols; we place none.
    ExchangeMaxNumIcebergOrders(u32),
    /// Open order lists of the account on all symbols.
    ExchangeMaxNumOrderLists(u32),
    /// How much of an asset one order may move.
    MaxAsset {
        /// Of which asset: an order is held to it when the asset is its base (by quantity) or its
        /// quote (by value).
        asset: Asset,
        /// Whether it is the base asset of this instrument.
        is_base: bool,
        /// The most.
        limit: Decimal,
    },
    /// A market order names what it gives: a buy a value in quote asset, and never how much it
    /// buys; a sell a quantity of base asset (Bitget spot, place order, read 2026-11).
    MarketByGiven {
        /// The value of a buy is a multiple of this; any when it is zero.
        value_step: Decimal,
    },
    /// A rule we do not know; the venue will say when an order breaks it.
    Unknown(String),
}

/// What a filter has to know beyond the order itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FilterContext {
    /// The price that orders are measured by: last average or last price. Rules that need it are
    /// left to the venue while it is not known.
    pub reference_price: Option<Price>,
    /// Our open orders on the symbol, those on their way included.
    pub open_orders: u32,
    /// Our open orders on all symbols, those on their way included.
    pub open_orders_all_symbols: u32,
    /// Of our open orders on the symbol those with a trigger, whether it was met or not.
    pub open_triggered: u32,
    /// Of our open orders on all symbols those with a trigger, whether it was met or not.
    pub open_triggered_all_symbols: u32,
    /// Our open lists of orders on the symbol.
    pub open_lists: u32,
    /// Our open lists of orders on all symbols.
    pub open_lists_all_symbols: u32,
    /// Base asset held, free or locked, plus what open buys would add.
    pub position: Option<Quantity>,
}

/// A rule that an order breaks.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[error("{filter}: {rule}, not {value}{}", nearest_text(*nearest))]
pub struct FilterBreach {
    /// The venue's name of the rule.
    pub filter: String,
    /// The rule in words.
    pub rule: String,
    /// The value that breaks it.
    pub value: Decimal,
    /// The nearest value that passes, where there is one; quantities are rounded down unless they
    /// are below the least.
    pub nearest: Option<Decimal>,
}

fn nearest_text(nearest: Option<Decimal>) -> String {
    nearest.map_or_else(String::new, |nearest| format!("; nearest is {nearest}"))
}

impl Filter {
    /// The rule's name, as the venue writes it in a refusal.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Price(_) => "PRICE_FILTER",
            Self::PercentPrice(_) => "PERCENT_PRICE",
            Self::PercentPriceBySide { .. } => "PERCENT_PRICE_BY_SIDE",
            Self::LotSize(_) => "LOT_SIZE",
            Self::MarketLotSize(_) => "MARKET_LOT_SIZE",
            Self::MinNotional { .. } => "MIN_NOTIONAL",
            Self::Notional { .. } => "NOTIONAL",
            Self::IcebergParts(_) => "ICEBERG_PARTS",
            Self::MaxNumOrders(_) => "MAX_NUM_ORDERS",
            Self::MaxNumAlgoOrders(_) => "MAX_NUM_ALGO_ORDERS",
            Self::MaxNumIcebergOrders(_) => "MAX_NUM_ICEBERG_ORDERS",
            Self::MaxNumOrderAmends(_) => "MAX_NUM_ORDER_AMENDS",
            Self::MaxNumOrderLists(_) => "MAX_NUM_ORDER_LISTS",
            Self::MaxPosition(_) => "MAX_POSITION",
            Self::TrailingDelta { .. } => "TRAILING_DELTA",
            Self::ExchangeMaxNumOrders(_) => "EXCHANGE_MAX_NUM_ORDERS",
            Self::ExchangeMaxNumAlgoOrders(_) => "EXCHANGE_MAX_NUM_ALGO_ORDERS",
            Self::ExchangeMaxNumIcebergOrders(_) => "EXCHANGE_MAX_NUM_ICEBERG_ORDERS",
            Self::ExchangeMaxNumOrderLists(_) => "EXCHANGE_MAX_NUM_ORDER_LISTS",
            Self::MaxAsset { .. } => "MAX_ASSET",
            Self::MarketByGiven { .. } => "MARKET_BY_GIVEN",
            Self::Unknown(name) => name,
        }
    }

    /// Checks one order against this rule.
    ///
    /// # Errors
    /// How the order breaks it.
    pub fn check(
        &self,
        side: Side,
        kind: &OrderKind,
        context: &FilterContext,
    ) -> Result<(), FilterBreach> {
        let price = kind.price().map(Price::get);
        let trigger = kind.trigger().map(|trigger| trigger.price().get());
        let qty = kind.qty().map(Quantity::get);
        let is_market = kind.is_market();
        match self {
            // What is asked of a price is asked of a trigger's price too (filters.md, read
            // 2026-11).
            Self::Price(range) => {
                self.check_range("price", range, price)?;
                self.check_range("trigger price", range, trigger)
            }
            Self::LotSize(range) => self.check_range("quantity", range, qty),
            Self::MarketLotSize(range) => {
                self.check_range("quantity of a market order", range, qty.filter(|_| is_market))
            }
            Self::PercentPrice(bounds) => {
                self.check_percent("price", *bounds, price, context)?;
                self.check_percent("trigger price", *bounds, trigger, context)
            }
            Self::PercentPriceBySide { bid, ask } => {
                let bounds = match side {
                    Side::Buy => bid,
                    Side::Sell => ask,
                };
                self.check_percent("price", *bounds, price, context)?;
                self.check_percent("trigger price", *bounds, trigger, context)
            }
            Self::MinNotional { min, applies_to_market } => {
                let value = value(kind, context).filter(|_| !is_market || *applies_to_market);
                self.check_value(*min, Notional::ZERO, value)
            }
            Self::Notional { min, min_applies_to_market, max, max_applies_to_market } => {
                let value = value(kind, context);
                let least = value.filter(|_| !is_market || *min_applies_to_market);
                let most = value.filter(|_| !is_market || *max_applies_to_market);
                self.check_value(*min, Notional::ZERO, least)?;
                self.check_value(Notional::ZERO, *max, most)
            }
            Self::MaxNumOrders(most) => self.check_count("orders", *most, context.open_orders),
            Self::ExchangeMaxNumOrders(most) => {
                self.check_count("orders", *most, context.open_orders_all_symbols)
            }
            Self::MaxNumAlgoOrders(most) if trigger.is_some() => {
                self.check_count("orders with a trigger", *most, context.open_triggered)
            }
            Self::ExchangeMaxNumAlgoOrders(most) if trigger.is_some() => {
                let open = context.open_triggered_all_symbols;
                self.check_count("orders with a trigger", *most, open)
            }
            Self::MaxPosition(most) => match (side, qty, context.position) {
                (Side::Buy, Some(qty), Some(position)) => {
                    let total = position.get().saturating_add(qty);
                    let room = most.saturating_sub(position).get();
                    self.at_most("position with this order", most.get(), total, Some(room))
                }
                _ => Ok(()),
            },
            Self::MaxAsset { is_base, limit, .. } => {
                let moved = if *is_base { qty } else { value(kind, context).map(Notional::get) };
                moved.map_or(Ok(()), |moved| self.at_most("one order", *limit, moved, Some(*limit)))
            }
            Self::MarketByGiven { value_step } => self.check_given(side, kind, *value_step),
            // No order of this kind can break these: they are about other kinds, or about pairs
            // and amendments, which are no orders.
            Self::IcebergParts(_)
            | Self::MaxNumAlgoOrders(_)
            | Self::MaxNumIcebergOrders(_)
            | Self::MaxNumOrderAmends(_)
            | Self::MaxNumOrderLists(_)
            | Self::TrailingDelta { .. }
            | Self::ExchangeMaxNumAlgoOrders(_)
            | Self::ExchangeMaxNumIcebergOrders(_)
            | Self::ExchangeMaxNumOrderLists(_)
            | Self::Unknown(_) => Ok(()),
        }
    }

    fn check_given(
        &self,
        side: Side,
        kind: &OrderKind,
        value_step: Decimal,
    ) -> Result<(), FilterBreach> {
        let OrderKind::Market(quantity) = kind else { return Ok(()) };
        match (side, quantity) {
            (Side::Buy, MarketQuantity::Quote(value)) => {
                let range = Range { step: value_step, ..Range::default() };
                self.check_range("value", &range, Some(value.get()))
            }
            (Side::Sell, MarketQuantity::Base(_)) => Ok(()),
            (Side::Buy, MarketQuantity::Base(qty)) => {
                let rule = "a market buy says what it spends in quote asset and not how much it \
                            buys (or give a limit that takes at once)";
                Err(self.breach(rule.to_owned(), qty.get(), None))
            }
            (Side::Sell, MarketQuantity::Quote(value)) => {
                let rule = "a market sell says how much it sells and not for what value";
                Err(self.breach(rule.to_owned(), value.get(), None))
            }
        }
    }

    fn check_range(
        &self,
        what: &str,
        range: &Range,
        value: Option<Decimal>,
    ) -> Result<(), FilterBreach> {
        let Some(value) = value else { return Ok(()) };
        let Range { min, max, step } = *range;
        if value < min {
            let rule = format!("{what} is at least {}", min.normalize());
            return Err(self.breach(rule, value, Some(min)));
        }
        self.at_most(what, max, value, Some(max))?;
        match value.checked_rem(step) {
            Some(rest) if !rest.is_zero() => {
                let rule = format!("{what} is a multiple of {}", step.normalize());
                Err(self.breach(rule, value, Some(value - rest)))
            }
            _ => Ok(()),
        }
    }

    fn check_percent(
        &self,
        what: &str,
        bounds: PercentPrice,
        price: Option<Decimal>,
        context: &FilterContext,
    ) -> Result<(), FilterBreach> {
        let (Some(price), Some(reference)) = (price, context.reference_price) else {
            return Ok(());
        };
        let least = reference.get().saturating_mul(bounds.down);
        let most = reference.get().saturating_mul(bounds.up);
        if price < least {
            let rule = format!("{what} is at least {} times {reference}", bounds.down.normalize());
            return Err(self.breach(rule, price, Some(least)));
        }
        let rule = format!("{what} is at most {} times {reference}", bounds.up.normalize());
        if price > most { Err(self.breach(rule, price, Some(most))) } else { Ok(()) }
    }

    fn check_value(
        &self,
        min: Notional,
        max: Notional,
        value: Option<Notional>,
    ) -> Result<(), FilterBreach> {
        let Some(value) = value else { return Ok(()) };
        if value < min {
            let rule = format!("price times quantity is at least {min}");
            return Err(self.breach(rule, value.get(), Some(min.get())));
        }
        self.at_most("price times quantity", max.get(), value.get(), Some(max.get()))
    }

    fn check_count(&self, what: &str, most: u32, open: u32) -> Result<(), FilterBreach> {
        if open < most {
            return Ok(());
        }
        let rule = format!("at most {most} {what} are open at a time");
        Err(self.breach(rule, Decimal::from(open.saturating_add(1)), Some(Decimal::from(most))))
    }

    fn at_most(
        &self,
        what: &str,
        most: Decimal,
        value: Decimal,
        nearest: Option<Decimal>,
    ) -> Result<(), FilterBreach> {
        if most.is_zero() || value <= most {
            return Ok(());
        }
        Err(self.breach(format!("{what} is at most {}", most.normalize()), value, nearest))
    }

    fn breach(&self, rule: String, value: Decimal, nearest: Option<Decimal>) -> FilterBreach {
        FilterBreach {
            filter: self.name().to_owned(),
            rule,
            value: value.normalize(),
            nearest: nearest.map(|nearest| nearest.normalize()),
        }
    }
}

/// What an order is worth in quote asset; for a market order at the reference price.
fn value(kind: &OrderKind, context: &FilterContext) -> Option<Notional> {
    match kind {
        OrderKind::Limit { price, qty, .. } | OrderKind::PostOnly { price, qty } => {
            Some(*price * *qty)
        }
        OrderKind::Triggered { qty, limit: Some(limit), .. } => Some(limit.price * *qty),
        OrderKind::Market(MarketQuantity::Base(qty))
        | OrderKind::Triggered { qty, limit: None, .. } => {
            context.reference_price.map(|price| price * *qty)
        }
        OrderKind::Market(MarketQuantity::Quote(value)) => Some(*value),
    }
}
