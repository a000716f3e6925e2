//! The door for accounts' orders and cancels: who may, with what money, and in which order the
//! reasons to refuse are asked.
//!
//! First what can be judged without the book (symbol, status, quantity, filters), then what the
//! matching engine judges (duplicate id, liquidity, balance, maker-only). A refusal changes
//! nothing; from the acceptance on, everything happens.

use std::sync::Arc;

use rust_decimal::Decimal;
use tradewind_model::Timestamp;

use super::book::Order;
use super::clearing::Cause;
use super::filters::{Candidate, FilterName, Standing};
use super::history::History;
use super::listing::Listing;
use super::{
    AccountId, CancelReject, CancelRestriction, Cancellation, Exchange, ExecType, MarketQty,
    NewOrder, OrderKind, OrderRef, OrderStatus, OrderView, Owner, Placement, Reject, Side, StpMode,
    SymbolStatus, TimeInForce,
};
use crate::account::{AcceptedOrder, CanceledOrder};

/// The largest price and the largest quantity: their product still is a `Decimal`.
const LARGEST: Decimal = Decimal::from_parts(0xD4A5_1000, 0xE8, 0, false, 0);

/// What an order comes down to once the book has been looked at.
#[derive(Clone, Copy, Debug)]
struct Sizing {
    /// Which symbol, in the order of the configuration.
    listing: usize,
    /// Its own mode of self-trade prevention, or the symbol's.
    stp: StpMode,
    /// Base quantity.
    qty: Decimal,
    /// What it must hold: quote for a buy, base for a sell.
    lock: Decimal,
    /// A market order by quote quantity wants more than the book has.
    ran_out: bool,
}

