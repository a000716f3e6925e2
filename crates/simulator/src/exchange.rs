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
pub mod query;
pub mod reject;

mod canceling;
mod entry;
mod pairing;
mod replacing;

mod bars;
mod book;
mod clearing;
mod history;
mod listing;
mod lists;
mod matching;
mod participants;
mod path;
mod prehistory;
mod random;
mod triggering;
mod triggers;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use rust_decimal::Decimal;
use tradewind_model::Timestamp;

pub use config::{
    AccountConfig, CrossingMaker, Discount, ExchangeConfig, Features, MarketConfig, Model,
    SymbolConfig,
};
pub use event::{
    BalanceChange, BalanceView, BookTicker, Depth, DepthChange, ExchangeEvent, ExecType,
    ExecutionReport, ListChange, ListNews, TradeView,
};
pub use filters::{ExchangeFilters, FilterName, Filters};
pub use kline::{Interval, Kline};
pub use lists::OrderListView;
pub use order::{
    AccountId, Contingent, ExpiryReason, FillView, MarketQty, NewOrder, OrderKind, OrderStatus,
    OrderView, Placement, PreventedMatch, Side, StpMode, TimeInForce, Trigger,
};
pub use pairing::{NewOco, OcoPlacement};
pub use query::{
    CancelRestriction, Canceled, Cancellation, FillFilter, OrderFilter, OrderListRef, OrderRef,
};
pub use reject::{AmendReject, CancelReject, Offering, QueryReject, Reject};
pub use replacing::{Amended, ReplaceMode, Replaced, Replacement};

use book::Owner;
use clearing::Clearing;
use listing::Listing;
use participants::STEPS_MAX;
use random::Random;

use crate::account::{Account, Commission, Ledger};

/// Where the ids of order lists start, over all symbols.
const FIRST_LIST_ID: u64 = 700_001;

/// How long the participants trade before the exchange opens, so that there is a book and a tape.
const WARM_UP: Duration = Duration::from_secs(60);

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
    /// In the order of the configuration.
    listings: Vec<Listing>,
    by_symbol: BTreeMap<String, usize>,
    clearing: Clearing,
    ids: Random,
    next_list_id: u64,
}

impl Exchange {
    /// An exchange whose symbols have a history before `now` and participants in their books.
    #[must_use]
    pub fn new(config: &ExchangeConfig, seed: u64, now: Timestamp) -> Self {
        let opening = (now - WARM_UP).window_start(Duration::from_secs(1));
        let listings: Vec<Listing> = (1_u64..)
            .zip(&config.symbols)
            .map(|(n, symbol)| {
                let mut of_symbol = Random::for_purpose(seed, n << 8);
                Listing::new(symbol, of_symbol.next(), opening)
            })
            .collect();
        let by_symbol =
            config.symbols.iter().map(|config| config.symbol.clone()).zip(0..).collect();
        let mut exchange = Self {
            config: config.clone(),
            now: opening,
            listings,
            by_symbol,
            clearing: Clearing::new(config.accounts.iter().map(Account::new).collect()),
            ids: Random::for_purpose(seed, 4),
            next_list_id: FIRST_LIST_ID,
        };
        for listing in &mut exchange.listings {
            exchange.clearing.set_last_price(&listing.terms.symbol, listing.last_price);
            listing.open(&mut exchange.clearing, opening);
        }
        exchange.advance(now);
        exchange.clearing.unmute();
        exchange
    }

    /// Plays the other participants up to `now`. A long gap is played in coarser steps, so that
    /// the work of one call is bounded: a few thousand steps a symbol.
    pub fn advance(&mut self, now: Timestamp) {
        let before = self.now;
        let now = before.max(now);
        // What a coarse way leaves over is less than one of its steps: few turns are enough.
        while self.wakeup().is_some_and(|at| at <= now) {
            self.play(now);
        }
        self.now = now;
        for listing in &mut self.listings {
            listing.roll(&mut self.clearing, now, now.since(before) / STEPS_MAX);
        }
    }

