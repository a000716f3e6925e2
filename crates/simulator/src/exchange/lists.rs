//! Pairs of orders of which one cancels the other (OCO).
//!
//! While neither order has begun to work, the pair holds the money and the orders hold none: at
//! most one of them will trade, so it is locked once, for the dearer of the two. The order that is
//! touched first, by a trade or by its trigger, gets it all, and the other ends before that trade
//! is booked. So the two can never both fill, whatever happens in between.
//!
//! What the venue does not say and is chosen here: a list is done when neither of its orders
//! lives; an order that loses quantity to self-trade prevention has been touched.

use std::collections::BTreeMap;
use std::sync::Arc;

use rust_decimal::Decimal;
use tradewind_model::Timestamp;

use super::book::{Order, Owner};
use super::clearing::Clearing;
use super::event::{ExchangeEvent, ExecType, ListChange, ListNews};
use super::listing::Listing;
use super::order::{AccountId, ExpiryReason, OrderStatus, OrderView, Side};

/// Finished lists remembered per symbol.
const FINISHED_MAX: usize = 50_000;

/// A pair of orders, as queries show it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OrderListView {
    /// The venue's id: unique and increasing over all symbols.
    pub list_id: u64,
    /// The client's own id of the list, distinct from those of its orders.
    pub client_list_id: String,
    /// The venue's spelling of the instrument.
    pub symbol: Arc<str>,
    /// Its orders by the venue's id and the client's, in the order of their ids.
    pub orders: Vec<(u64, String)>,
    /// Whether neither of them lives.
    pub is_done: bool,
    /// When it last changed.
    pub time: Timestamp,
}

/// A pair, with what it holds.
#[derive(Clone, Debug)]
struct OrderList {
    account: AccountId,
    view: OrderListView,
    side: Side,
    /// What it holds for both orders while neither was touched.
    locked: Decimal,
    is_touched: bool,
}

/// The pairs of a symbol.
#[derive(Clone, Debug, Default)]
pub(super) struct Lists {
    lists: BTreeMap<u64, OrderList>,
    finished: usize,
}

impl Lists {
    /// A pair of the account by the venue's id.
    pub(super) fn get(&self, account: AccountId, list_id: u64) -> Option<&OrderListView> {
        self.lists.get(&list_id).filter(|list| list.account == account).map(|list| &list.view)
    }

    /// The latest pair of the account under this id of its own.
    pub(super) fn by_client_id(&self, account: AccountId, id: &str) -> Option<&OrderListView> {
        let mut of_account = self.of(account).rev();
        of_account.find(|list| list.view.client_list_id == id).map(|list| &list.view)
    }

    /// The pairs of the account that are not done, oldest first.
    pub(super) fn open(&self, account: AccountId) -> impl Iterator<Item = &OrderListView> {
        self.of(account).filter(|list| !list.view.is_done).map(|list| &list.view)
    }

    /// The pair if neither of its orders was touched.
    pub(super) fn untouched(&self, list_id: u64) -> Option<&OrderListView> {
        self.lists.get(&list_id).filter(|list| !list.is_touched).map(|list| &list.view)
    }

    /// A pair of anybody's.
    pub(super) fn view(&self, list_id: u64) -> Option<&OrderListView> {
        self.lists.get(&list_id).map(|list| &list.view)
    }

    fn of(&self, account: AccountId) -> impl DoubleEndedIterator<Item = &OrderList> {
        self.lists.values().filter(move |list| list.account == account)
    }

    /// Takes in a new pair whose money is locked already.
    pub(super) fn insert(
        &mut self,
        account: AccountId,
        view: OrderListView,
        side: Side,
        locked: Decimal,
    ) {
        let list = OrderList { account, view, side, locked, is_touched: false };
        self.lists.insert(list.view.list_id, list);
    }

    fn forget_oldest_finished(&mut self) {
        if self.finished <= FINISHED_MAX {
            return;
        }
        let oldest = self.lists.iter().find(|(_, list)| list.view.is_done).map(|(&id, _)| id);
        if let Some(oldest) = oldest {
            self.lists.remove(&oldest);
            self.finished -= 1;
        }
    }
}

/// What an order of a pair needs on its own, in what its side pays with.
pub(super) fn need(order: &OrderView) -> Decimal {
    match order.side {
        Side::Sell => order.remaining(),
        Side::Buy => {
            order.kind.price().or_else(|| order.kind.stop_price()).unwrap_or_default()
                * order.remaining()
        }
    }
}

