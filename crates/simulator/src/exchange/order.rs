//! Orders: what an account asks for, and what the exchange says of it.
//!
//! An [`OrderView`] is the whole truth of an order at one moment, a plain value: queries hand out
//! copies, reports carry one, so that nobody outside can change an order but through the exchange.

mod kind;

use std::fmt;
use std::sync::Arc;

use rust_decimal::Decimal;
use tradewind_model::Timestamp;

pub use kind::{Contingent, MarketQty, OrderKind, TimeInForce, Trigger};

/// One login of the venue, counted from zero in the order of
/// [`ExchangeConfig::accounts`](super::ExchangeConfig::accounts).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct AccountId(pub u32);

/// The side of an order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Side {
    /// Receives base, pays quote.
    Buy,
    /// Receives quote, pays base.
    Sell,
}

impl Side {
    /// The other side.
    #[must_use]
    pub const fn opposite(self) -> Self {
        match self {
            Self::Buy => Self::Sell,
            Self::Sell => Self::Buy,
        }
    }

    /// The word of the wire: `BUY` or `SELL`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Buy => "BUY",
            Self::Sell => "SELL",
        }
    }
}

/// What happens when an account's order meets another of its own; the taker's mode decides.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum StpMode {
    /// They trade.
    None,
    /// The resting order expires, the taker goes on.
    ExpireMaker,
    /// The taker expires, the resting order stays.
    ExpireTaker,
    /// Both expire.
    ExpireBoth,
    /// Both lose the quantity they would have traded; whichever has none left expires.
    Decrement,
    /// Between two accounts of one trade group a transfer; there are no trade groups here, and
    /// within one account it is [`StpMode::Decrement`] (enums.md and the STP FAQ, read 2026-11).
    Transfer,
}

impl StpMode {
    /// The word of the wire, such as `EXPIRE_MAKER`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "NONE",
            Self::ExpireMaker => "EXPIRE_MAKER",
            Self::ExpireTaker => "EXPIRE_TAKER",
            Self::ExpireBoth => "EXPIRE_BOTH",
            Self::Decrement => "DECREMENT",
            Self::Transfer => "TRANSFER",
        }
    }
}

/// What an account asks for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewOrder {
    /// The venue's spelling of the instrument.
    pub symbol: String,
    /// Which side.
    pub side: Side,
    /// Which kind, with its price and quantity.
    pub kind: OrderKind,
    /// The client's own id; generated when absent (22 letters and digits).
    pub client_order_id: Option<String>,
    /// Self-trade prevention; the symbol's default when absent.
    pub stp: Option<StpMode>,
    /// The visible part of an iceberg order. Filters judge it; the book shows the whole order.
    pub iceberg_qty: Option<Decimal>,
}

impl NewOrder {
    /// A limit order that waits in the book, with a generated id and the symbol's defaults.
    #[must_use]
    pub fn limit(symbol: &str, side: Side, price: Decimal, qty: Decimal) -> Self {
        Self::of(symbol, side, OrderKind::Limit { price, qty, tif: TimeInForce::Gtc })
    }

    /// An order of any kind, with a generated id and the symbol's defaults.
    #[must_use]
    pub fn of(symbol: &str, side: Side, kind: OrderKind) -> Self {
        Self {
            symbol: symbol.to_owned(),
            side,
            kind,
            client_order_id: None,
            stp: None,
            iceberg_qty: None,
        }
    }

    /// The same order under this client order id.
    #[must_use]
    pub fn with_id(mut self, client_order_id: &str) -> Self {
        self.client_order_id = Some(client_order_id.to_owned());
        self
    }

    /// The same order under this mode of self-trade prevention.
    #[must_use]
    pub const fn with_stp(mut self, stp: StpMode) -> Self {
        self.stp = Some(stp);
        self
    }
}

