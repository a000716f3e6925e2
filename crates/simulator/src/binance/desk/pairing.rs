//! Pairs of orders of which one cancels the other: placing, canceling, asking.

use rust_decimal::Decimal;

use super::placing::{not_canceled, placed, rejected};
use super::terms::{Names, ResponseType, amount, asked_response_type, side, stp_mode, waiting};
use super::{Caller, Desk, Reply};
use crate::binance::body;
use crate::binance::params::Params;
use crate::binance::refusal::Refusal;
use crate::exchange::{
    AccountId, CancelReject, Contingent, NewOco, OrderKind, OrderListRef, QueryReject, Side,
    SymbolConfig, Trigger,
};

/// Where one of the orders lies, by which its parameters are named.
struct Leg {
    kind: &'static str,
    client_order_id: &'static str,
    iceberg_qty: &'static str,
    strategy_id: &'static str,
    strategy_type: &'static str,
    peg: &'static str,
    names: Names,
}

const ABOVE: Leg = Leg {
    kind: "aboveType",
    client_order_id: "aboveClientOrderId",
    iceberg_qty: "aboveIcebergQty",
    strategy_id: "aboveStrategyId",
    strategy_type: "aboveStrategyType",
    peg: "abovePegPriceType",
    names: Names {
        price: "abovePrice",
        stop_price: "aboveStopPrice",
        trailing_delta: "aboveTrailingDelta",
        time_in_force: "aboveTimeInForce",
    },
};

const BELOW: Leg = Leg {
    kind: "belowType",
    client_order_id: "belowClientOrderId",
    iceberg_qty: "belowIcebergQty",
    strategy_id: "belowStrategyId",
    strategy_type: "belowStrategyType",
    peg: "belowPegPriceType",
    names: Names {
        price: "belowPrice",
        stop_price: "belowStopPrice",
        trailing_delta: "belowTrailingDelta",
        time_in_force: "belowTimeInForce",
    },
};

impl Desk {
    pub(super) fn place_oco(
        &mut self,
        caller: Caller,
        account: AccountId,
        params: &mut Params,
    ) -> Reply {
        let (pair, response) = self.read_pair(params)?;
        params.finish()?;
        let holder = u64::from(account.0);
        self.limits.order_headroom(caller.now, caller.ip, holder).map_err(Refusal::limited)?;
        let accepted = self.exchange.place_oco(caller.now, account, &pair).map_err(rejected)?;
        for _ in &accepted.orders {
            self.limits.order_placed(caller.now, holder);
        }
        Ok(body::oco_placed(caller.unit, &accepted, |order| placed(caller, response, order)))
    }

    fn read_pair(&self, params: &mut Params) -> Result<(NewOco, ResponseType), Refusal> {
        let symbol = params.symbol()?;
        let side = side(params)?;
        let config = self.exchange.symbol(&symbol).ok_or_else(Refusal::invalid_symbol)?;
        let client_list_id = params.client_id("listClientOrderId")?;
        let qty = amount(params, "quantity", config.base_precision)?;
        let qty = qty.ok_or_else(|| Refusal::missing("quantity"))?;
        let above = ABOVE.read(config, params, qty)?;
        let below = BELOW.read(config, params, qty)?;
        check_legs(side, &above.0, &below.0)?;
        let stp = stp_mode(params)?;
        let response = asked_response_type(params)?.unwrap_or(ResponseType::Ack);
        Ok((NewOco { symbol, side, client_list_id, above, below, stp }, response))
    }

    pub(super) fn cancel_list(
        &mut self,
        caller: Caller,
        account: AccountId,
        params: &mut Params,
    ) -> Reply {
        let symbol = self.known_symbol(params)?;
        let list = list_ref(params, "listClientOrderId")?;
        let new_id = params.client_id("newClientOrderId")?;
        params.finish()?;
        let canceled = self.exchange.cancel_list(caller.now, account, &symbol, &list, new_id);
        let canceled = canceled.map_err(|reject| match reject {
            CancelReject::UnknownOrder => Refusal::unknown_list(),
            CancelReject::UnknownSymbol | CancelReject::IdMismatch | CancelReject::Restricted => {
                not_canceled(reject)
            }
        })?;
        Ok(body::canceled(caller.unit, &canceled))
    }

