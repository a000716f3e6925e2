//! One symbol: its book, its bars, its counters, and what each account did on it.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use rust_decimal::Decimal;
use tradewind_model::Timestamp;

use super::SymbolStatus;
use super::bars::{Bars, Print};
use super::book::{Book, LevelChange, Order, Owner};
use super::clearing::{Clearing, Deal, Terms};
use super::config::SymbolConfig;
use super::event::{BookTicker, Depth, DepthChange, ExchangeEvent, TradeView};
use super::history::History;
use super::kline::{Interval, Kline};
use super::lists::Lists;
use super::order::{AccountId, OrderView, Side};
use super::participants::Participants;
use super::prehistory::{self, Opening};
use super::random::Random;
use super::triggers::Triggers;

/// Public trades remembered per symbol.
const TRADES_MAX: usize = 1_000;
/// Where the counters of a symbol start: a venue has been open for a while.
const FIRST_ORDER_ID: u64 = 10_000_000_001;
const FIRST_TRADE_ID: u64 = 1_000_000_001;
const FIRST_EXECUTION_ID: u64 = 20_000_000_001;
const FIRST_UPDATE_ID: u64 = 5_000_000_000;

#[derive(Debug)]
pub(super) struct Listing {
    pub(super) config: SymbolConfig,
    pub(super) terms: Terms,
    pub(super) status: SymbolStatus,
    pub(super) book: Book,
    pub(super) triggers: Triggers,
    pub(super) lists: Lists,
    pub(super) participants: Participants,
    bars: Bars,
    trades: VecDeque<TradeView>,
    pub(super) last_price: Decimal,
    /// Lowest and highest price that traded since waiting orders were last looked at.
    pub(super) traded: Option<(Decimal, Decimal)>,
    next_order_id: u64,
    next_trade_id: u64,
    next_execution_id: u64,
    next_prevented_id: u64,
    histories: BTreeMap<AccountId, History>,
    /// The best levels everybody was last told.
    told: [Option<(Decimal, Decimal)>; 2],
}

impl Listing {
    /// A symbol that opens at `time`, a whole second, with an empty book and a past.
    pub(super) fn new(config: &SymbolConfig, seed: u64, time: Timestamp) -> Self {
        let tick = config.filters.price.map_or(Decimal::ZERO, |rule| rule.tick_size);
        let tick = if tick.is_zero() { Decimal::new(1, config.quote_precision) } else { tick };
        let step = config.filters.lot_size.map_or(Decimal::ZERO, |rule| rule.step_size);
        let qty_step = if step.is_zero() { Decimal::new(1, config.base_precision) } else { step };
        let price = config.market.start_price;
        let opening = Opening {
            time,
            price,
            tick,
            qty_step,
            trade_qty: config.market.taker_qty,
            trade_id: FIRST_TRADE_ID,
        };
        let past = prehistory::write(opening, Random::for_purpose(seed, 3));
        Self {
            terms: Terms {
                symbol: config.symbol.as_str().into(),
                base: config.base.as_str().into(),
                quote: config.quote.as_str().into(),
                base_commission_precision: config.base_commission_precision,
                quote_commission_precision: config.quote_commission_precision,
            },
            status: SymbolStatus::Trading,
            book: Book::new(FIRST_UPDATE_ID),
            triggers: Triggers::default(),
            lists: Lists::default(),
            participants: Participants::new(&config.market, tick, qty_step, seed, time),
            bars: Bars::new(past),
            trades: VecDeque::new(),
            last_price: price,
            traded: None,
            next_order_id: FIRST_ORDER_ID,
            next_trade_id: FIRST_TRADE_ID,
            next_execution_id: FIRST_EXECUTION_ID,
            next_prevented_id: 0,
            histories: BTreeMap::new(),
            told: [None, None],
            config: config.clone(),
        }
    }

    pub(super) fn history(&self, account: AccountId) -> Option<&History> {
        self.histories.get(&account)
    }

    pub(super) fn history_mut(&mut self, account: AccountId) -> &mut History {
        self.histories.entry(account).or_default()
    }

    pub(super) const fn take_order_id(&mut self) -> u64 {
        take(&mut self.next_order_id)
    }

    pub(super) const fn take_trade_id(&mut self) -> u64 {
        take(&mut self.next_trade_id)
    }

    pub(super) const fn take_execution_id(&mut self) -> u64 {
        take(&mut self.next_execution_id)
    }

    pub(super) const fn take_prevented_id(&mut self) -> u64 {
        take(&mut self.next_prevented_id)
    }

    /// The account's order, open or finished.
    pub(super) fn order(&self, account: AccountId, order_id: u64) -> Option<&OrderView> {
        let history = self.history(account)?;
        if history.is_open(order_id) {
            return self.live(order_id).map(|order| &order.view);
        }
        history.finished(order_id)
    }

    /// An order in the book or beside it.
    pub(super) fn live(&self, order_id: u64) -> Option<&Order> {
        self.book.get(order_id).or_else(|| self.triggers.get(order_id))
    }

    /// The account's open orders, oldest first. One that is on its way from where it waited into
    /// the book is in neither.
    pub(super) fn open_orders(&self, account: AccountId) -> impl Iterator<Item = &OrderView> {
        let ids = self.history(account).into_iter().flat_map(History::open);
        ids.filter_map(|id| self.live(id)).map(|order| &order.view)
    }