/// Where an order is in its life.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum OrderStatus {
    /// In the book, or waiting for its trigger; nothing traded.
    New,
    /// In the book, a part traded.
    PartiallyFilled,
    /// All of it traded.
    Filled,
    /// Canceled by its owner.
    Canceled,
    /// Ended by the rules of its kind; see [`ExpiryReason`].
    Expired,
    /// Ended by self-trade prevention.
    ExpiredInMatch,
    /// Not accepted by the matching engine. Only said of the order that was to come in another's
    /// stead, once that one is gone.
    Rejected,
}

impl OrderStatus {
    /// The word of the wire, such as `PARTIALLY_FILLED`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::New => "NEW",
            Self::PartiallyFilled => "PARTIALLY_FILLED",
            Self::Filled => "FILLED",
            Self::Canceled => "CANCELED",
            Self::Expired => "EXPIRED",
            Self::ExpiredInMatch => "EXPIRED_IN_MATCH",
            Self::Rejected => "REJECTED",
        }
    }

    /// Whether the order is alive: in the book, on its way to it, or waiting for its trigger.
    #[must_use]
    pub const fn is_open(self) -> bool {
        matches!(self, Self::New | Self::PartiallyFilled)
    }
}

/// Why an order expired (enums.md, read 2026-11).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum ExpiryReason {
    /// What an IOC order could not fill at once.
    UnfilledIoc,
    /// A FOK order that could not fill whole.
    UnfilledFok,
    /// The book ran out under a market order.
    InsufficientLiquidity,
    /// The other order of its list has begun to work, or both were ended.
    OcoTrigger,
    /// It may only make, and would have taken.
    WouldMatch,
    /// It was set off, and there was not enough money for it, or a filter would not have it.
    Rejected,
}

impl ExpiryReason {
    /// The word of the wire, such as `UNFILLED_IOC_QUANTITY_EXPIRED`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::UnfilledIoc => "UNFILLED_IOC_QUANTITY_EXPIRED",
            Self::UnfilledFok => "UNFILLED_FOK_ORDER_EXPIRED",
            Self::InsufficientLiquidity => "INSUFFICIENT_LIQUIDITY",
            Self::OcoTrigger => "OCO_TRIGGER",
            Self::WouldMatch => "WOULD_MATCH_IMMEDIATELY",
            Self::Rejected => "REJECTED",
        }
    }
}

/// The state of one order at one moment.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OrderView {
    /// The venue's spelling of the instrument.
    pub symbol: Arc<str>,
    /// The venue's id: unique and increasing per symbol.
    pub order_id: u64,
    /// The list it belongs to, if it belongs to one.
    pub list_id: Option<u64>,
    /// The id it was placed under, also after a cancel; after an amendment, the one it got then.
    pub client_order_id: String,
    /// The id of the cancel that ended it, if one did.
    pub cancel_client_order_id: Option<String>,
    /// Which side.
    pub side: Side,
    /// Which kind, as asked. Of a market order by quote quantity, `orig_qty` holds the base.
    pub kind: OrderKind,
    /// Limit price; zero for an order without one.
    pub price: Decimal,
    /// Base quantity of the order.
    pub orig_qty: Decimal,
    /// Base quantity traded so far.
    pub executed_qty: Decimal,
    /// Quote quantity traded so far (`cummulativeQuoteQty`).
    pub cum_quote_qty: Decimal,
    /// Quote quantity asked for by a market order (`origQuoteOrderQty`), or zero.
    pub orig_quote_order_qty: Decimal,
    /// Base quantity that self-trade prevention took off the order.
    pub prevented_qty: Decimal,
    /// The last prevented match it had a part in.
    pub prevented_match_id: Option<u64>,
    /// Visible quantity of an iceberg order, or zero.
    pub iceberg_qty: Decimal,
    /// Where it is in its life.
    pub status: OrderStatus,
    /// Its mode of self-trade prevention.
    pub stp: StpMode,
    /// Why it expired, if it did by the rules of its kind.
    pub expiry_reason: Option<ExpiryReason>,
    /// When it was accepted.
    pub time: Timestamp,
    /// When it last changed.
    pub update_time: Timestamp,
    /// When it came to the book or met it; `None` while it waits for its trigger, and for good if
    /// it ended before.
    pub working_time: Option<Timestamp>,
    /// How often its quantity was lowered.
    pub amends: u32,
}

