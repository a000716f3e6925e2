//! Questions about orders and fills, newest first and a page at a time.
//!
//! A page is what is older than the last row of the one before (`idLessThan`), never more than a
//! hundred rows and never an error for asking for more (query conventions, read 2026-11).

use std::time::Duration;

use serde_json::Value;
use tradewind_model::Timestamp;

use super::{Caller, Desk, Reply};
use crate::bitget::body::{self, Kind};
use crate::bitget::params::Params;
use crate::bitget::refusal::Refusal;
use crate::bitget::register::{Entry, Register};
use crate::exchange::{FillFilter, FillView, OrderFilter, OrderRef, OrderView};

/// Rows of one page.
const PAGE_MAX: usize = 100;
/// Of what happened within the cursor's millisecond, so many may be newer than it.
const SLACK: usize = 1_000;
/// The longest span of one question, and how far back one can ask.
const SPAN_MAX: Duration = Duration::from_secs(90 * 86_400);

/// Which rows are asked for.
#[derive(Clone, Copy, Debug)]
struct Page {
    older_than: Option<u64>,
    start: Option<Timestamp>,
    end: Option<Timestamp>,
    limit: usize,
}

impl Page {
    fn read(params: &Params) -> Result<Self, Refusal> {
        let page = Self {
            older_than: params.integer("idLessThan")?,
            start: params.time("startTime")?,
            end: params.time("endTime")?,
            limit: params.limit(PAGE_MAX, PAGE_MAX)?,
        };
        match (page.start, page.end) {
            (Some(start), Some(end)) if end < start => Err(Refusal::wrong("startTime")),
            (Some(start), Some(end)) if end.since(start) > SPAN_MAX => {
                Err(Refusal::window_too_wide())
            }
            _ => Ok(page),
        }
    }

    /// Whether a row of this id and time is wanted.
    fn holds(&self, id: u64, time: Timestamp) -> bool {
        let millis = time.as_millis();
        self.older_than.is_none_or(|cursor| id < cursor)
            && self.start.is_none_or(|start| start.as_millis() <= millis)
            && self.end.is_none_or(|end| millis <= end.as_millis())
    }

    /// The latest moment that a row can be of.
    fn end(&self) -> Option<Timestamp> {
        let cursor = self.older_than.map(Register::time_of);
        match (self.end, cursor) {
            (Some(end), Some(cursor)) => Some(end.min(cursor)),
            (end, cursor) => end.or(cursor),
        }
    }

    /// How many rows of one symbol are enough to have a page of all.
    const fn enough(&self) -> usize {
        if self.older_than.is_some() { self.limit + SLACK } else { self.limit }
    }
}

impl Desk {
    /// One order, in a list of none or one.
    pub(super) fn order_info(&self, caller: Caller, params: &Params) -> Reply {
        params.check_window(caller.now)?;
        let order = match (params.integer("orderId")?, params.get("clientOid")) {
            (Some(id), _) => self.by_id(caller, id),
            (None, Some(client_id)) => self.by_client_id(caller, client_id),
            (None, None) => return Err(Refusal::missing("orderId")),
        };
        let lag = self.config.order_read_lag_max;
        let order = order.filter(|order| self.is_visible(caller, lag, order));
        Ok(order.iter().filter_map(|order| self.order_row(caller, order, Kind::Told)).collect())
    }

    pub(super) fn open_orders(&self, caller: Caller, params: &Params) -> Reply {
        params.check_window(caller.now)?;
        let (orders, page) = self.open_page(caller, params)?;
        let lag = self.config.order_read_lag_max;
        Ok(self.page_of(caller, orders, page, lag, Kind::Open))
    }

    fn open_page(
        &self,
        caller: Caller,
        params: &Params,
    ) -> Result<(Vec<OrderView>, Page), Refusal> {
        let symbol = self.symbol_if_sent(params)?;
        let page = Page::read(params)?;
        let mut orders = self.exchange.open_orders(caller.account, symbol);
        if let Some(id) = params.integer("orderId")? {
            orders.retain(|order| self.register.order_id(order) == id);
        }
        Ok((orders, page))
    }

    /// Orders that are over.
    pub(super) fn order_history(&self, caller: Caller, params: &Params) -> Reply {
        params.check_window(caller.now)?;
        let symbol = self.symbol_if_sent(params)?;
        let page = Page::read(params)?;
        let lag = self.config.history_read_lag_max;
        if let Some(id) = params.integer("orderId")? {
            let order = self.by_id(caller, id).filter(|order| !order.status.is_open());
            let page = Page { older_than: None, start: None, end: None, ..page };
            return Ok(self.page_of(caller, order.into_iter().collect(), page, lag, Kind::Told));
        }
        let oldest = caller.now - SPAN_MAX;
        let page = Page { start: Some(page.start.unwrap_or(oldest).max(oldest)), ..page };
        let open = self.exchange.open_orders(caller.account, symbol).len();
        let filter = OrderFilter {
            from_id: None,
            start: None,
            end: page.end(),
            limit: page.enough() + open,
        };
        let mut orders = Vec::new();
        for symbol in self.symbols_of(symbol) {
            let all = self.exchange.all_orders(caller.account, symbol, &filter);
            orders.extend(all.into_iter().filter(|order| !order.status.is_open()));
        }
        Ok(self.page_of(caller, orders, page, lag, Kind::Told))
    }

