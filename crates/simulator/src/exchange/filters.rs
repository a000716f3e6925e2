//! A symbol's filters: what an order must satisfy before it reaches the book.
//!
//! Every rule is exact decimal arithmetic, and a zero step, tick, minimum or maximum switches that
//! part of a rule off (production symbols do carry `stepSize` 0). A modulus is counted from zero,
//! not from the minimum (filters.md, read 2026-11).

use rust_decimal::Decimal;

use super::order::{MarketQty, OrderKind, Side};

/// `PRICE_FILTER`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PriceFilter {
    /// Lowest price, in quote.
    pub min_price: Decimal,
    /// Highest price, in quote.
    pub max_price: Decimal,
    /// Prices are multiples of it.
    pub tick_size: Decimal,
}

/// `LOT_SIZE` and `MARKET_LOT_SIZE`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LotSize {
    /// Smallest base quantity.
    pub min_qty: Decimal,
    /// Largest base quantity.
    pub max_qty: Decimal,
    /// Quantities are multiples of it.
    pub step_size: Decimal,
}

/// `PERCENT_PRICE`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PercentPrice {
    /// Highest price, as a multiple of the reference price.
    pub multiplier_up: Decimal,
    /// Lowest price, as a multiple of the reference price.
    pub multiplier_down: Decimal,
    /// Minutes the reference price is averaged over; zero for the last price.
    pub avg_price_mins: u32,
}

/// `PERCENT_PRICE_BY_SIDE`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PercentPriceBySide {
    /// Highest price of a buy.
    pub bid_multiplier_up: Decimal,
    /// Lowest price of a buy.
    pub bid_multiplier_down: Decimal,
    /// Highest price of a sell.
    pub ask_multiplier_up: Decimal,
    /// Lowest price of a sell.
    pub ask_multiplier_down: Decimal,
    /// Minutes the reference price is averaged over; zero for the last price.
    pub avg_price_mins: u32,
}

/// `MIN_NOTIONAL`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MinNotional {
    /// Smallest price × quantity, in quote.
    pub min_notional: Decimal,
    /// Whether market orders are held to it, at the reference price.
    pub apply_to_market: bool,
    /// Minutes the reference price is averaged over; zero for the last price.
    pub avg_price_mins: u32,
}

/// `NOTIONAL`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Notional {
    /// Smallest price × quantity, in quote.
    pub min_notional: Decimal,
    /// Whether market orders are held to the minimum, at the reference price.
    pub apply_min_to_market: bool,
    /// Largest price × quantity, in quote.
    pub max_notional: Decimal,
    /// Whether market orders are held to the maximum, at the reference price.
    pub apply_max_to_market: bool,
    /// Minutes the reference price is averaged over; zero for the last price.
    pub avg_price_mins: u32,
}

/// `TRAILING_DELTA`, in basis points. There are no trailing orders here; it is for the catalogue.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TrailingDelta {
    /// Lowest delta of an order that triggers above the market.
    pub min_above: u32,
    /// Highest delta of an order that triggers above the market.
    pub max_above: u32,
    /// Lowest delta of an order that triggers below the market.
    pub min_below: u32,
    /// Highest delta of an order that triggers below the market.
    pub max_below: u32,
}

/// All filters of a symbol. `None`: the symbol does not have it.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Filters {
    /// `PRICE_FILTER`.
    pub price: Option<PriceFilter>,
    /// `LOT_SIZE`.
    pub lot_size: Option<LotSize>,
    /// `MARKET_LOT_SIZE`, on top of `LOT_SIZE` for market orders.
    pub market_lot_size: Option<LotSize>,
    /// `PERCENT_PRICE`.
    pub percent_price: Option<PercentPrice>,
    /// `PERCENT_PRICE_BY_SIDE`.
    pub percent_price_by_side: Option<PercentPriceBySide>,
    /// `MIN_NOTIONAL`.
    pub min_notional: Option<MinNotional>,
    /// `NOTIONAL`.
    pub notional: Option<Notional>,
    /// `ICEBERG_PARTS`: most parts an iceberg may have.
    pub iceberg_parts: Option<u32>,
    /// `MAX_NUM_ORDERS`: most open orders of an account on the symbol.
    pub max_num_orders: Option<u32>,
    /// `MAX_NUM_ALGO_ORDERS`: most open contingent orders of an account on the symbol.
    pub max_num_algo_orders: Option<u32>,
    /// `MAX_NUM_ICEBERG_ORDERS`: most open iceberg orders of an account on the symbol.
    pub max_num_iceberg_orders: Option<u32>,
    /// `MAX_NUM_ORDER_LISTS`: most open lists of orders of an account on the symbol.
    pub max_num_order_lists: Option<u32>,
    /// `MAX_NUM_ORDER_AMENDS`: how often one order may be amended.
    pub max_num_order_amends: Option<u32>,
    /// `MAX_POSITION`: most base an account may hold or be about to buy.
    pub max_position: Option<Decimal>,
    /// `TRAILING_DELTA`.
    pub trailing_delta: Option<TrailingDelta>,
}