    pub(super) fn order_list(
        &self,
        caller: Caller,
        account: AccountId,
        params: &mut Params,
    ) -> Reply {
        let wanted = list_ref(params, "origClientOrderId")?;
        params.finish()?;
        let list = self.exchange.order_list(account, &wanted).map_err(|reject| match reject {
            QueryReject::UnknownSymbol | QueryReject::UnknownOrder | QueryReject::IdMismatch => {
                Refusal::no_such_list()
            }
        })?;
        Ok(body::order_list(caller.unit, &list))
    }

    pub(super) fn open_order_lists(
        &self,
        caller: Caller,
        account: AccountId,
        params: &Params,
    ) -> Reply {
        params.finish()?;
        let lists = self.exchange.open_order_lists(account);
        Ok(body::list(lists.iter().map(|list| body::order_list(caller.unit, list))))
    }
}

impl Leg {
    /// Its kind and its client order id.
    fn read(
        &self,
        config: &SymbolConfig,
        params: &mut Params,
        qty: Decimal,
    ) -> Result<(OrderKind, Option<String>), Refusal> {
        if params.has(self.peg) {
            return Err(super::terms::not_supported("Pegged orders"));
        }
        let word = params.need(self.kind)?;
        let kind = match (word.as_str(), waiting(&word)) {
            (_, Some(waits)) => {
                OrderKind::Contingent(waits.terms(config, params, &self.names, qty)?)
            }
            ("LIMIT_MAKER", None) => {
                for name in
                    [self.names.stop_price, self.names.trailing_delta, self.names.time_in_force]
                {
                    params.forbid(name)?;
                }
                let price = amount(params, self.names.price, config.quote_precision)?;
                let price = price.ok_or_else(|| Refusal::missing(self.names.price))?;
                OrderKind::LimitMaker { price, qty }
            }
            ("LIMIT" | "MARKET", None) => {
                return Err(Refusal::bad(-1158, "Order type not supported in OCO."));
            }
            (_, None) => return Err(Refusal::invalid_order_type()),
        };
        // Labels are checked, and then nobody needs them here; there are no icebergs in pairs.
        params.integer(self.strategy_id)?;
        if params.integer(self.strategy_type)?.is_some_and(|kind| kind < 1_000_000) {
            return Err(Refusal::bad(-1134, "strategyType was less than 1000000."));
        }
        if params.has(self.iceberg_qty) {
            return Err(super::terms::not_supported("Iceberg orders"));
        }
        Ok((kind, params.client_id(self.client_order_id)?))
    }
}

/// One takes a profit and the other stops a loss, each on its side of the market (errors.md,
/// -1165 to -1199, read 2026-11).
fn check_legs(side: Side, above: &OrderKind, below: &OrderKind) -> Result<(), Refusal> {
    if !above.is_contingent() && !below.is_contingent() {
        return Err(Refusal::bad(-1168, "At least one OCO order must be contingent."));
    }
    let trigger = |kind: &OrderKind| match kind {
        OrderKind::Contingent(Contingent { trigger, .. }) => Some(*trigger),
        OrderKind::Limit { .. } | OrderKind::LimitMaker { .. } | OrderKind::Market(_) => None,
    };
    let (code, text) = match (side, trigger(above), trigger(below)) {
        (Side::Sell, Some(Trigger::StopLoss), _) => {
            (-1197, "A stop loss order in a sell OCO must be below.")
        }
        (Side::Sell, _, Some(Trigger::TakeProfit)) => {
            (-1199, "A take profit order in a sell OCO must be above.")
        }
        (Side::Sell, _, None) => (-1166, "A limit order in a sell OCO must be above."),
        (Side::Buy, _, Some(Trigger::StopLoss)) => {
            (-1196, "A stop loss order in a buy OCO must be above.")
        }
        (Side::Buy, Some(Trigger::TakeProfit), _) => {
            (-1198, "A take profit order in a buy OCO must be below.")
        }
        (Side::Buy, None, _) => (-1165, "A limit order in a buy OCO must be below."),
        (Side::Sell, _, Some(Trigger::StopLoss)) | (Side::Buy, Some(Trigger::StopLoss), _) => {
            return Ok(());
        }
    };
    Err(Refusal::bad(code, text))
}

/// Which list is meant.
fn list_ref(params: &mut Params, client_name: &'static str) -> Result<OrderListRef, Refusal> {
    let list_id = params.integer("orderListId")?;
    let client_list_id = params.client_id(client_name)?;
    if list_id.is_none() && client_list_id.is_none() {
        return Err(Refusal::missing_either(client_name, "orderListId"));
    }
    Ok(OrderListRef { list_id, client_list_id })
}
