//! The door for pairs of orders of which one cancels the other.
//!
//! Both orders are judged before either is taken: a pair is accepted or refused as a whole.

use std::sync::Arc;

use rust_decimal::Decimal;
use tradewind_model::Timestamp;

use super::entry::is_open_client_id;
use super::event::ListNews;
use super::lists::OrderListView;
use super::order::Contingent;
use super::query::OrderListRef;
use super::reject::Offering;
use super::{
    AccountId, Exchange, NewOrder, OrderKind, OrderView, Placement, QueryReject, Reject, Side,
    StpMode,
};

/// What an account asks for: two orders of one side and quantity.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewOco {
    /// The venue's spelling of the instrument.
    pub symbol: String,
    /// The side of both.
    pub side: Side,
    /// The client's own id of the list; generated when absent.
    pub client_list_id: Option<String>,
    /// The order above the market: its kind and its client order id, generated when absent.
    pub above: (OrderKind, Option<String>),
    /// The order below the market.
    pub below: (OrderKind, Option<String>),
    /// Self-trade prevention of both; the symbol's default when absent.
    pub stp: Option<StpMode>,
}

/// An accepted pair.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OcoPlacement {
    /// The list.
    pub list: OrderListView,
    /// Its orders, in the order of their ids.
    pub orders: [Placement; 2],
}

impl Exchange {
    /// Takes a pair of orders.
    ///
    /// # Errors
    /// Why it was not accepted; then nothing has changed.
    pub fn place_oco(
        &mut self,
        now: Timestamp,
        account: AccountId,
        pair: &NewOco,
    ) -> Result<OcoPlacement, Reject> {
        self.advance(now);
        let orders = ordered(pair);
        let index = self.judge_pair(account, pair, &orders)?;
        let [first, second] = orders;
        let sizings = [self.judge(account, &first)?, self.judge(account, &second)?];
        let needed = sizings[0].lock.max(sizings[1].lock);
        let funds = self.clearing.account(account).ok_or(Reject::UnknownAccount)?;
        if funds.free(self.listings[index].terms.held(pair.side)) < needed {
            return Err(Reject::InsufficientBalance);
        }

        let list_id = self.next_list_id;
        self.next_list_id += 1;
        let client_list_id = match &pair.client_list_id {
            Some(id) => id.clone(),
            None => self.ids.client_order_id(),
        };
        let orders = [
            self.admit(account, first, &sizings[0], Some(list_id)),
            self.admit(account, second, &sizings[1], Some(list_id)),
        ];
        let named = orders.iter().map(|order| &order.view);
        let named = named.map(|view| (view.order_id, view.client_order_id.clone())).collect();
        let listing = &mut self.listings[index];
        let view = OrderListView {
            list_id,
            client_list_id,
            symbol: Arc::clone(&listing.terms.symbol),
            orders: named,
            is_done: false,
            time: self.now,
        };
        self.clearing.lock_for(&listing.terms, account, pair.side, needed);
        listing.lists.insert(account, view.clone(), pair.side, needed);
        let placed = orders.map(|order| self.begin(order, index, false));
        let listing = &mut self.listings[index];
        listing.change_list(&mut self.clearing, list_id, self.now, ListNews::Started);
        listing.tell_ticker(&mut self.clearing);
        self.clearing.report_balances(self.now);
        Ok(OcoPlacement { list: view, orders: placed })
    }

