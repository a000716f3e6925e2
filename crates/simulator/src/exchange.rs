//! The exchange: books, matching, balances and a seeded market, as a pure value.
//!
//! Every method that can change something takes `now`, plays the other participants up to it, and
//! leaves what happened in a queue that [`Exchange::drain_events`] empties. Nothing reads a clock,
//! and all randomness comes from the seed: the same seed and the same calls are the same run.
//!
//! Time never goes back here: a `now` before an earlier one counts as the earlier one.

pub mod config;
pub mod event;
pub mod filters;
pub mod kline;
pub mod order;
pub mod reject;

use std::sync::Arc;

use rust_decimal::Decimal;
use tradewind_model::Timestamp;

pub use config::{AccountConfig, Discount, ExchangeConfig, MarketConfig, Model, SymbolConfig};
pub use event::{
    BalanceChange, BalanceView, BookTicker, Depth, DepthChange, ExchangeEvent, ExecType,
    ExecutionReport, TradeView,
};
pub use filters::{ExchangeFilters, FilterName, Filters};
pub use kline::{Interval, Kline};
pub use order::{
    AccountId, CancelRestriction, Cancellation, ExpiryReason, FillFilter, FillView, MarketQty,
    NewOrder, OrderFilter, OrderKind, OrderRef, OrderStatus, OrderView, Placement, PreventedMatch,
    Side, StpMode, TimeInForce,
};
pub use reject::{CancelReject, QueryReject, Reject};

use crate::account::{Commission, Ledger};

/// Whether a symbol trades. Cancels are possible in every status.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum SymbolStatus {
    /// Trades.
    Trading,
    /// Does not trade; market data goes on.
    Halt,
    /// Does not trade.
    Break,
}

impl SymbolStatus {
    /// The word of the wire, such as `TRADING`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Trading => "TRADING",
            Self::Halt => "HALT",
            Self::Break => "BREAK",
        }
    }
}

/// The exchange.
#[derive(Debug)]
pub struct Exchange {
    config: ExchangeConfig,
    now: Timestamp,
}

impl Exchange {
    /// An exchange whose symbols have a history before `now` and participants in their books.
    #[must_use]
    pub fn new(config: &ExchangeConfig, seed: u64, now: Timestamp) -> Self {
        let _ = seed;
        Self {
            config: config.clone(),
            now,
        }
    }

    /// Plays the other participants up to `now`. A long gap is played in coarser steps, so that
    /// the work of one call is bounded.
    pub fn advance(&mut self, now: Timestamp) {
        self.now = self.now.max(now);
    }

    /// When somebody next does something by themselves; `None` when nobody ever will.
    #[must_use]
    pub fn wakeup(&self) -> Option<Timestamp> {
        None
    }

    /// The latest `now` there was.
    #[must_use]
    pub const fn now(&self) -> Timestamp {
        self.now
    }

    /// Takes an order to the book.
    ///
    /// # Errors
    /// Why it was not accepted; then nothing has changed.
    pub fn place(
        &mut self,
        now: Timestamp,
        account: AccountId,
        order: NewOrder,
    ) -> Result<Placement, Reject> {
        self.advance(now);
        let _ = (account, order);
        Err(Reject::UnknownSymbol)
    }

    /// Judges an order as [`Exchange::place`] would before it reaches the book: the symbol, its
    /// status and the filters, not the account's balance nor the book.
    ///
    /// # Errors
    /// Why it would not be accepted.
    pub fn check(&self, account: AccountId, order: &NewOrder) -> Result<(), Reject> {
        let _ = (account, order);
        Err(Reject::UnknownSymbol)
    }

    /// Takes an open order out of the book. The cancel has an id of its own, `new_client_id` or a
    /// generated one.
    ///
    /// # Errors
    /// Why not; then nothing has changed.
    pub fn cancel(
        &mut self,
        now: Timestamp,
        account: AccountId,
        symbol: &str,
        order: &OrderRef,
        new_client_id: Option<String>,
        restriction: CancelRestriction,
    ) -> Result<Cancellation, CancelReject> {
        self.advance(now);
        let _ = (account, symbol, order, new_client_id, restriction);
        Err(CancelReject::UnknownSymbol)
    }

    /// Takes all open orders of the account on the symbol out of the book, oldest first.
    ///
    /// # Errors
    /// [`CancelReject::UnknownOrder`] when there is none, as the venue does.
    pub fn cancel_all(
        &mut self,
        now: Timestamp,
        account: AccountId,
        symbol: &str,
    ) -> Result<Vec<Cancellation>, CancelReject> {
        self.advance(now);
        let _ = (account, symbol);
        Err(CancelReject::UnknownSymbol)
    }

    /// One order of the account, open or finished.
    ///
    /// # Errors
    /// When there is none of that id.
    pub fn order(
        &self,
        account: AccountId,
        symbol: &str,
        order: &OrderRef,
    ) -> Result<OrderView, QueryReject> {
        let _ = (account, symbol, order);
        Err(QueryReject::UnknownSymbol)
    }