    /// Plays every symbol up to less than one of its steps before `now`, all in order of time.
    fn play(&mut self, now: Timestamp) {
        let strides: Vec<Duration> =
            self.listings.iter().map(|listing| listing.participants.stride(now)).collect();
        loop {
            let due = self.listings.iter().zip(&strides).enumerate().filter_map(
                |(index, (listing, &stride))| {
                    let at = listing.participants.next_step_by(stride)?;
                    (at <= now).then_some((at, index))
                },
            );
            let Some((at, index)) = due.min() else { break };
            self.now = self.now.max(at);
            self.listings[index].step(&mut self.clearing, strides[index]);
        }
    }

    /// When somebody next does something by themselves; `None` when nobody ever will. Bars of a
    /// market where nobody moves close when somebody next calls.
    #[must_use]
    pub fn wakeup(&self) -> Option<Timestamp> {
        self.listings.iter().filter_map(|listing| listing.participants.next_step()).min()
    }

    /// The latest `now` there was.
    #[must_use]
    pub const fn now(&self) -> Timestamp {
        self.now
    }

    /// One order of the account, open or finished. Of a client order id that was used again, the
    /// latest.
    ///
    /// # Errors
    /// When there is none of that id.
    pub fn order(
        &self,
        account: AccountId,
        symbol: &str,
        order: &OrderRef,
    ) -> Result<OrderView, QueryReject> {
        let listing = self.listing(symbol).ok_or(QueryReject::UnknownSymbol)?;
        let found = match (order.order_id, &order.client_order_id) {
            (Some(id), Some(client_id)) => {
                let view = listing.order(account, id).ok_or(QueryReject::UnknownOrder)?;
                if view.client_order_id != *client_id {
                    return Err(QueryReject::IdMismatch);
                }
                Some(view)
            }
            (Some(id), None) => listing.order(account, id),
            (None, Some(client_id)) => listing
                .history(account)
                .and_then(|history| history.by_client_id(client_id))
                .and_then(|id| listing.order(account, id)),
            (None, None) => None,
        };
        found.cloned().ok_or(QueryReject::UnknownOrder)
    }

    /// The open orders of the account, by symbol as configured and then oldest first; of one
    /// symbol or of all.
    #[must_use]
    pub fn open_orders(&self, account: AccountId, symbol: Option<&str>) -> Vec<OrderView> {
        self.listings
            .iter()
            .filter(|listing| symbol.is_none_or(|symbol| listing.config.symbol == symbol))
            .flat_map(|listing| listing.open_orders(account))
            .cloned()
            .collect()
    }

    /// Orders of the account on the symbol, open and finished, oldest first.
    #[must_use]
    pub fn all_orders(
        &self,
        account: AccountId,
        symbol: &str,
        filter: &OrderFilter,
    ) -> Vec<OrderView> {
        let Some(listing) = self.listing(symbol) else {
            return Vec::new();
        };
        let open = |id| listing.order(account, id).cloned();
        listing.history(account).map_or_else(Vec::new, |history| history.orders(filter, open))
    }

    /// Fills of the account on the symbol, oldest first.
    #[must_use]
    pub fn my_trades(
        &self,
        account: AccountId,
        symbol: &str,
        filter: &FillFilter,
    ) -> Vec<FillView> {
        let history = self.listing(symbol).and_then(|listing| listing.history(account));
        history.map_or_else(Vec::new, |history| history.fills(filter))
    }

    /// Matches of the account with itself on the symbol that self-trade prevention stopped,
    /// oldest first.
    #[must_use]
    pub fn prevented_matches(&self, account: AccountId, symbol: &str) -> Vec<PreventedMatch> {
        let history = self.listing(symbol).and_then(|listing| listing.history(account));
        history.map_or_else(Vec::new, |history| history.prevented().cloned().collect())
    }

    /// Every asset the account ever had, by name. Empty for an unknown account.
    #[must_use]
    pub fn balances(&self, account: AccountId) -> Vec<BalanceView> {
        self.clearing.account(account).map_or_else(Vec::new, Account::views)
    }