/// Filters of the whole exchange, per account.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct ExchangeFilters {
    /// `EXCHANGE_MAX_NUM_ORDERS`: most open orders of an account.
    pub max_num_orders: Option<u32>,
    /// `EXCHANGE_MAX_NUM_ICEBERG_ORDERS`: most open iceberg orders of an account.
    pub max_num_iceberg_orders: Option<u32>,
    /// `EXCHANGE_MAX_NUM_ALGO_ORDERS`: most open contingent orders of an account.
    pub max_num_algo_orders: Option<u32>,
    /// `EXCHANGE_MAX_NUM_ORDER_LISTS`: most open lists of orders of an account.
    pub max_num_order_lists: Option<u32>,
}

/// Which filter failed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[expect(missing_docs, reason = "each is the filter that `as_str` spells")]
pub enum FilterName {
    PriceFilter,
    PercentPrice,
    PercentPriceBySide,
    LotSize,
    MarketLotSize,
    MinNotional,
    Notional,
    IcebergParts,
    MaxPosition,
    MaxNumOrders,
    MaxNumIcebergOrders,
    MaxNumAlgoOrders,
    MaxNumOrderLists,
    MaxNumOrderAmends,
    ExchangeMaxNumOrders,
    ExchangeMaxNumIcebergOrders,
    ExchangeMaxNumAlgoOrders,
    ExchangeMaxNumOrderLists,
}

impl FilterName {
    /// The word of the wire, such as `PRICE_FILTER`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PriceFilter => "PRICE_FILTER",
            Self::PercentPrice => "PERCENT_PRICE",
            Self::PercentPriceBySide => "PERCENT_PRICE_BY_SIDE",
            Self::LotSize => "LOT_SIZE",
            Self::MarketLotSize => "MARKET_LOT_SIZE",
            Self::MinNotional => "MIN_NOTIONAL",
            Self::Notional => "NOTIONAL",
            Self::IcebergParts => "ICEBERG_PARTS",
            Self::MaxPosition => "MAX_POSITION",
            Self::MaxNumOrders => "MAX_NUM_ORDERS",
            Self::MaxNumIcebergOrders => "MAX_NUM_ICEBERG_ORDERS",
            Self::MaxNumAlgoOrders => "MAX_NUM_ALGO_ORDERS",
            Self::MaxNumOrderLists => "MAX_NUM_ORDER_LISTS",
            Self::MaxNumOrderAmends => "MAX_NUM_ORDER_AMENDS",
            Self::ExchangeMaxNumOrders => "EXCHANGE_MAX_NUM_ORDERS",
            Self::ExchangeMaxNumIcebergOrders => "EXCHANGE_MAX_NUM_ICEBERG_ORDERS",
            Self::ExchangeMaxNumAlgoOrders => "EXCHANGE_MAX_NUM_ALGO_ORDERS",
            Self::ExchangeMaxNumOrderLists => "EXCHANGE_MAX_NUM_ORDER_LISTS",
        }
    }
}

/// What the filters must know of the account.
#[derive(Clone, Copy, Debug)]
pub(super) struct Standing {
    /// Open orders on the symbol.
    pub(super) open_orders: usize,
    /// Open iceberg orders on the symbol.
    pub(super) open_icebergs: usize,
    /// Open orders on all symbols.
    pub(super) open_orders_all: usize,
    /// Open iceberg orders on all symbols.
    pub(super) open_icebergs_all: usize,
    /// Open contingent orders on the symbol, set off or not.
    pub(super) open_algos: usize,
    /// Open contingent orders on all symbols, set off or not.
    pub(super) open_algos_all: usize,
    /// Base held, free and locked, and still to be bought by open orders.
    pub(super) position: Decimal,
}