impl Exchange {
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
        let now = self.now;
        let sizing = self.judge(account, &order)?;
        let order = self.admit(account, order, &sizing);
        let listing = &mut self.listings[sizing.listing];
        let clearing = &mut self.clearing;
        let execution_id = listing.take_execution_id();
        // Also an order that will not rest is said to be on the book when it comes.
        clearing.report(&order, execution_id, true, Cause::Lifecycle(ExecType::New));
        let (order, met) = listing.meet(clearing, order, sizing.ran_out, now);
        listing.tell_ticker(clearing);
        clearing.report_balances(now);
        Ok(Placement { order: order.view, fills: met.fills, prevented: met.prevented })
    }

    /// All the reasons to refuse an order, asked in the venue's order.
    fn judge(&self, account: AccountId, order: &NewOrder) -> Result<Sizing, Reject> {
        self.check(account, order)?;
        let index = *self.by_symbol.get(&order.symbol).ok_or(Reject::UnknownSymbol)?;
        let listing = &self.listings[index];
        if let Some(id) = &order.client_order_id
            && is_open_client_id(listing, account, id)
        {
            return Err(Reject::DuplicateOrder);
        }
        let sizing = Sizing { listing: index, ..listing.size(account, order)? };
        if let OrderKind::LimitMaker { price, .. } = order.kind
            && listing.book.first_match(order.side, Some(price)).is_some()
        {
            return Err(Reject::WouldMatch);
        }
        let funds = self.clearing.account(account).ok_or(Reject::UnknownAccount)?;
        if funds.free(listing.terms.held(order.side)) < sizing.lock {
            return Err(Reject::InsufficientBalance);
        }
        Ok(sizing)
    }

    /// Gives an order its ids, writes it down and locks its money.
    fn admit(&mut self, account: AccountId, order: NewOrder, sizing: &Sizing) -> Order {
        let client_order_id = order.client_order_id.unwrap_or_else(|| self.ids.client_order_id());
        let listing = &mut self.listings[sizing.listing];
        let (symbol, order_id) = (Arc::clone(&listing.terms.symbol), listing.take_order_id());
        let view = OrderView {
            client_order_id,
            orig_quote_order_qty: match order.kind {
                OrderKind::Market(MarketQty::Quote(quote)) => quote,
                OrderKind::Market(MarketQty::Base(_))
                | OrderKind::Limit { .. }
                | OrderKind::LimitMaker { .. } => Decimal::ZERO,
            },
            iceberg_qty: order.iceberg_qty.unwrap_or_default(),
            stp: sizing.stp,
            ..OrderView::accepted(symbol, order_id, order.side, order.kind, sizing.qty, self.now)
        };
        listing.history_mut(account).accept(&view);
        if let Some(account) = self.clearing.account_mut(account) {
            account.ledger.accept(AcceptedOrder {
                time: self.now,
                symbol: Arc::clone(&view.symbol),
                order_id: view.order_id,
                client_order_id: view.client_order_id.clone(),
                side: view.side,
                kind: view.kind,
            });
        }
        let mut order = Order { owner: Owner::Account(account), view, locked: Decimal::ZERO };
        self.clearing.lock(&listing.terms, &mut order, sizing.lock);
        order
    }

    /// Judges an order as [`Exchange::place`] would before it reaches the book: the symbol, its
    /// status and the filters, not the account's balance nor the book.
    ///
    /// # Errors
    /// Why it would not be accepted.
    pub fn check(&self, account: AccountId, order: &NewOrder) -> Result<(), Reject> {
        let listing = self.listing(&order.symbol).ok_or(Reject::UnknownSymbol)?;
        let funds = self.clearing.account(account).ok_or(Reject::UnknownAccount)?;
        if listing.status != SymbolStatus::Trading {
            return Err(Reject::MarketClosed);
        }
        check_shape(order)?;
        if order.stp.is_some_and(|stp| !listing.config.allowed_stp.contains(&stp)) {
            return Err(Reject::StpNotAllowed);
        }
        let count = |listing: &Listing| listing.history(account).map_or(0, History::open_count);
        let icebergs = |listing: &Listing| {
            listing.open_orders(account).filter(|order| !order.iceberg_qty.is_zero()).count()
        };
        let to_buy: Decimal = listing
            .open_orders(account)
            .filter(|order| order.side == Side::Buy)
            .map(OrderView::remaining)
            .sum();
        let standing = Standing {
            open_orders: count(listing),
            open_icebergs: icebergs(listing),
            open_orders_all: self.listings.iter().map(count).sum(),
            open_icebergs_all: self.listings.iter().map(icebergs).sum(),
            position: funds.total(&listing.terms.base) + to_buy,
        };
        let candidate =
            Candidate { side: order.side, kind: order.kind, iceberg_qty: order.iceberg_qty };
        listing
            .config
            .filters
            .check(candidate, &standing, &self.config.filters, |mins| listing.average_price(mins))
            .map_err(Reject::Filter)
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
        let index = *self.by_symbol.get(symbol).ok_or(CancelReject::UnknownSymbol)?;
        let listing = &self.listings[index];
        let history = listing.history(account).ok_or(CancelReject::UnknownOrder)?;
        let by_client = order.client_order_id.as_ref().map(|id| history.by_client_id(id));
        let id = match (order.order_id, by_client) {
            (Some(id), None) => id,
            (Some(id), Some(other)) if !history.is_open(id) || other == Some(id) => id,
            (Some(_), Some(_)) => return Err(CancelReject::IdMismatch),
            (None, by_client) => by_client.flatten().ok_or(CancelReject::UnknownOrder)?,
        };
        if !history.is_open(id) {
            return Err(CancelReject::UnknownOrder);
        }
        let open = listing.order(account, id).ok_or(CancelReject::UnknownOrder)?;
        let is_allowed = match restriction {
            CancelRestriction::Any => true,
            CancelRestriction::OnlyNew => open.status == OrderStatus::New,
            CancelRestriction::OnlyPartiallyFilled => open.status == OrderStatus::PartiallyFilled,
        };
        if !is_allowed {
            return Err(CancelReject::Restricted);
        }
        let client_order_id = new_client_id.unwrap_or_else(|| self.ids.client_order_id());
        let canceled = self.cancel_open(index, id, client_order_id);
        self.listings[index].tell_ticker(&mut self.clearing);
        self.clearing.report_balances(self.now);
        canceled.ok_or(CancelReject::UnknownOrder)
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
        let index = *self.by_symbol.get(symbol).ok_or(CancelReject::UnknownSymbol)?;
        let history = self.listings[index].history(account);
        let open: Vec<u64> = history.into_iter().flat_map(History::open).collect();
        if open.is_empty() {
            return Err(CancelReject::UnknownOrder);
        }
        // One cancel, one id: every order that it ends carries it.
        let client_order_id = self.ids.client_order_id();
        let canceled = open
            .into_iter()
            .filter_map(|id| self.cancel_open(index, id, client_order_id.clone()))
            .collect();
        self.listings[index].tell_ticker(&mut self.clearing);
        self.clearing.report_balances(self.now);
        Ok(canceled)
    }

    fn cancel_open(
        &mut self,
        index: usize,
        order_id: u64,
        client_order_id: String,
    ) -> Option<Cancellation> {
        let listing = &mut self.listings[index];
        let mut order = listing.pull(&mut self.clearing, order_id, self.now)?;
        if let Owner::Account(account) = order.owner
            && let Some(account) = self.clearing.account_mut(account)
        {
            let client_order_id = order.view.client_order_id.clone();
            account.ledger.cancel(CanceledOrder { time: self.now, client_order_id });
        }
        order.view.status = OrderStatus::Canceled;
        order.view.cancel_client_order_id = Some(client_order_id.clone());
        listing.end(&mut self.clearing, &mut order, ExecType::Canceled, self.now);
        Some(Cancellation { order: order.view, client_order_id, time: self.now })
    }
}