    /// The open orders of the account, by symbol as configured and then oldest first; of one
    /// symbol or of all.
    #[must_use]
    pub fn open_orders(&self, account: AccountId, symbol: Option<&str>) -> Vec<OrderView> {
        let _ = (account, symbol);
        Vec::new()
    }

    /// Orders of the account on the symbol, open and finished, oldest first.
    #[must_use]
    pub fn all_orders(
        &self,
        account: AccountId,
        symbol: &str,
        filter: &OrderFilter,
    ) -> Vec<OrderView> {
        let _ = (account, symbol, filter);
        Vec::new()
    }

    /// Fills of the account on the symbol, oldest first.
    #[must_use]
    pub fn my_trades(
        &self,
        account: AccountId,
        symbol: &str,
        filter: &FillFilter,
    ) -> Vec<FillView> {
        let _ = (account, symbol, filter);
        Vec::new()
    }

    /// Matches of the account with itself on the symbol that self-trade prevention stopped,
    /// oldest first.
    #[must_use]
    pub fn prevented_matches(&self, account: AccountId, symbol: &str) -> Vec<PreventedMatch> {
        let _ = (account, symbol);
        Vec::new()
    }

    /// Every asset the account ever had, by name. Empty for an unknown account.
    #[must_use]
    pub fn balances(&self, account: AccountId) -> Vec<BalanceView> {
        let _ = account;
        Vec::new()
    }

    /// What the account pays, if there is such an account.
    #[must_use]
    pub fn commission(&self, account: AccountId) -> Option<Commission> {
        let _ = account;
        None
    }

    /// What really happened to the account, if there is such an account.
    #[must_use]
    pub fn ledger(&self, account: AccountId) -> Option<&Ledger> {
        let _ = account;
        None
    }

    /// What the venue has taken in commissions, by asset name.
    #[must_use]
    pub fn fees(&self) -> Vec<(Arc<str>, Decimal)> {
        Vec::new()
    }

    /// What can be traded, as configured.
    #[must_use]
    pub fn symbols(&self) -> &[SymbolConfig] {
        &self.config.symbols
    }

    /// One symbol's configuration.
    #[must_use]
    pub fn symbol(&self, symbol: &str) -> Option<&SymbolConfig> {
        self.config
            .symbols
            .iter()
            .find(|config| config.symbol == symbol)
    }

    /// The accounts there are: ids from zero up to, and without, this one.
    #[must_use]
    pub fn account_count(&self) -> usize {
        self.config.accounts.len()
    }

    /// Whether the symbol trades.
    #[must_use]
    pub fn status(&self, symbol: &str) -> Option<SymbolStatus> {
        self.symbol(symbol).map(|_| SymbolStatus::Trading)
    }

    /// Opens or closes a symbol. Unknown symbols are ignored.
    pub fn set_status(&mut self, now: Timestamp, symbol: &str, status: SymbolStatus) {
        self.advance(now);
        let _ = (symbol, status);
    }

    /// The best `limit` levels of each side.
    #[must_use]
    pub fn depth(&self, symbol: &str, limit: usize) -> Option<Depth> {
        let _ = (symbol, limit);
        None
    }

    /// The best bid and ask.
    #[must_use]
    pub fn book_ticker(&self, symbol: &str) -> Option<BookTicker> {
        let _ = symbol;
        None
    }

    /// Bars that start within `start..=end`, oldest first: with `start` the oldest `limit` of
    /// them, else the newest. The one in progress is the last.
    #[must_use]
    pub fn klines(
        &self,
        symbol: &str,
        interval: Interval,
        start: Option<Timestamp>,
        end: Option<Timestamp>,
        limit: usize,
    ) -> Vec<Kline> {
        let _ = (symbol, interval, start, end, limit);
        Vec::new()
    }

    /// The bar in progress.
    #[must_use]
    pub fn current_kline(&self, symbol: &str, interval: Interval) -> Option<Kline> {
        self.klines(symbol, interval, None, None, 1).pop()
    }

    /// The last `minutes` one-minute bars, the one in progress among them, as one bar; for
    /// tickers over a rolling window.
    #[must_use]
    pub fn rolling(&self, symbol: &str, minutes: usize) -> Option<Kline> {
        let _ = (symbol, minutes);
        None
    }

    /// The newest `limit` trades, oldest first. The exchange remembers the last 1,000.
    #[must_use]
    pub fn recent_trades(&self, symbol: &str, limit: usize) -> Vec<TradeView> {
        let _ = (symbol, limit);
        Vec::new()
    }

    /// The price of the last trade.
    #[must_use]
    pub fn last_price(&self, symbol: &str) -> Option<Decimal> {
        let _ = symbol;
        None
    }

    /// The volume-weighted average price of the last `minutes`; the last price when nothing
    /// traded, or for zero minutes.
    #[must_use]
    pub fn average_price(&self, symbol: &str, minutes: u32) -> Option<Decimal> {
        let _ = (symbol, minutes);
        None
    }

    /// What happened since the last call, in order. Market events beyond a million that nobody
    /// drained are dropped, oldest first; account events never are.
    pub fn drain_events(&mut self) -> Vec<ExchangeEvent> {
        Vec::new()
    }
}
