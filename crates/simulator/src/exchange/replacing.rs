//! Changing an order: another one in its stead, or a lower quantity where it stands.
//!
//! A replacement is a cancel and then an order, and either may fail; what the filters say is asked
//! before both, and then nothing has happened (rest-api.md, cancel and replace, read 2026-11). An
//! amendment never gives up the order's place, so it only ever lowers the quantity.

use rust_decimal::Decimal;
use tradewind_model::Timestamp;

use super::book::{Order, Owner};
use super::clearing::Cause;
use super::entry::is_open_client_id;
use super::filters::Candidate;
use super::lists::OrderListView;
use super::pairing::need_of;
use super::query::{Canceled, OrderRef};
use super::reject::Offering;
use super::{
    AccountId, AmendReject, CancelReject, CancelRestriction, Exchange, ExecType, NewOrder,
    OrderStatus, OrderView, Placement, Reject, SymbolStatus,
};

/// An order to cancel, and one to place in its stead on the same symbol.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Replacement {
    /// Which order to cancel.
    pub cancel: OrderRef,
    /// The cancel's own id; generated when absent.
    pub cancel_client_id: Option<String>,
    /// Which states the cancel insists on.
    pub restriction: CancelRestriction,
    /// What to place.
    pub order: NewOrder,
    /// What happens when nothing was canceled (`cancelReplaceMode`).
    pub mode: ReplaceMode,
}

/// Whether the new order is placed though the cancel has failed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ReplaceMode {
    /// It is not attempted.
    StopOnFailure,
    /// It is.
    AllowFailure,
}

/// What became of a replacement.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Replaced {
    /// The cancel.
    pub canceled: Result<Canceled, CancelReject>,
    /// The order; `None` when it was not attempted.
    pub placed: Option<Result<Placement, Reject>>,
}

/// An amendment that happened.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Amended {
    /// The order after it, under its new id.
    pub order: OrderView,
    /// The id it had before.
    pub previous_client_id: String,
    /// Of the report that told of it.
    pub execution_id: u64,
    /// The list it belongs to, if it belongs to one.
    pub list: Option<OrderListView>,
    /// When.
    pub time: Timestamp,
}

impl Exchange {
    /// Cancels one order and places another.
    ///
    /// # Errors
    /// Why neither was attempted: a filter, or the order makes no sense. Then nothing has changed.
    pub fn replace(
        &mut self,
        now: Timestamp,
        account: AccountId,
        replacement: Replacement,
    ) -> Result<Replaced, Reject> {
        self.advance(now);
        let Replacement { cancel, cancel_client_id, restriction, order, mode } = replacement;
        let listing = self.listing(&order.symbol).ok_or(Reject::UnknownSymbol)?;
        if !listing.config.features.cancel_replace {
            return Err(Reject::NotOffered(Offering::CancelReplace));
        }
        // A closed market is the matching engine's to mind, and it does cancel then.
        match self.check(account, &order) {
            Ok(()) | Err(Reject::MarketClosed) => {}
            Err(reject) => return Err(reject),
        }
        let symbol = order.symbol.clone();
        let canceled = self.cancel(now, account, &symbol, &cancel, cancel_client_id, restriction);
        if canceled.is_err() && mode == ReplaceMode::StopOnFailure {
            return Ok(Replaced { canceled, placed: None });
        }
        let placed = self.place(now, account, order.clone());
        if let (Ok(_), Err(reject)) = (&canceled, &placed) {
            self.report_rejection(account, order, *reject);
        }
        Ok(Replaced { canceled, placed: Some(placed) })
    }

    /// The account hears on its stream too that the order it wanted instead was not taken.
    fn report_rejection(&mut self, account: AccountId, order: NewOrder, reject: Reject) {
        let Some(&index) = self.by_symbol.get(&order.symbol) else {
            return;
        };
        let client_order_id = match order.client_order_id {
            Some(id) => id,
            None => self.ids.client_order_id(),
        };
        let listing = &mut self.listings[index];
        let symbol = std::sync::Arc::clone(&listing.terms.symbol);
        let order_id = listing.take_order_id();
        let qty = order.kind.qty().unwrap_or_default();
        let view = OrderView {
            client_order_id,
            status: OrderStatus::Rejected,
            stp: order.stp.unwrap_or(listing.config.default_stp),
            working_time: None,
            ..OrderView::accepted(symbol, order_id, order.side, order.kind, qty, self.now)
        };
        let owner = Owner::Account(account);
        let order = Order { owner, view, locked: Decimal::ZERO, arrival: order_id };
        let execution_id = listing.take_execution_id();
        self.clearing.report(&order, execution_id, false, Cause::Rejection(reject));
    }

