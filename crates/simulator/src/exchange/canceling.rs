//! Cancels: of one order, of a list, of everything on a symbol.
//!
//! One cancel has one id, and every order that it ends carries it. An order of a list that neither
//! of its orders has touched takes the list with it (rest-api.md, cancel order list, read 2026-11).

use std::collections::BTreeSet;

use tradewind_model::Timestamp;

use super::history::History;
use super::query::OrderListRef;
use super::{
    AccountId, CancelReject, CancelRestriction, Canceled, Cancellation, Exchange, ExecType,
    OrderRef, OrderStatus, Owner,
};
use crate::account::CanceledOrder;

impl Exchange {
    /// Takes an open order out of the book, and the list it belongs to with it. The cancel has an
    /// id of its own, `new_client_id` or a generated one.
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
    ) -> Result<Canceled, CancelReject> {
        self.advance(now);
        let (index, id) = self.find_open(account, symbol, order)?;
        let open = self.listings[index].order(account, id).ok_or(CancelReject::UnknownOrder)?;
        let is_allowed = match restriction {
            CancelRestriction::Any => true,
            CancelRestriction::OnlyNew => open.status == OrderStatus::New,
            CancelRestriction::OnlyPartiallyFilled => open.status == OrderStatus::PartiallyFilled,
        };
        if !is_allowed {
            return Err(CancelReject::Restricted);
        }
        let client_order_id = new_client_id.unwrap_or_else(|| self.ids.client_order_id());
        let canceled = self.cancel_open(index, id, &client_order_id);
        self.tell_canceled(index);
        canceled.ok_or(CancelReject::UnknownOrder)
    }

    /// Takes all open orders of a list out of the book.
    ///
    /// # Errors
    /// [`CancelReject::UnknownOrder`] when there is no such list, or it is done.
    pub fn cancel_list(
        &mut self,
        now: Timestamp,
        account: AccountId,
        symbol: &str,
        list: &OrderListRef,
        new_client_id: Option<String>,
    ) -> Result<Canceled, CancelReject> {
        self.advance(now);
        let index = *self.by_symbol.get(symbol).ok_or(CancelReject::UnknownSymbol)?;
        let lists = &self.listings[index].lists;
        let found = match (list.list_id, &list.client_list_id) {
            (Some(id), client_id) => {
                let found = lists.get(account, id).ok_or(CancelReject::UnknownOrder)?;
                if client_id.as_ref().is_some_and(|client_id| found.client_list_id != *client_id) {
                    return Err(CancelReject::IdMismatch);
                }
                found
            }
            (None, Some(client_id)) => {
                lists.by_client_id(account, client_id).ok_or(CancelReject::UnknownOrder)?
            }
            (None, None) => return Err(CancelReject::UnknownOrder),
        };
        let history = self.listings[index].history(account);
        let is_open = |id: u64| history.is_some_and(|history| history.is_open(id));
        let living = found.orders.iter().map(|(id, _)| *id).find(|id| is_open(*id));
        let living = living.ok_or(CancelReject::UnknownOrder)?;
        let client_order_id = new_client_id.unwrap_or_else(|| self.ids.client_order_id());
        let canceled = self.cancel_open(index, living, &client_order_id);
        self.tell_canceled(index);
        canceled.ok_or(CancelReject::UnknownOrder)
    }

    /// Takes all open orders of the account on the symbol out of the book, oldest first, lists as
    /// a whole.
    ///
    /// # Errors
    /// [`CancelReject::UnknownOrder`] when there is none, as the venue does.
    pub fn cancel_all(
        &mut self,
        now: Timestamp,
        account: AccountId,
        symbol: &str,
    ) -> Result<Vec<Canceled>, CancelReject> {
        self.advance(now);
        let index = *self.by_symbol.get(symbol).ok_or(CancelReject::UnknownSymbol)?;
        let history = self.listings[index].history(account);
        let open: BTreeSet<u64> = history.into_iter().flat_map(History::open).collect();
        if open.is_empty() {
            return Err(CancelReject::UnknownOrder);
        }
        let client_order_id = self.ids.client_order_id();
        let canceled =
            open.into_iter().filter_map(|id| self.cancel_open(index, id, &client_order_id));
        let canceled = canceled.collect();
        self.tell_canceled(index);
        Ok(canceled)
    }

    /// Which open order of the account is meant: the symbol's index and the order's id.
    pub(super) fn find_open(
        &self,
        account: AccountId,
        symbol: &str,
        order: &OrderRef,
    ) -> Result<(usize, u64), CancelReject> {
        let index = *self.by_symbol.get(symbol).ok_or(CancelReject::UnknownSymbol)?;
        let history = self.listings[index].history(account).ok_or(CancelReject::UnknownOrder)?;
        let by_client = order.client_order_id.as_ref().map(|id| history.by_client_id(id));
        let id = match (order.order_id, by_client) {
            (Some(id), None) => id,
            (Some(id), Some(other)) if !history.is_open(id) || other == Some(id) => id,
            (Some(_), Some(_)) => return Err(CancelReject::IdMismatch),
            (None, by_client) => by_client.flatten().ok_or(CancelReject::UnknownOrder)?,
        };
        if history.is_open(id) { Ok((index, id)) } else { Err(CancelReject::UnknownOrder) }
    }

    /// Ends an open order, and all of its list if nothing of that has begun to work.
    fn cancel_open(
        &mut self,
        index: usize,
        order_id: u64,
        client_order_id: &str,
    ) -> Option<Canceled> {
        let listing = &mut self.listings[index];
        let list = listing.live(order_id)?.view.list_id;
        let untouched = list.and_then(|id| listing.lists.untouched(id));
        let Some(list) = untouched else {
            return self
                .cancel_one(index, order_id, client_order_id)
                .map(Box::new)
                .map(Canceled::Order);
        };
        let (list_id, ids) = (list.list_id, list.orders.iter().map(|(id, _)| *id));
        let ids: Vec<u64> = ids.collect();
        listing.release_list(&mut self.clearing, list_id);
        let orders =
            ids.into_iter().filter_map(|id| self.cancel_one(index, id, client_order_id)).collect();
        let list = self.listings[index].lists.view(list_id)?.clone();
        Some(Canceled::List { list, orders })
    }

    fn cancel_one(
        &mut self,
        index: usize,
        order_id: u64,
        client_order_id: &str,
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
        order.view.cancel_client_order_id = Some(client_order_id.to_owned());
        listing.end(&mut self.clearing, &mut order, ExecType::Canceled, self.now);
        let client_order_id = client_order_id.to_owned();
        Some(Cancellation { order: order.view, client_order_id, time: self.now })
    }

    fn tell_canceled(&mut self, index: usize) {
        self.listings[index].tell_ticker(&mut self.clearing);
        self.clearing.report_balances(self.now);
    }
}