impl Listing {
    /// The base quantity of an order and what it must hold. Which listing is for the caller to say.
    fn size(&self, account: AccountId, order: &NewOrder) -> Result<Sizing, Reject> {
        let owner = Owner::Account(account);
        let stp = order.stp.unwrap_or(self.config.default_stp);
        let sizing = |qty, lock, ran_out| Sizing { listing: 0, stp, qty, lock, ran_out };
        let (qty, ran_out) = match order.kind {
            OrderKind::Limit { price, qty, .. } | OrderKind::LimitMaker { price, qty } => {
                let lock = if order.side == Side::Buy { price * qty } else { qty };
                return Ok(sizing(qty, lock, false));
            }
            OrderKind::Market(MarketQty::Base(qty)) => (qty, false),
            OrderKind::Market(MarketQty::Quote(quote)) => {
                let filters = &self.config.filters;
                let (exact, ran_out) = self.qty_for_quote(owner, order.side, quote, stp);
                // A symbol without a step still has the precision of its asset.
                let exact = exact.trunc_with_scale(self.config.base_precision);
                let qty = filters.floor_market_qty(exact);
                match filters.check_lot(qty, true) {
                    _ if qty.is_zero() && ran_out => return Err(Reject::NoLiquidity),
                    _ if qty.is_zero() => return Err(Reject::Filter(FilterName::LotSize)),
                    Err(_) if ran_out => return Err(Reject::NoLiquidity),
                    Err(filter) => return Err(Reject::Filter(filter)),
                    Ok(()) => (qty, ran_out),
                }
            }
        };
        let lock = match order.side {
            Side::Buy => self.reach(owner, order.side, None, qty, stp).quote,
            Side::Sell => qty,
        };
        Ok(sizing(qty, lock, ran_out))
    }
}

/// What an order must satisfy whatever the symbol.
fn check_shape(order: &NewOrder) -> Result<(), Reject> {
    let (qty, is_gtc) = match order.kind {
        OrderKind::Limit { qty, tif, .. } => (qty, tif == TimeInForce::Gtc),
        OrderKind::LimitMaker { qty, .. } => (qty, true),
        OrderKind::Market(MarketQty::Base(qty) | MarketQty::Quote(qty)) => (qty, false),
    };
    if qty <= Decimal::ZERO || order.kind.price().is_some_and(|price| price <= Decimal::ZERO) {
        return Err(Reject::QtyZero);
    }
    if qty > LARGEST || order.kind.price().is_some_and(|price| price > LARGEST) {
        return Err(Reject::TooLarge);
    }
    match order.iceberg_qty {
        Some(part) if part > Decimal::ZERO && !is_gtc => Err(Reject::UnsupportedCombination),
        Some(part) if part > qty => Err(Reject::IcebergExceedsQty),
        Some(_) | None => Ok(()),
    }
}

fn is_open_client_id(listing: &Listing, account: AccountId, client_order_id: &str) -> bool {
    listing.history(account).is_some_and(|history| {
        history.by_client_id(client_order_id).is_some_and(|id| history.is_open(id))
    })
}
