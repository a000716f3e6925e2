//! Moves the money of every match, and writes down what happened.
//!
//! All books share it: balances, the venue's fees and the queue of events are the exchange's, not
//! a symbol's. The promise is conservation: over all accounts, the fees and the house, no asset
//! ever changes its total.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use rust_decimal::Decimal;
use tradewind_model::Timestamp;

use super::book::{Order, Owner};
use super::event::{BalanceChange, ExchangeEvent, ExecType, ExecutionReport};
use super::order::{AccountId, FillView, OrderStatus, PreventedMatch, Side};
use super::reject::Reject;
use crate::account::Account;

/// Market events kept for a caller that does not drain them.
const MARKET_EVENTS_MAX: usize = 200_000;

/// Decimals of a commission paid in the discount coin; more are cut off.
const DISCOUNT_PRECISION: u32 = 8;

/// The names and precisions of a symbol that money moves under.
#[derive(Clone, Debug)]
pub(super) struct Terms {
    pub(super) symbol: Arc<str>,
    pub(super) base: Arc<str>,
    pub(super) quote: Arc<str>,
    pub(super) base_commission_precision: u32,
    pub(super) quote_commission_precision: u32,
}

/// One match.
#[derive(Clone, Copy, Debug)]
pub(super) struct Deal {
    pub(super) trade_id: u64,
    pub(super) price: Decimal,
    pub(super) qty: Decimal,
    pub(super) time: Timestamp,
}

/// What a report adds to the order it is about.
#[derive(Clone, Debug)]
pub(super) enum Cause {
    Lifecycle(ExecType),
    Fill(FillView),
    Prevention(PreventedMatch),
    /// A lower quantity, and another id: before it had this one.
    Amendment {
        previous_client_id: String,
    },
    Rejection(Reject),
}

#[derive(Debug)]
pub(super) struct Clearing {
    accounts: Vec<Account>,
    fees: BTreeMap<Arc<str>, Decimal>,
    /// What the other participants won or lost since the start.
    house: BTreeMap<Arc<str>, Decimal>,
    last_prices: BTreeMap<Arc<str>, Decimal>,
    events: VecDeque<ExchangeEvent>,
    market_events: usize,
    /// Before the exchange opens nobody is told anything.
    is_muted: bool,
}

impl Clearing {
    pub(super) fn new(accounts: Vec<Account>) -> Self {
        Self {
            accounts,
            fees: BTreeMap::new(),
            house: BTreeMap::new(),
            last_prices: BTreeMap::new(),
            events: VecDeque::new(),
            market_events: 0,
            is_muted: true,
        }
    }

    pub(super) const fn unmute(&mut self) {
        self.is_muted = false;
    }

    pub(super) fn account(&self, id: AccountId) -> Option<&Account> {
        self.accounts.get(usize::try_from(id.0).ok()?)
    }

    pub(super) fn account_mut(&mut self, id: AccountId) -> Option<&mut Account> {
        self.accounts.get_mut(usize::try_from(id.0).ok()?)
    }

    pub(super) fn fees(&self) -> impl Iterator<Item = (&Arc<str>, Decimal)> {
        self.fees.iter().map(|(asset, &qty)| (asset, qty))
    }

    /// All there is of an asset, the house's balance counted from zero.
    pub(super) fn total(&self, asset: &str) -> Decimal {
        let of = |map: &BTreeMap<Arc<str>, Decimal>| map.get(asset).copied().unwrap_or_default();
        let accounts: Decimal = self.accounts.iter().map(|account| account.total(asset)).sum();
        accounts + of(&self.fees) + of(&self.house)
    }

    pub(super) fn set_last_price(&mut self, symbol: &Arc<str>, price: Decimal) {
        if let Some(last) = self.last_prices.get_mut(symbol) {
            *last = price;
        } else {
            self.last_prices.insert(Arc::clone(symbol), price);
        }
    }

    /// Locks what a new order may need.
    pub(super) fn lock(&mut self, terms: &Terms, order: &mut Order, qty: Decimal) {
        if let Owner::Account(id) = order.owner {
            order.locked = qty;
            self.owned(id).lock(terms.held(order.view.side), qty);
        }
    }