    pub(super) fn fills(&self, caller: Caller, params: &Params) -> Reply {
        let symbol = self.symbol_if_sent(params)?;
        let page = Page::read(params)?;
        let oldest = caller.now - SPAN_MAX;
        let page = Page { start: Some(page.start.unwrap_or(oldest).max(oldest)), ..page };
        let of_order = match params.integer("orderId")? {
            None => None,
            Some(id) => match self.register.find(caller.account, id) {
                Some(known) => Some(known),
                None => return Ok(Value::Array(Vec::new())),
            },
        };
        let filter = FillFilter {
            order_id: of_order.map(|order| order.order_id),
            from_id: None,
            start: None,
            end: page.end(),
            limit: page.enough(),
        };
        let symbol = of_order.map_or(symbol, |order| Some(&*order.symbol));
        let lag = self.config.order_read_lag_max;
        let mut rows = Vec::new();
        for symbol in self.symbols_of(symbol) {
            for fill in self.exchange.my_trades(caller.account, symbol, &filter) {
                let id = self.register.trade_id(fill.time, symbol, fill.trade_id);
                let is_known = caller.now >= fill.time + self.lag(lag, fill.trade_id);
                if is_known && page.holds(id, fill.time) {
                    rows.push((id, fill));
                }
            }
        }
        rows.sort_unstable_by_key(|(id, _)| std::cmp::Reverse(*id));
        rows.truncate(page.limit);
        Ok(rows.iter().filter_map(|(id, fill)| self.fill_row(caller, *id, fill)).collect())
    }

    fn fill_row(&self, caller: Caller, id: u64, fill: &FillView) -> Option<Value> {
        let order = OrderRef::id(fill.order_id);
        let order = self.exchange.order(caller.account, &fill.symbol, &order).ok()?;
        let order_id = self.register.order_id(&order);
        Some(body::fill(caller.account, id, order_id, body::order_kind(order.kind), fill))
    }

    /// A page of orders that come in any order.
    fn page_of(
        &self,
        caller: Caller,
        orders: Vec<OrderView>,
        page: Page,
        lag: Duration,
        kind: Kind,
    ) -> Value {
        let rows = orders.into_iter().map(|order| (self.register.order_id(&order), order));
        let mut rows: Vec<_> = rows
            .filter(|(id, order)| page.holds(*id, order.time))
            .filter(|(_, order)| self.is_visible(caller, lag, order))
            .collect();
        rows.sort_unstable_by_key(|(id, _)| std::cmp::Reverse(*id));
        rows.truncate(page.limit);
        rows.iter().filter_map(|(_, order)| self.order_row(caller, order, kind)).collect()
    }

    fn order_row(&self, caller: Caller, order: &OrderView, kind: Kind) -> Option<Value> {
        let symbol = self.exchange.symbol(&order.symbol)?;
        let id = self.register.order_id(order);
        let known = self.register.find(caller.account, id);
        let fee = known.and_then(|entry: &Entry| entry.fee.as_ref());
        let fee = fee.map(|(coin, paid)| (&**coin, *paid));
        Some(body::order(caller.account, id, order, symbol, kind, fee))
    }

    fn by_id(&self, caller: Caller, id: u64) -> Option<OrderView> {
        let known = self.register.find(caller.account, id)?;
        let order = OrderRef::id(known.order_id);
        self.exchange.order(caller.account, &known.symbol, &order).ok()
    }

    /// The latest order under a client's id, while it can be asked about by that.
    fn by_client_id(&self, caller: Caller, client_id: &str) -> Option<OrderView> {
        let order = OrderRef::client(client_id);
        let symbols = self.exchange.symbols().iter();
        let known = symbols
            .filter_map(|symbol| self.exchange.order(caller.account, &symbol.symbol, &order).ok());
        let latest = known.max_by_key(|order| order.time)?;
        (caller.now.since(latest.time) <= self.config.client_id_lookup).then_some(latest)
    }

    fn is_visible(&self, caller: Caller, lag: Duration, order: &OrderView) -> bool {
        caller.now >= order.time + self.lag(lag, order.order_id)
    }

    /// The symbols that are meant: one, or all.
    fn symbols_of<'a>(&'a self, symbol: Option<&'a str>) -> Vec<&'a str> {
        let all = self.exchange.symbols().iter().map(|config| config.symbol.as_str());
        all.filter(|known| symbol.is_none_or(|symbol| symbol == *known)).collect()
    }
}