impl OrderView {
    /// An order just accepted, without a client order id or anything else that may be left out.
    pub(super) fn accepted(
        symbol: Arc<str>,
        order_id: u64,
        side: Side,
        kind: OrderKind,
        qty: Decimal,
        now: Timestamp,
    ) -> Self {
        Self {
            symbol,
            order_id,
            list_id: None,
            client_order_id: String::new(),
            cancel_client_order_id: None,
            side,
            kind,
            price: kind.price().unwrap_or_default(),
            orig_qty: qty,
            executed_qty: Decimal::ZERO,
            cum_quote_qty: Decimal::ZERO,
            orig_quote_order_qty: Decimal::ZERO,
            prevented_qty: Decimal::ZERO,
            prevented_match_id: None,
            iceberg_qty: Decimal::ZERO,
            status: OrderStatus::New,
            stp: StpMode::None,
            expiry_reason: None,
            time: now,
            update_time: now,
            working_time: (!kind.is_contingent()).then_some(now),
            amends: 0,
        }
    }

    /// Whether it has come to the book or met it.
    #[must_use]
    pub const fn is_working(&self) -> bool {
        self.working_time.is_some()
    }

    /// What can still trade: original less executed less prevented.
    #[must_use]
    pub fn remaining(&self) -> Decimal {
        self.orig_qty - self.executed_qty - self.prevented_qty
    }
}

/// One trade, as the account that had a part in it sees it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FillView {
    /// The venue's spelling of the instrument.
    pub symbol: Arc<str>,
    /// Unique and increasing per symbol.
    pub trade_id: u64,
    /// The account's order.
    pub order_id: u64,
    /// The list that order belongs to, if it belongs to one.
    pub list_id: Option<u64>,
    /// The id that order was placed under.
    pub client_order_id: String,
    /// The side of that order.
    pub side: Side,
    /// Quote per base.
    pub price: Decimal,
    /// Base quantity.
    pub qty: Decimal,
    /// Quote quantity: price × qty.
    pub quote_qty: Decimal,
    /// What the venue took.
    pub commission: Decimal,
    /// The asset it took it in.
    pub commission_asset: Arc<str>,
    /// Whether the account's order was the resting one.
    pub is_maker: bool,
    /// When.
    pub time: Timestamp,
}

/// A match of two orders of one account that did not become a trade.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PreventedMatch {
    /// Unique and increasing per symbol.
    pub id: u64,
    /// The symbol.
    pub symbol: Arc<str>,
    /// The order that came.
    pub taker_order_id: u64,
    /// The order that was there.
    pub maker_order_id: u64,
    /// The price they would have traded at.
    pub price: Decimal,
    /// Base quantity the taker lost, if it lost any.
    pub taker_prevented_qty: Option<Decimal>,
    /// Base quantity the maker lost, if it lost any.
    pub maker_prevented_qty: Option<Decimal>,
    /// The mode that decided: the taker's.
    pub stp: StpMode,
    /// When.
    pub time: Timestamp,
}

/// An accepted order, as it stands once it has met the book.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Placement {
    /// Its state.
    pub order: OrderView,
    /// What it traded at once, in order.
    pub fills: Vec<FillView>,
    /// What it would have traded with its own account, in order.
    pub prevented: Vec<PreventedMatch>,
}

macro_rules! display_as_str {
    ($($name:ty),+) => {$(
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    )+};
}
display_as_str!(Side, TimeInForce, StpMode, OrderStatus, ExpiryReason);