    /// Files an order that is no longer in the book.
    pub(super) fn file(&mut self, clearing: &mut Clearing, order: Order) {
        if let Owner::Account(account) = order.owner {
            self.history_mut(account).finish(order.view.clone());
            self.note_end(clearing, &order);
        }
    }

    /// Puts an order aside until its trigger is met.
    pub(super) fn wait(&mut self, order: Order) {
        if let Owner::Account(account) = order.owner {
            self.history_mut(account).rest(order.view.order_id);
        }
        self.triggers.insert(order);
    }

    /// Puts an order into the book and tells everybody.
    pub(super) fn rest(&mut self, clearing: &mut Clearing, order: Order) {
        if let Owner::Account(account) = order.owner {
            self.history_mut(account).rest(order.view.order_id);
        }
        let time = order.view.update_time;
        let change = self.book.insert(order);
        self.tell_level(clearing, change, time);
    }

    /// Takes an order out of the book, and tells everybody, or from those that wait.
    pub(super) fn pull(
        &mut self,
        clearing: &mut Clearing,
        order_id: u64,
        time: Timestamp,
    ) -> Option<Order> {
        let Some((order, change)) = self.book.remove(order_id) else {
            return self.triggers.remove(order_id);
        };
        if let Some(change) = change {
            self.tell_level(clearing, change, time);
        }
        Some(order)
    }

    /// Puts a trade on the tape and into the bars and tells everybody.
    pub(super) fn print(&mut self, clearing: &mut Clearing, deal: &Deal, is_buyer_maker: bool) {
        self.roll(clearing, deal.time, Duration::ZERO);
        let Deal { trade_id: id, price, qty, time } = *deal;
        self.bars.record(&Print { id, price, qty, is_buyer_maker });
        self.last_price = price;
        let (low, high) = self.traded.unwrap_or((price, price));
        self.traded = Some((low.min(price), high.max(price)));
        clearing.set_last_price(&self.terms.symbol, price);
        let symbol = Arc::clone(&self.terms.symbol);
        let trade =
            TradeView { symbol, id, price, qty, quote_qty: price * qty, time, is_buyer_maker };
        if self.trades.len() >= TRADES_MAX {
            self.trades.pop_front();
        }
        self.trades.push_back(trade.clone());
        clearing.publish(|| ExchangeEvent::Trade(trade));
    }

    /// Closes the bars that are over at `now`, and tells of those that last `shortest` or longer.
    pub(super) fn roll(&mut self, clearing: &mut Clearing, now: Timestamp, shortest: Duration) {
        let symbol = &self.terms.symbol;
        self.bars.roll(now, shortest, |interval, kline| {
            clearing.publish(|| ExchangeEvent::Kline {
                symbol: Arc::clone(symbol),
                interval,
                kline,
            });
        });
    }

    pub(super) fn tell_level(&self, clearing: &mut Clearing, change: LevelChange, time: Timestamp) {
        let LevelChange { update_id, side, price, qty } = change;
        clearing.publish(|| {
            let symbol = Arc::clone(&self.terms.symbol);
            ExchangeEvent::Depth(DepthChange { symbol, update_id, side, price, qty, time })
        });
    }

    /// Tells everybody the best levels if they are not what was last told.
    pub(super) fn tell_ticker(&mut self, clearing: &mut Clearing) {
        let best = [self.book.best(Side::Buy), self.book.best(Side::Sell)];
        if best != self.told {
            self.told = best;
            clearing.publish(|| ExchangeEvent::BookTicker(self.book_ticker()));
        }
    }

    pub(super) fn book_ticker(&self) -> BookTicker {
        let (bid_price, bid_qty) = self.book.best(Side::Buy).unwrap_or_default();
        let (ask_price, ask_qty) = self.book.best(Side::Sell).unwrap_or_default();
        BookTicker {
            symbol: Arc::clone(&self.terms.symbol),
            update_id: self.book.update_id(),
            bid_price,
            bid_qty,
            ask_price,
            ask_qty,
        }
    }

    pub(super) fn depth(&self, limit: usize) -> Depth {
        Depth {
            last_update_id: self.book.update_id(),
            bids: self.book.levels(Side::Buy).take(limit).collect(),
            asks: self.book.levels(Side::Sell).take(limit).collect(),
        }
    }

    pub(super) fn klines(
        &self,
        interval: Interval,
        start: Option<Timestamp>,
        end: Option<Timestamp>,
        limit: usize,
    ) -> Vec<Kline> {
        self.bars.read(interval, start, end, limit)
    }

    pub(super) fn rolling(&self, minutes: usize) -> Option<Kline> {
        self.bars.sum(Interval::M1, minutes)
    }

    pub(super) fn recent_trades(&self, limit: usize) -> Vec<TradeView> {
        let from = self.trades.len().saturating_sub(limit);
        self.trades.range(from..).cloned().collect()
    }

    /// Volume-weighted over the last `minutes`, to the second.
    pub(super) fn average_price(&self, minutes: u32) -> Decimal {
        let seconds = usize::try_from(minutes).unwrap_or(usize::MAX).saturating_mul(60);
        let sum = if seconds == 0 { None } else { self.bars.sum(Interval::S1, seconds) };
        match sum {
            Some(sum) if !sum.volume.is_zero() => {
                (sum.quote_volume / sum.volume).trunc_with_scale(self.config.quote_precision)
            }
            _ => self.last_price,
        }
    }
}

const fn take(counter: &mut u64) -> u64 {
    let id = *counter;
    *counter += 1;
    id
}