impl Listing {
    /// An order of a pair begins to work: the other one ends, and this one gets the money. Does
    /// nothing for other orders, nor the second time.
    pub(super) fn touch(&mut self, clearing: &mut Clearing, order: &mut Order, now: Timestamp) {
        if let Some(locked) = self.end_other(clearing, &order.view, now) {
            order.locked = locked;
            clearing.retarget(&self.terms, order);
        }
    }

    /// The same for an order in the book.
    pub(super) fn touch_resting(&mut self, clearing: &mut Clearing, order_id: u64, now: Timestamp) {
        let Some(view) = self.book.get(order_id).map(|order| &order.view) else {
            return;
        };
        if view.list_id.is_none() {
            return;
        }
        let view = view.clone();
        if let Some(locked) = self.end_other(clearing, &view, now)
            && let Some(order) = self.book.get_mut(order_id)
        {
            order.locked = locked;
            clearing.retarget(&self.terms, order);
        }
    }

    /// Ends the other order of an untouched pair, and answers what the pair held.
    fn end_other(
        &mut self,
        clearing: &mut Clearing,
        touched: &OrderView,
        now: Timestamp,
    ) -> Option<Decimal> {
        let list = self.lists.lists.get_mut(&touched.list_id?)?;
        if list.is_touched {
            return None;
        }
        list.is_touched = true;
        let locked = std::mem::take(&mut list.locked);
        let ids = list.view.orders.iter().map(|(id, _)| *id);
        let others: Vec<u64> = ids.filter(|id| *id != touched.order_id).collect();
        for id in others {
            if let Some(mut other) = self.pull(clearing, id, now) {
                other.view.status = OrderStatus::Expired;
                other.view.expiry_reason = Some(ExpiryReason::OcoTrigger);
                self.end(clearing, &mut other, ExecType::Expired, now);
            }
        }
        Some(locked)
    }

    /// An untouched pair ends as a whole: its money is free again.
    pub(super) fn release_list(&mut self, clearing: &mut Clearing, list_id: u64) {
        let Some(list) = self.lists.lists.get_mut(&list_id) else {
            return;
        };
        list.is_touched = true;
        let locked = std::mem::take(&mut list.locked);
        clearing.release(&self.terms, list.account, list.side, locked);
    }

    /// Lowers what an untouched pair holds to what the dearer of its orders needs.
    pub(super) fn relock_list(&mut self, clearing: &mut Clearing, list_id: u64, needed: Decimal) {
        let Some(list) = self.lists.lists.get_mut(&list_id) else {
            return;
        };
        let excess = list.locked - needed;
        if excess > Decimal::ZERO {
            list.locked = needed;
            clearing.release(&self.terms, list.account, list.side, excess);
        }
    }

    /// An order of a pair has ended: when it was the last one, so has the pair.
    pub(super) fn note_end(&mut self, clearing: &mut Clearing, order: &Order) {
        let (Some(list_id), Owner::Account(account)) = (order.view.list_id, order.owner) else {
            return;
        };
        let history = self.history(account);
        let is_open = |id: &u64| history.is_some_and(|history| history.is_open(*id));
        let Some(list) = self.lists.lists.get(&list_id).filter(|list| !list.view.is_done) else {
            return;
        };
        if list.view.orders.iter().any(|(id, _)| is_open(id)) {
            return;
        }
        self.lists.finished += 1;
        self.change_list(clearing, list_id, order.view.update_time, ListNews::Done);
        self.lists.forget_oldest_finished();
    }

    /// Another id of one of a pair's orders.
    pub(super) fn rename_in_list(
        &mut self,
        clearing: &mut Clearing,
        order: &OrderView,
        now: Timestamp,
    ) {
        let Some(list) = order.list_id.and_then(|id| self.lists.lists.get_mut(&id)) else {
            return;
        };
        let list_id = list.view.list_id;
        for (id, client_order_id) in &mut list.view.orders {
            if *id == order.order_id {
                client_order_id.clone_from(&order.client_order_id);
            }
        }
        self.change_list(clearing, list_id, now, ListNews::Updated);
    }

    /// Tells the account of a change of its list.
    pub(super) fn change_list(
        &mut self,
        clearing: &mut Clearing,
        list_id: u64,
        time: Timestamp,
        news: ListNews,
    ) {
        let Some(list) = self.lists.lists.get_mut(&list_id) else {
            return;
        };
        list.view.time = time;
        list.view.is_done |= news == ListNews::Done;
        let (account, list) = (list.account, list.view.clone());
        clearing.tell(ExchangeEvent::List(Box::new(ListChange { account, news, list, time })));
    }
}