    /// Books one order's side of a match: quantities, status, money, commission. The house pays no
    /// commission and is told nothing.
    pub(super) fn fill(
        &mut self,
        terms: &Terms,
        order: &mut Order,
        deal: &Deal,
        is_maker: bool,
    ) -> Option<FillView> {
        let quote_qty = deal.price * deal.qty;
        let view = &mut order.view;
        view.executed_qty += deal.qty;
        view.cum_quote_qty += quote_qty;
        view.update_time = deal.time;
        view.status = if view.remaining().is_zero() {
            OrderStatus::Filled
        } else {
            OrderStatus::PartiallyFilled
        };
        let (received, receives, paid, pays) = match view.side {
            Side::Buy => (deal.qty, &terms.base, quote_qty, &terms.quote),
            Side::Sell => (quote_qty, &terms.quote, deal.qty, &terms.base),
        };
        let Owner::Account(id) = order.owner else {
            *self.house.entry(Arc::clone(receives)).or_default() += received;
            *self.house.entry(Arc::clone(pays)).or_default() -= paid;
            return None;
        };
        order.locked -= paid;
        let account = self.owned(id);
        account.pay(pays, paid);
        account.receive(receives, received);
        self.retarget(terms, order);
        let view = &order.view;
        let (commission, commission_asset) =
            self.commission(terms, id, view.side, received, deal.price, is_maker);
        self.owned(id).charge(&commission_asset, commission);
        *self.fees.entry(Arc::clone(&commission_asset)).or_default() += commission;
        let fill = FillView {
            symbol: Arc::clone(&terms.symbol),
            trade_id: deal.trade_id,
            order_id: view.order_id,
            list_id: view.list_id,
            client_order_id: view.client_order_id.clone(),
            side: view.side,
            price: deal.price,
            qty: deal.qty,
            quote_qty,
            commission,
            commission_asset,
            is_maker,
            time: deal.time,
        };
        self.owned(id).ledger.fill(fill.clone());
        Some(fill)
    }

    /// Locks what a pair of orders may need, for both of them.
    pub(super) fn lock_for(&mut self, terms: &Terms, id: AccountId, side: Side, qty: Decimal) {
        self.owned(id).lock(terms.held(side), qty);
    }

    /// Gives back what a pair of orders held.
    pub(super) fn release(&mut self, terms: &Terms, id: AccountId, side: Side, qty: Decimal) {
        self.owned(id).release(terms.held(side), qty);
    }

    /// Makes an order hold exactly this much. False, and nothing changed, when there is less.
    pub(super) fn relock(&mut self, terms: &Terms, order: &mut Order, needed: Decimal) -> bool {
        let Owner::Account(id) = order.owner else {
            return true;
        };
        let asset = terms.held(order.view.side);
        let more = needed - order.locked;
        let account = self.owned(id);
        if more > account.free(asset) {
            return false;
        }
        if more > Decimal::ZERO {
            account.lock(asset, more);
        } else {
            account.release(asset, -more);
        }
        order.locked = needed;
        true
    }

    /// Gives back what an order holds beyond what the rest of it may still need.
    pub(super) fn retarget(&mut self, terms: &Terms, order: &mut Order) {
        let Owner::Account(id) = order.owner else {
            return;
        };
        let view = &order.view;
        let need = match (view.status.is_open(), view.side) {
            (false, _) => Decimal::ZERO,
            // What it costs is known when it has met the book.
            (true, Side::Buy) if view.kind.is_market() && view.is_working() => order.locked,
            (true, Side::Buy | Side::Sell) => super::lists::need(view),
        };
        if order.locked > need {
            let asset = terms.held(view.side);
            self.owned(id).release(asset, order.locked - need);
            order.locked = need;
        }
    }

    /// The commission of a fill and the asset it is paid in: a share of what was received, or the
    /// worth of a smaller share in the discount coin when there is a price for it and enough of it
    /// (commission FAQ, read 2026-11).
    fn commission(
        &self,
        terms: &Terms,
        id: AccountId,
        side: Side,
        received: Decimal,
        price: Decimal,
        is_maker: bool,
    ) -> (Decimal, Arc<str>) {
        let account = self.account(id).expect("the owner of an order is an account");
        let rates = &account.commission;
        let rate = if is_maker { rates.maker } else { rates.taker };
        let (asset, precision) = match side {
            Side::Buy => (&terms.base, terms.base_commission_precision),
            Side::Sell => (&terms.quote, terms.quote_commission_precision),
        };
        if let Some(discount) = &rates.discount {
            let worth = received * rate * discount.rate;
            let coin = discount.asset.as_str();
            let in_quote = if side == Side::Buy { worth * price } else { worth };
            let in_coin = if coin == &**asset {
                Some(worth)
            } else if coin == &*terms.quote {
                Some(in_quote)
            } else {
                let symbol = format!("{coin}{}", terms.quote);
                self.last_prices.get(symbol.as_str()).map(|&coin_price| in_quote / coin_price)
            };
            if let Some(qty) = in_coin.map(|qty| qty.trunc_with_scale(DISCOUNT_PRECISION))
                && account.free(coin) >= qty
            {
                return (qty, coin.into());
            }
        }
        ((received * rate).trunc_with_scale(precision), Arc::clone(asset))
    }

    /// Tells an account something that is no report of one order.
    pub(super) fn tell(&mut self, event: ExchangeEvent) {
        self.events.push_back(event);
    }