    /// The reasons to refuse a pair that are not reasons to refuse one of its orders.
    fn judge_pair(
        &self,
        account: AccountId,
        pair: &NewOco,
        orders: &[NewOrder; 2],
    ) -> Result<usize, Reject> {
        let index = *self.by_symbol.get(&pair.symbol).ok_or(Reject::UnknownSymbol)?;
        let listing = &self.listings[index];
        if !listing.config.features.oco {
            return Err(Reject::NotOffered(Offering::Oco));
        }
        self.check_beside(account, &orders[1], Some(&orders[0].kind))?;
        let open = |listing: &super::Listing| listing.lists.open(account).count();
        let open_all = self.listings.iter().map(open).sum();
        let filters = &listing.config.filters;
        filters
            .check_lists(open(listing), open_all, &self.config.filters)
            .map_err(Reject::Filter)?;
        let ids = orders.each_ref().map(|order| order.client_order_id.as_ref());
        let is_one_id = ids[0].is_some() && ids[0] == ids[1];
        let client_list_id = pair.client_list_id.as_deref();
        let mut lists = listing.lists.open(account);
        if is_one_id
            || ids.into_iter().flatten().any(|id| is_open_client_id(listing, account, id))
            || lists.any(|list| client_list_id == Some(&*list.client_list_id))
        {
            return Err(Reject::DuplicateOrder);
        }
        // The last price lies between them, and where a limit holds from the beginning or from the
        // trigger on, that limit lies on its side too.
        let last = listing.last_price;
        let is_apart = reached(&pair.above.0).all(|price| price > last)
            && reached(&pair.below.0).all(|price| price < last);
        if is_apart { Ok(index) } else { Err(Reject::OcoBadPrices) }
    }

    /// One list of orders of the account. Of a client id that was used again, the latest.
    ///
    /// # Errors
    /// When there is none of that id.
    pub fn order_list(
        &self,
        account: AccountId,
        list: &OrderListRef,
    ) -> Result<OrderListView, QueryReject> {
        let mut all = self.listings.iter().map(|listing| &listing.lists);
        let found = match (list.list_id, &list.client_list_id) {
            (Some(id), client_id) => {
                let found = all.find_map(|lists| lists.get(account, id));
                if let (Some(found), Some(client_id)) = (found, client_id)
                    && found.client_list_id != *client_id
                {
                    return Err(QueryReject::IdMismatch);
                }
                found
            }
            (None, Some(id)) => {
                all.filter_map(|lists| lists.by_client_id(account, id)).max_by_key(|it| it.list_id)
            }
            (None, None) => None,
        };
        found.cloned().ok_or(QueryReject::UnknownOrder)
    }

    /// The lists of the account that are not done, oldest first.
    #[must_use]
    pub fn open_order_lists(&self, account: AccountId) -> Vec<OrderListView> {
        let lists = self.listings.iter().flat_map(|listing| listing.lists.open(account));
        let mut lists: Vec<OrderListView> = lists.cloned().collect();
        lists.sort_unstable_by_key(|list| list.list_id);
        lists
    }
}

/// What the market must not have reached yet: of an order that rests its price; of one that waits
/// its stop price, and for a take profit its limit.
fn reached(kind: &OrderKind) -> impl Iterator<Item = Decimal> {
    let limit = match kind {
        OrderKind::Contingent(Contingent { trigger: super::Trigger::StopLoss, .. }) => None,
        OrderKind::Contingent(_)
        | OrderKind::Limit { .. }
        | OrderKind::LimitMaker { .. }
        | OrderKind::Market(_) => kind.price(),
    };
    [limit, kind.stop_price()].into_iter().flatten()
}

/// The two orders, in the order in which the venue numbers them: what waits comes before what
/// rests.
fn ordered(pair: &NewOco) -> [NewOrder; 2] {
    let order = |(kind, id): &(OrderKind, Option<String>)| NewOrder {
        client_order_id: id.clone(),
        stp: pair.stp,
        ..NewOrder::of(&pair.symbol, pair.side, *kind)
    };
    let (above, below) = (order(&pair.above), order(&pair.below));
    if above.kind.is_contingent() { [above, below] } else { [below, above] }
}

/// What a pair needs: as much as the dearer of its orders.
pub(super) fn need_of(orders: [&OrderView; 2]) -> Decimal {
    super::lists::need(orders[0]).max(super::lists::need(orders[1]))
}
