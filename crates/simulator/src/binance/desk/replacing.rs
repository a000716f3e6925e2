//! Changing an order: cancel and place in one request, and a lower quantity in place.

use serde::Serialize;
use serde_json::json;

use super::placing::{not_canceled, placed, rejected};
use super::terms::{ResponseType, amount, cancel_restriction, order_ref};
use super::{Caller, Desk, Reply};
use crate::binance::body::{self, Body};
use crate::binance::config::Hints;
use crate::binance::params::Params;
use crate::binance::refusal::Refusal;
use crate::exchange::{
    AccountId, AmendReject, Canceled, OrderRef, Placement, ReplaceMode, Replacement,
};

/// What happens to the cancel when the account may place no order now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum OverLimit {
    DoNothing,
    CancelOnly,
}

/// What became of both parts.
struct Results {
    canceled: Result<Canceled, Refusal>,
    /// `None` when it was not attempted.
    placed: Option<Result<Placement, Refusal>>,
}

impl Desk {
    pub(super) fn replace(
        &mut self,
        caller: Caller,
        account: AccountId,
        params: &mut Params,
    ) -> Reply {
        let (replacement, response, over_limit) = self.read_replacement(params)?;
        params.finish()?;
        let holder = u64::from(account.0);
        if let Err(denied) = self.limits.order_headroom(caller.now, caller.ip, holder) {
            let limited = Refusal::limited(denied);
            return match over_limit {
                OverLimit::DoNothing => Err(limited),
                OverLimit::CancelOnly => self.cancel_only(caller, account, replacement, limited),
            };
        }
        let replaced = self.exchange.replace(caller.now, account, replacement).map_err(rejected)?;
        let results = Results {
            canceled: replaced.canceled.map_err(not_canceled),
            placed: replaced.placed.map(|placed| placed.map_err(rejected)),
        };
        // One that was not attempted counts too (rest-api.md, cancel and replace, read 2026-11).
        if !matches!(results.placed, Some(Err(_))) {
            self.limits.order_placed(caller.now, holder);
        }
        results.reply(caller, response, &self.config.hints)
    }

    /// The limit of orders leaves no room for the new one; the old one goes all the same.
    fn cancel_only(
        &mut self,
        caller: Caller,
        account: AccountId,
        replacement: Replacement,
        limited: Refusal,
    ) -> Reply {
        let Replacement { cancel, cancel_client_id, restriction, order, mode } = replacement;
        let symbol = &order.symbol;
        let canceled = self
            .exchange
            .cancel(caller.now, account, symbol, &cancel, cancel_client_id, restriction)
            .map_err(not_canceled);
        let stops = mode == ReplaceMode::StopOnFailure;
        let placed = if canceled.is_err() && stops { None } else { Some(Err(limited.clone())) };
        let hints = &self.config.hints;
        let reply = Results { canceled, placed }.reply(caller, ResponseType::Ack, hints);
        reply.map_err(|refusal| {
            if stops {
                Refusal { status: limited.status, retry_at: limited.retry_at, ..refusal }
            } else {
                refusal
            }
        })
    }

    fn read_replacement(
        &self,
        params: &mut Params,
    ) -> Result<(Replacement, ResponseType, OverLimit), Refusal> {
        let mode = match params.need("cancelReplaceMode")?.as_str() {
            "STOP_ON_FAILURE" => ReplaceMode::StopOnFailure,
            "ALLOW_FAILURE" => ReplaceMode::AllowFailure,
            _ => return Err(Refusal::invalid_data("cancelReplaceMode")),
        };
        let over_limit = match params.take("orderRateLimitExceededMode")?.as_deref() {
            None | Some("DO_NOTHING") => OverLimit::DoNothing,
            Some("CANCEL_ONLY") => OverLimit::CancelOnly,
            Some(_) => return Err(Refusal::invalid_data("orderRateLimitExceededMode")),
        };
        let order_id = params.integer("cancelOrderId")?;
        let client_order_id = params.client_id("cancelOrigClientOrderId")?;
        if order_id.is_none() && client_order_id.is_none() {
            return Err(Refusal::missing_either("cancelOrigClientOrderId", "cancelOrderId"));
        }
        let cancel_client_id = params.client_id("cancelNewClientOrderId")?;
        let restriction = cancel_restriction(params)?;
        let (order, response) = self.read_order(params)?;
        let cancel = OrderRef { order_id, client_order_id };
        let replacement = Replacement { cancel, cancel_client_id, restriction, order, mode };
        Ok((replacement, response, over_limit))
    }