/// One order, as the filters see it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Candidate {
    pub(super) side: Side,
    pub(super) kind: OrderKind,
    pub(super) iceberg_qty: Option<Decimal>,
}

impl Filters {
    /// Judges an order, in the exchange's order: price, quantity, notional, then counts.
    /// `reference` answers the average price of so many minutes; zero minutes is the last price.
    pub(super) fn check(
        &self,
        order: Candidate,
        standing: &Standing,
        exchange: &ExchangeFilters,
        reference: impl Fn(u32) -> Decimal,
    ) -> Result<(), FilterName> {
        self.check_terms(order, reference)?;
        self.check_position(order, standing.position)?;
        self.check_counts(order, standing, exchange)
    }

    /// Judges what an order says of itself: prices, quantity, notional.
    pub(super) fn check_terms(
        &self,
        order: Candidate,
        reference: impl Fn(u32) -> Decimal,
    ) -> Result<(), FilterName> {
        // What is asked of a price is asked of a stop price too.
        for price in [order.kind.price(), order.kind.stop_price()].into_iter().flatten() {
            self.check_price(order.side, price, &reference)?;
        }
        self.check_qty(order)?;
        self.check_notional(order.kind, &reference)?;
        self.check_parts(order)
    }

    /// `MAX_POSITION`, where `position` is the base held and about to be bought without the order.
    pub(super) fn check_position(
        &self,
        order: Candidate,
        position: Decimal,
    ) -> Result<(), FilterName> {
        let qty = order.kind.qty().unwrap_or_default();
        match self.max_position {
            Some(limit) if order.side == Side::Buy && position + qty > limit => {
                Err(FilterName::MaxPosition)
            }
            Some(_) | None => Ok(()),
        }
    }

    /// `MAX_NUM_ORDER_LISTS`, by the lists that are open on the symbol and on all.
    pub(super) fn check_lists(
        &self,
        open: usize,
        open_all: usize,
        exchange: &ExchangeFilters,
    ) -> Result<(), FilterName> {
        if is_full(self.max_num_order_lists, open) {
            return Err(FilterName::MaxNumOrderLists);
        }
        if is_full(exchange.max_num_order_lists, open_all) {
            return Err(FilterName::ExchangeMaxNumOrderLists);
        }
        Ok(())
    }

    fn check_price(
        &self,
        side: Side,
        price: Decimal,
        reference: &impl Fn(u32) -> Decimal,
    ) -> Result<(), FilterName> {
        if let Some(rule) = &self.price
            && !fits(price, rule.min_price, rule.max_price, rule.tick_size)
        {
            return Err(FilterName::PriceFilter);
        }
        if let Some(rule) = &self.percent_price {
            let at = reference(rule.avg_price_mins);
            if price < at * rule.multiplier_down || price > at * rule.multiplier_up {
                return Err(FilterName::PercentPrice);
            }
        }
        if let Some(rule) = &self.percent_price_by_side {
            let at = reference(rule.avg_price_mins);
            let (down, up) = match side {
                Side::Buy => (rule.bid_multiplier_down, rule.bid_multiplier_up),
                Side::Sell => (rule.ask_multiplier_down, rule.ask_multiplier_up),
            };
            if price < at * down || price > at * up {
                return Err(FilterName::PercentPriceBySide);
            }
        }
        Ok(())
    }

    fn check_qty(&self, order: Candidate) -> Result<(), FilterName> {
        // Of an order by quote quantity the exchange finds the quantity itself, by these rules,
        // once it knows the book.
        let Some(qty) = order.kind.qty() else {
            return Ok(());
        };
        self.check_lot(qty, order.kind.is_market())?;
        if let Some(iceberg) = order.iceberg_qty
            && let Some(rule) = &self.lot_size
            && !rule.allows(iceberg)
        {
            return Err(FilterName::LotSize);
        }
        Ok(())
    }

    /// `LOT_SIZE`, and for market orders `MARKET_LOT_SIZE` too.
    pub(super) fn check_lot(&self, qty: Decimal, is_market: bool) -> Result<(), FilterName> {
        if self.lot_size.is_some_and(|rule| !rule.allows(qty)) {
            return Err(FilterName::LotSize);
        }
        if is_market && self.market_lot_size.is_some_and(|rule| !rule.allows(qty)) {
            return Err(FilterName::MarketLotSize);
        }
        Ok(())
    }