    /// What the account pays, if there is such an account.
    #[must_use]
    pub fn commission(&self, account: AccountId) -> Option<Commission> {
        self.clearing.account(account).map(|account| account.commission.clone())
    }

    /// What really happened to the account, if there is such an account.
    #[must_use]
    pub fn ledger(&self, account: AccountId) -> Option<&Ledger> {
        self.clearing.account(account).map(|account| &account.ledger)
    }

    /// What the venue has taken in commissions, by asset name.
    #[must_use]
    pub fn fees(&self) -> Vec<(Arc<str>, Decimal)> {
        self.clearing.fees().map(|(asset, qty)| (Arc::clone(asset), qty)).collect()
    }

    /// All there is of an asset: every account's, the venue's fees, and what the other
    /// participants won or lost. It never changes; for checkers.
    #[must_use]
    pub fn total(&self, asset: &str) -> Decimal {
        self.clearing.total(asset)
    }

    /// What can be traded, as configured.
    #[must_use]
    pub fn symbols(&self) -> &[SymbolConfig] {
        &self.config.symbols
    }

    /// One symbol's configuration.
    #[must_use]
    pub fn symbol(&self, symbol: &str) -> Option<&SymbolConfig> {
        self.listing(symbol).map(|listing| &listing.config)
    }

    /// The limits over all symbols, as configured.
    #[must_use]
    pub const fn exchange_filters(&self) -> &ExchangeFilters {
        &self.config.filters
    }

    /// How many accounts there are: their ids are those below it.
    #[must_use]
    pub fn account_count(&self) -> usize {
        self.config.accounts.len()
    }

    /// Whether the symbol trades.
    #[must_use]
    pub fn status(&self, symbol: &str) -> Option<SymbolStatus> {
        self.listing(symbol).map(|listing| listing.status)
    }

    /// Opens or closes a symbol. Unknown symbols are ignored.
    pub fn set_status(&mut self, now: Timestamp, symbol: &str, status: SymbolStatus) {
        self.advance(now);
        if let Some(&index) = self.by_symbol.get(symbol) {
            self.listings[index].status = status;
        }
    }

    /// The best `limit` levels of each side.
    #[must_use]
    pub fn depth(&self, symbol: &str, limit: usize) -> Option<Depth> {
        self.listing(symbol).map(|listing| listing.depth(limit))
    }

    /// The best bid and ask.
    #[must_use]
    pub fn book_ticker(&self, symbol: &str) -> Option<BookTicker> {
        self.listing(symbol).map(Listing::book_ticker)
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
        let listing = self.listing(symbol);
        listing.map_or_else(Vec::new, |listing| listing.klines(interval, start, end, limit))
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
        self.listing(symbol).and_then(|listing| listing.rolling(minutes))
    }

    /// The newest `limit` trades, oldest first. The exchange remembers the last 1,000.
    #[must_use]
    pub fn recent_trades(&self, symbol: &str, limit: usize) -> Vec<TradeView> {
        self.listing(symbol).map_or_else(Vec::new, |listing| listing.recent_trades(limit))
    }

    /// The price of the last trade.
    #[must_use]
    pub fn last_price(&self, symbol: &str) -> Option<Decimal> {
        self.listing(symbol).map(|listing| listing.last_price)
    }

    /// The volume-weighted average price of the last `minutes`; the last price when nothing
    /// traded, or for zero minutes.
    #[must_use]
    pub fn average_price(&self, symbol: &str, minutes: u32) -> Option<Decimal> {
        self.listing(symbol).map(|listing| listing.average_price(minutes))
    }

    /// What happened since the last call, in order. Market events beyond 200,000 that
    /// nobody drained are dropped, oldest first; account events never are.
    pub fn drain_events(&mut self) -> Vec<ExchangeEvent> {
        self.clearing.drain()
    }

    fn listing(&self, symbol: &str) -> Option<&Listing> {
        self.by_symbol.get(symbol).and_then(|&index| self.listings.get(index))
    }
}

#[cfg(test)]
mod tests;