    pub(super) fn amend(
        &mut self,
        caller: Caller,
        account: AccountId,
        params: &mut Params,
    ) -> Reply {
        let symbol = self.known_symbol(params)?;
        let order = order_ref(params)?;
        let new_id = params.client_id("newClientOrderId")?;
        let precision = self.exchange.symbol(&symbol).map_or(0, |config| config.base_precision);
        let qty = amount(params, "newQty", precision)?;
        let qty = qty.ok_or_else(|| Refusal::missing("newQty"))?;
        params.finish()?;
        let amended = self.exchange.amend(caller.now, account, &symbol, &order, new_id, qty);
        Ok(body::amended(caller.unit, &amended.map_err(not_amended)?))
    }
}

/// Both results in one answer.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ReplaceBody {
    cancel_result: &'static str,
    new_order_result: &'static str,
    cancel_response: Body,
    /// None where it was not attempted.
    new_order_response: Option<Body>,
}

impl Results {
    /// Both results in one answer. Unless both are successes, it is an error that holds them.
    fn reply(self, caller: Caller, response: ResponseType, hints: &Hints) -> Reply {
        let canceled = match &self.canceled {
            Ok(canceled) => ("SUCCESS", body::canceled(caller.unit, canceled)),
            Err(refusal) => ("FAILURE", body::text(&refusal.body(hints))),
        };
        let placed = match &self.placed {
            Some(Ok(placement)) => ("SUCCESS", Some(placed(caller, response, placement))),
            Some(Err(refusal)) => ("FAILURE", Some(body::text(&refusal.body(hints)))),
            None => ("NOT_ATTEMPTED", None),
        };
        let results = ReplaceBody {
            cancel_result: canceled.0,
            new_order_result: placed.0,
            cancel_response: canceled.1,
            new_order_response: placed.1,
        };
        let (status, code, text) = match (&self.canceled, &self.placed) {
            (Ok(_), Some(Ok(_))) => return Ok(body::text(&results)),
            (Ok(_), _) | (_, Some(Ok(_))) => (409, -2021, "Order cancel-replace partially failed."),
            (Err(_), _) => (400, -2022, "Order cancel-replace failed."),
        };
        Err(Refusal { status, data: Some(json!(results)), ..Refusal::bad(code, text) })
    }
}

fn not_amended(reject: AmendReject) -> Refusal {
    let (code, text) = match reject {
        AmendReject::UnknownSymbol => return Refusal::invalid_symbol(),
        AmendReject::Filter(name) => {
            return Refusal::bad(-1013, format!("Filter failure: {}", name.as_str()));
        }
        AmendReject::NotOffered => (-2038, "Order amend is not supported for this symbol."),
        AmendReject::MarketClosed => (-2038, "Market is closed."),
        AmendReject::UnknownOrder => (-2038, "Unknown order sent."),
        AmendReject::IdMismatch => {
            (-2038, "Cancel order is invalid. Check origClOrdId and orderId.")
        }
        AmendReject::DuplicateOrder => (-2038, "Duplicate order sent."),
        AmendReject::QtyZero => (-2038, "Price * QTY is zero or less."),
        AmendReject::Increase => (-2038, "Order amend (quantity increase) is not supported."),
        AmendReject::NoChange => (-2038, "The requested action would change no state; rejecting."),
        AmendReject::TooManyAmends => (-2038, "Filter failure: MAX_NUM_ORDER_AMENDS"),
    };
    Refusal::bad(code, text)
}