    fn check_notional(
        &self,
        kind: OrderKind,
        reference: &impl Fn(u32) -> Decimal,
    ) -> Result<(), FilterName> {
        let is_market = kind.is_market();
        let qty = kind.qty().unwrap_or_default();
        let notional = |mins: u32| match (kind, kind.price()) {
            (OrderKind::Market(MarketQty::Quote(quote)), _) => quote,
            (_, Some(price)) => price * qty,
            (_, None) => reference(mins) * qty,
        };
        if let Some(rule) = &self.min_notional
            && (!is_market || rule.apply_to_market)
            && notional(rule.avg_price_mins) < rule.min_notional
        {
            return Err(FilterName::MinNotional);
        }
        if let Some(rule) = &self.notional {
            let value = notional(rule.avg_price_mins);
            let low = (!is_market || rule.apply_min_to_market) && value < rule.min_notional;
            let high = (!is_market || rule.apply_max_to_market)
                && !rule.max_notional.is_zero()
                && value > rule.max_notional;
            if low || high {
                return Err(FilterName::Notional);
            }
        }
        Ok(())
    }

    fn check_parts(&self, order: Candidate) -> Result<(), FilterName> {
        let qty = order.kind.qty().unwrap_or_default();
        if let (Some(limit), Some(part)) = (self.iceberg_parts, order.iceberg_qty)
            && part > Decimal::ZERO
            && qty.checked_div(part).is_none_or(|parts| parts.ceil() > Decimal::from(limit))
        {
            return Err(FilterName::IcebergParts);
        }
        Ok(())
    }

    fn check_counts(
        &self,
        order: Candidate,
        standing: &Standing,
        exchange: &ExchangeFilters,
    ) -> Result<(), FilterName> {
        let is_iceberg = order.iceberg_qty.is_some_and(|part| part > Decimal::ZERO);
        let is_algo = order.kind.is_contingent();
        let counts = [
            (self.max_num_orders, standing.open_orders, true, FilterName::MaxNumOrders),
            (
                self.max_num_iceberg_orders,
                standing.open_icebergs,
                is_iceberg,
                FilterName::MaxNumIcebergOrders,
            ),
            (self.max_num_algo_orders, standing.open_algos, is_algo, FilterName::MaxNumAlgoOrders),
            (
                exchange.max_num_orders,
                standing.open_orders_all,
                true,
                FilterName::ExchangeMaxNumOrders,
            ),
            (
                exchange.max_num_iceberg_orders,
                standing.open_icebergs_all,
                is_iceberg,
                FilterName::ExchangeMaxNumIcebergOrders,
            ),
            (
                exchange.max_num_algo_orders,
                standing.open_algos_all,
                is_algo,
                FilterName::ExchangeMaxNumAlgoOrders,
            ),
        ];
        for (limit, open, applies, name) in counts {
            if applies && is_full(limit, open) {
                return Err(name);
            }
        }
        Ok(())
    }

    /// The largest quantity not above `qty` that is a multiple of the steps of a market order.
    pub(super) fn floor_market_qty(&self, qty: Decimal) -> Decimal {
        let step = |rule: &Option<LotSize>| rule.map_or(Decimal::ZERO, |rule| rule.step_size);
        floor_to(floor_to(qty, step(&self.lot_size)), step(&self.market_lot_size))
    }
}

impl LotSize {
    /// Whether a quantity is in range and a multiple of the step.
    #[must_use]
    pub fn allows(&self, qty: Decimal) -> bool {
        fits(qty, self.min_qty, self.max_qty, self.step_size)
    }
}

/// Whether there is a limit, and as many are open as it allows.
fn is_full(limit: Option<u32>, open: usize) -> bool {
    limit.is_some_and(|limit| usize::try_from(limit).is_ok_and(|limit| open >= limit))
}

/// In range and a multiple of the step, where zero switches a part off.
fn fits(value: Decimal, min: Decimal, max: Decimal, step: Decimal) -> bool {
    (min.is_zero() || value >= min)
        && (max.is_zero() || value <= max)
        && (step.is_zero() || (value % step).is_zero())
}

/// The largest multiple of `step` not above `value`; `value` itself when the step is zero.
pub(super) fn floor_to(value: Decimal, step: Decimal) -> Decimal {
    if step.is_zero() { value } else { value - value % step }
}