    /// Tells an account what became of its order. The house is told nothing.
    pub(super) fn report(
        &mut self,
        order: &Order,
        execution_id: u64,
        is_on_book: bool,
        cause: Cause,
    ) {
        let Owner::Account(account) = order.owner else {
            return;
        };
        let mut report = ExecutionReport {
            account,
            exec_type: ExecType::New,
            execution_id,
            order: order.view.clone(),
            fill: None,
            prevented: None,
            previous_client_id: None,
            reject: None,
            is_on_book,
            time: order.view.update_time,
        };
        match cause {
            Cause::Lifecycle(exec_type) => report.exec_type = exec_type,
            Cause::Fill(fill) => {
                report.exec_type = ExecType::Trade;
                report.fill = Some(fill);
            }
            Cause::Prevention(prevented) => {
                report.exec_type = ExecType::TradePrevention;
                report.prevented = Some(prevented);
            }
            Cause::Amendment { previous_client_id } => {
                report.exec_type = ExecType::Replaced;
                report.previous_client_id = Some(previous_client_id);
            }
            Cause::Rejection(reject) => {
                report.exec_type = ExecType::Rejected;
                report.reject = Some(reject);
            }
        }
        self.events.push_back(ExchangeEvent::Execution(Box::new(report)));
    }

    /// Tells every account whose balances changed since the last call.
    pub(super) fn report_balances(&mut self, time: Timestamp) {
        for (account, id) in self.accounts.iter_mut().zip(0..) {
            let balances = account.take_touched();
            if !balances.is_empty() {
                let account = AccountId(id);
                self.events.push_back(ExchangeEvent::Balance(BalanceChange {
                    account,
                    time,
                    balances,
                }));
            }
        }
    }

    /// Tells everybody.
    pub(super) fn publish(&mut self, event: impl FnOnce() -> ExchangeEvent) {
        if self.is_muted {
            return;
        }
        if self.market_events >= MARKET_EVENTS_MAX {
            self.drop_older_market_events();
        }
        self.market_events += 1;
        self.events.push_back(event());
    }

    pub(super) fn drain(&mut self) -> Vec<ExchangeEvent> {
        self.market_events = 0;
        self.events.drain(..).collect()
    }

    /// Half at a time, so that a caller that never drains does not pay for it on every event.
    fn drop_older_market_events(&mut self) {
        let mut excess = self.market_events / 2;
        self.market_events -= excess;
        self.events.retain(|event| {
            let is_for_an_account = matches!(
                event,
                ExchangeEvent::Execution(_) | ExchangeEvent::Balance(_) | ExchangeEvent::List(_)
            );
            if is_for_an_account || excess == 0 {
                return true;
            }
            excess -= 1;
            false
        });
    }

    fn owned(&mut self, id: AccountId) -> &mut Account {
        self.account_mut(id).expect("the owner of an order is an account")
    }
}

impl Terms {
    /// What an open order of this side holds of its account.
    pub(super) const fn held(&self, side: Side) -> &Arc<str> {
        match side {
            Side::Buy => &self.quote,
            Side::Sell => &self.base,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::{AccountConfig, BookTicker};

    #[test]
    fn market_events_nobody_drains_are_dropped_oldest_first_and_accounts_events_never() {
        let mut clearing = Clearing::new(vec![Account::new(&AccountConfig::default())]);
        clearing.unmute();
        let symbol: Arc<str> = "BTCUSDT".into();
        let zero = Decimal::ZERO;
        let usdt: Arc<str> = "USDT".into();
        clearing.owned(AccountId(0)).receive(&usdt, Decimal::ONE);
        clearing.report_balances(Timestamp::EPOCH);
        let published = 3 * 200_000;
        for update_id in 0..published {
            let symbol = Arc::clone(&symbol);
            clearing.publish(|| {
                ExchangeEvent::BookTicker(BookTicker {
                    symbol,
                    update_id,
                    bid_price: zero,
                    bid_qty: zero,
                    ask_price: zero,
                    ask_qty: zero,
                })
            });
        }
        let events = clearing.drain();
        assert!(events.len() <= MARKET_EVENTS_MAX + 1, "{}", events.len());
        assert!(matches!(&events[0], ExchangeEvent::Balance(_)));
        let ids: Vec<u64> = events
            .iter()
            .filter_map(|event| match event {
                ExchangeEvent::BookTicker(ticker) => Some(ticker.update_id),
                ExchangeEvent::Execution(_)
                | ExchangeEvent::Balance(_)
                | ExchangeEvent::List(_)
                | ExchangeEvent::Trade(_)
                | ExchangeEvent::Depth(_)
                | ExchangeEvent::Kline { .. } => None,
            })
            .collect();
        assert_eq!(ids.last(), Some(&(published - 1)));
        assert!(ids.windows(2).all(|pair| pair[0] + 1 == pair[1]), "a hole");
    }
}