    /// Lowers the quantity of an open order, which keeps its place in the book and gets another
    /// id: `new_client_id` or a generated one. Both orders of a list that neither of them has
    /// touched are lowered, because they are of one quantity.
    ///
    /// # Errors
    /// Why not; then nothing has changed.
    pub fn amend(
        &mut self,
        now: Timestamp,
        account: AccountId,
        symbol: &str,
        order: &OrderRef,
        new_client_id: Option<String>,
        qty: Decimal,
    ) -> Result<Amended, AmendReject> {
        self.advance(now);
        let (index, id) = self.judge_amendment(account, symbol, order, &new_client_id, qty)?;
        let client_order_id = new_client_id.unwrap_or_else(|| self.ids.client_order_id());
        let listing = &self.listings[index];
        let live = listing.live(id).ok_or(AmendReject::UnknownOrder)?;
        let list = live.view.list_id.and_then(|id| listing.lists.untouched(id));
        let list_id = live.view.list_id;
        let others: Vec<u64> = list.map_or_else(Vec::new, |list| {
            list.orders.iter().map(|(other, _)| *other).filter(|other| *other != id).collect()
        });
        let amended = self.amend_one(index, id, Some(client_order_id), qty);
        let (view, previous_client_id, execution_id) = amended.ok_or(AmendReject::UnknownOrder)?;
        for &other in &others {
            self.amend_one(index, other, None, qty);
        }
        let listing = &mut self.listings[index];
        if let (Some(list_id), [other]) = (list_id, others.as_slice())
            && let Some(other) = listing.live(*other)
        {
            let needed = need_of([&view, &other.view]);
            listing.relock_list(&mut self.clearing, list_id, needed);
        }
        if previous_client_id != view.client_order_id {
            listing.rename_in_list(&mut self.clearing, &view, self.now);
        }
        let order = self.end_if_spent(index, id).unwrap_or(view);
        let listing = &mut self.listings[index];
        listing.tell_ticker(&mut self.clearing);
        self.clearing.report_balances(self.now);
        let list = list_id.and_then(|id| listing.lists.view(id)).cloned();
        Ok(Amended { order, previous_client_id, execution_id, list, time: self.now })
    }

    fn judge_amendment(
        &self,
        account: AccountId,
        symbol: &str,
        order: &OrderRef,
        new_client_id: &Option<String>,
        qty: Decimal,
    ) -> Result<(usize, u64), AmendReject> {
        let listing = self.listing(symbol).ok_or(AmendReject::UnknownSymbol)?;
        if !listing.config.features.amend {
            return Err(AmendReject::NotOffered);
        }
        if listing.status != SymbolStatus::Trading {
            return Err(AmendReject::MarketClosed);
        }
        let (index, id) =
            self.find_open(account, symbol, order).map_err(|reject| match reject {
                CancelReject::UnknownSymbol => AmendReject::UnknownSymbol,
                CancelReject::IdMismatch => AmendReject::IdMismatch,
                CancelReject::UnknownOrder | CancelReject::Restricted => AmendReject::UnknownOrder,
            })?;
        let view = &listing.live(id).ok_or(AmendReject::UnknownOrder)?.view;
        if let Some(new_id) = new_client_id
            && *new_id != view.client_order_id
            && is_open_client_id(listing, account, new_id)
        {
            return Err(AmendReject::DuplicateOrder);
        }
        if qty <= Decimal::ZERO {
            return Err(AmendReject::QtyZero);
        }
        if qty == view.orig_qty {
            return Err(AmendReject::NoChange);
        }
        if qty > view.orig_qty {
            return Err(AmendReject::Increase);
        }
        let filters = &listing.config.filters;
        if filters.max_num_order_amends.is_some_and(|limit| view.amends >= limit) {
            return Err(AmendReject::TooManyAmends);
        }
        let iceberg_qty = Some(view.iceberg_qty.min(qty)).filter(|part| !part.is_zero());
        let candidate = Candidate { side: view.side, kind: view.kind.with_qty(qty), iceberg_qty };
        filters
            .check_terms(candidate, |mins| listing.average_price(mins))
            .map_err(AmendReject::Filter)?;
        Ok((index, id))
    }

    /// Lowers one order, in the book or beside it, and tells of it. Without an id it keeps its own.
    fn amend_one(
        &mut self,
        index: usize,
        order_id: u64,
        client_order_id: Option<String>,
        qty: Decimal,
    ) -> Option<(OrderView, String, u64)> {
        let now = self.now;
        let listing = &mut self.listings[index];
        let mut previous = String::new();
        let mut lower = |order: &mut Order| {
            let view = &mut order.view;
            // What has traded stays traded.
            view.orig_qty = qty.max(view.orig_qty - view.remaining());
            view.iceberg_qty = view.iceberg_qty.min(view.orig_qty);
            view.amends += 1;
            view.update_time = now;
            previous.clone_from(&view.client_order_id);
            if let Some(id) = &client_order_id {
                view.client_order_id.clone_from(id);
            }
        };
        if let Some(change) = listing.book.reduce(order_id, &mut lower) {
            listing.tell_level(&mut self.clearing, change, now);
        } else {
            lower(listing.triggers.get_mut(order_id)?);
        }
        let execution_id = listing.take_execution_id();
        let is_on_book = listing.book.get(order_id).is_some();
        let order = match listing.book.get_mut(order_id) {
            Some(order) => order,
            None => listing.triggers.get_mut(order_id)?,
        };
        self.clearing.retarget(&listing.terms, order);
        let cause = Cause::Amendment { previous_client_id: previous.clone() };
        self.clearing.report(order, execution_id, is_on_book, cause);
        let (view, owner) = (order.view.clone(), order.owner);
        if let Owner::Account(account) = owner {
            let history = listing.history_mut(account);
            history.rename(order_id, &previous, &view.client_order_id);
        }
        Some((view, previous, execution_id))
    }

    /// An order that an amendment has left nothing to trade is over.
    fn end_if_spent(&mut self, index: usize, order_id: u64) -> Option<OrderView> {
        let listing = &mut self.listings[index];
        if !listing.live(order_id)?.view.remaining().is_zero() {
            return None;
        }
        let mut order = listing.pull(&mut self.clearing, order_id, self.now)?;
        order.view.status = OrderStatus::Expired;
        listing.end(&mut self.clearing, &mut order, ExecType::Expired, self.now);
        Some(order.view)
    }
}
