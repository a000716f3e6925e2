//! The door for accounts' orders: who may, with what money, and in which order the reasons to
//! refuse are asked.
//!
//! First what can be judged without the book (symbol, status, quantity, filters), then what the
//! matching engine judges (duplicate id, liquidity, balance, maker-only, stop price). A refusal
//! changes nothing; from the acceptance on, everything happens.

use std::sync::Arc;

use rust_decimal::Decimal;
use tradewind_model::Timestamp;

use super::book::Order;
use super::clearing::Cause;
use super::filters::{Candidate, FilterName, Standing};
use super::history::History;
use super::listing::Listing;
use super::order::Contingent;
use super::reject::Offering;
use super::{
    AccountId, CrossingMaker, Exchange, ExecType, MarketQty, NewOrder, OrderKind, OrderView, Owner,
    Placement, Reject, Side, StpMode, SymbolStatus, TimeInForce,
};
use crate::account::AcceptedOrder;

/// The largest price and the largest quantity: their product still is a `Decimal`.
const LARGEST: Decimal = Decimal::from_parts(0xD4A5_1000, 0xE8, 0, false, 0);

/// What an order comes down to once the book has been looked at.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sizing {
    /// Which symbol, in the order of the configuration.
    pub(super) listing: usize,
    /// Its own mode of self-trade prevention, or the symbol's.
    stp: StpMode,
    /// Base quantity.
    qty: Decimal,
    /// What it must hold: quote for a buy, base for a sell.
    pub(super) lock: Decimal,
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
        let funds = self.clearing.account(account).ok_or(Reject::UnknownAccount)?;
        if funds.free(self.listings[sizing.listing].terms.held(order.side)) < sizing.lock {
            return Err(Reject::InsufficientBalance);
        }
        let mut order = self.admit(account, order, &sizing, None);
        let terms = &self.listings[sizing.listing].terms;
        self.clearing.lock(terms, &mut order, sizing.lock);
        let placement = self.begin(order, sizing.listing, sizing.ran_out);
        self.listings[sizing.listing].tell_ticker(&mut self.clearing);
        self.clearing.report_balances(now);
        Ok(placement)
    }

    /// Lets an order that was written down begin: beside the book if it waits, else at the book.
    pub(super) fn begin(&mut self, order: Order, index: usize, ran_out: bool) -> Placement {
        let listing = &mut self.listings[index];
        let clearing = &mut self.clearing;
        let execution_id = listing.take_execution_id();
        // Also an order that will not rest is said to be on the book when it comes.
        let is_on_book = order.view.is_working();
        clearing.report(&order, execution_id, is_on_book, Cause::Lifecycle(ExecType::New));
        if !is_on_book {
            let view = order.view.clone();
            listing.wait(order);
            return Placement { order: view, fills: Vec::new(), prevented: Vec::new() };
        }
        let (order, met) = listing.meet(clearing, order, ran_out, self.now);
        Placement { order: order.view, fills: met.fills, prevented: met.prevented }
    }

    /// All the reasons to refuse an order but the balance, asked in the venue's order.
    pub(super) fn judge(&self, account: AccountId, order: &NewOrder) -> Result<Sizing, Reject> {
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
            && listing.config.crossing_maker == CrossingMaker::Refused
            && listing.book.first_match(order.side, Some(price)).is_some()
        {
            return Err(Reject::WouldMatch);
        }
        if let OrderKind::Contingent(terms) = order.kind
            && terms.is_met(order.side, listing.last_price)
        {
            return Err(Reject::WouldTrigger);
        }
        Ok(sizing)
    }

    /// Gives an order its ids and writes it down. Its money is for the caller to lock.
    pub(super) fn admit(
        &mut self,
        account: AccountId,
        order: NewOrder,
        sizing: &Sizing,
        list_id: Option<u64>,
    ) -> Order {
        let client_order_id = order.client_order_id.unwrap_or_else(|| self.ids.client_order_id());
        let listing = &mut self.listings[sizing.listing];
        let (symbol, order_id) = (Arc::clone(&listing.terms.symbol), listing.take_order_id());
        let view = OrderView {
            client_order_id,
            orig_quote_order_qty: match order.kind {
                OrderKind::Market(MarketQty::Quote(quote)) => quote,
                OrderKind::Market(MarketQty::Base(_))
                | OrderKind::Limit { .. }
                | OrderKind::LimitMaker { .. }
                | OrderKind::Contingent(_) => Decimal::ZERO,
            },
            list_id,
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
        let owner = Owner::Account(account);
        Order { owner, view, locked: Decimal::ZERO, arrival: order_id }
    }

    /// Judges an order as [`Exchange::place`] would before it reaches the book: the symbol, its
    /// status and the filters, not the account's balance nor the book.
    ///
    /// # Errors
    /// Why it would not be accepted.
    pub fn check(&self, account: AccountId, order: &NewOrder) -> Result<(), Reject> {
        self.check_beside(account, order, None)
    }

    /// The same for an order that comes together with another one, which counts too.
    pub(super) fn check_beside(
        &self,
        account: AccountId,
        order: &NewOrder,
        beside: Option<&OrderKind>,
    ) -> Result<(), Reject> {
        let listing = self.listing(&order.symbol).ok_or(Reject::UnknownSymbol)?;
        let funds = self.clearing.account(account).ok_or(Reject::UnknownAccount)?;
        if listing.status != SymbolStatus::Trading {
            return Err(Reject::MarketClosed);
        }
        check_shape(order)?;
        if order.kind.is_contingent() && !listing.config.features.contingent {
            return Err(Reject::NotOffered(Offering::Contingent(order.kind.as_str())));
        }
        if order.stp.is_some_and(|stp| !listing.config.allowed_stp.contains(&stp)) {
            return Err(Reject::StpNotAllowed);
        }
        let count = |listing: &Listing| listing.history(account).map_or(0, History::open_count);
        // Who asks about no other kind need not count them.
        let is_algo = order.kind.is_contingent();
        let algos = |listing: &Listing| {
            let open = listing.open_orders(account).filter(|_| is_algo);
            open.filter(|order| order.kind.is_contingent()).count()
        };
        let (others, other_algos) =
            beside.map_or((0, 0), |kind| (1, usize::from(kind.is_contingent())));
        let icebergs = |listing: &Listing| {
            listing.open_orders(account).filter(|order| !order.iceberg_qty.is_zero()).count()
        };
        let to_buy: Decimal = listing
            .open_orders(account)
            .filter(|order| order.side == Side::Buy)
            .map(OrderView::remaining)
            .sum();
        let standing = Standing {
            open_orders: count(listing) + others,
            open_icebergs: icebergs(listing),
            open_orders_all: self.listings.iter().map(count).sum::<usize>() + others,
            open_icebergs_all: self.listings.iter().map(icebergs).sum(),
            open_algos: algos(listing) + other_algos,
            open_algos_all: self.listings.iter().map(algos).sum::<usize>() + other_algos,
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
            // One without a limit holds what it costs at its stop price; how much more it may
            // need is known when it is set off. The venue does not say what it does.
            OrderKind::Contingent(Contingent { stop_price, qty, limit, .. }) => {
                let price = limit.map_or(stop_price, |(price, _)| price);
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
        OrderKind::Contingent(Contingent { qty, limit, .. }) => {
            (qty, limit.is_some_and(|(_, tif)| tif == TimeInForce::Gtc))
        }
    };
    let prices = [order.kind.price(), order.kind.stop_price()];
    if qty <= Decimal::ZERO || prices.iter().flatten().any(|price| *price <= Decimal::ZERO) {
        return Err(Reject::QtyZero);
    }
    if qty > LARGEST || prices.iter().flatten().any(|price| *price > LARGEST) {
        return Err(Reject::TooLarge);
    }
    match order.iceberg_qty {
        Some(part) if part > Decimal::ZERO && !is_gtc => Err(Reject::UnsupportedCombination),
        Some(part) if part > qty => Err(Reject::IcebergExceedsQty),
        Some(_) | None => Ok(()),
    }
}

pub(super) fn is_open_client_id(
    listing: &Listing,
    account: AccountId,
    client_order_id: &str,
) -> bool {
    listing.history(account).is_some_and(|history| {
        history.by_client_id(client_order_id).is_some_and(|id| history.is_open(id))
    })
}
