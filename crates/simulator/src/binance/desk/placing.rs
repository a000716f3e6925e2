//! Placing and canceling: the calls that change something.

use serde_json::json;

use super::terms::{ResponseType, cancel_restriction, not_supported, order_ref};
use super::{Caller, Desk, Reply};
use crate::binance::body::{self, Body, OrderAck, OrderResult};
use crate::binance::params::Params;
use crate::binance::refusal::Refusal;
use crate::exchange::{AccountId, CancelReject, Offering, Placement, Reject};

impl Desk {
    pub(super) fn place(
        &mut self,
        caller: Caller,
        account: AccountId,
        params: &mut Params,
    ) -> Reply {
        let (order, response) = self.read_order(params)?;
        params.finish()?;
        self.limits
            .order_headroom(caller.now, caller.ip, u64::from(account.0))
            .map_err(Refusal::limited)?;
        let placement = self.exchange.place(caller.now, account, order).map_err(rejected)?;
        self.limits.order_placed(caller.now, u64::from(account.0));
        Ok(placed(caller, response, &placement))
    }

    pub(super) fn test(&mut self, account: AccountId, params: &mut Params) -> Reply {
        let with_commission = params.flag("computeCommissionRates")?.unwrap_or(false);
        let (order, _) = self.read_order(params)?;
        params.finish()?;
        self.exchange.check(account, &order).map_err(rejected)?;
        let rates = if with_commission { self.commission_rates(account, true) } else { json!({}) };
        Ok(body::text(&rates))
    }

    pub(super) fn cancel(
        &mut self,
        caller: Caller,
        account: AccountId,
        params: &mut Params,
    ) -> Reply {
        let symbol = self.known_symbol(params)?;
        let order = order_ref(params)?;
        let new_id = params.client_id("newClientOrderId")?;
        let restriction = cancel_restriction(params)?;
        params.finish()?;
        let canceled =
            self.exchange.cancel(caller.now, account, &symbol, &order, new_id, restriction);
        Ok(body::canceled(caller.unit, &canceled.map_err(not_canceled)?))
    }

    pub(super) fn cancel_all(
        &mut self,
        caller: Caller,
        account: AccountId,
        params: &mut Params,
    ) -> Reply {
        let symbol = self.known_symbol(params)?;
        params.finish()?;
        let canceled = self.exchange.cancel_all(caller.now, account, &symbol);
        let canceled = canceled.map_err(not_canceled)?;
        Ok(body::list(canceled.iter().map(|cancel| body::canceled(caller.unit, cancel))))
    }
}

/// A placed order, as much of it as was asked for.
pub(super) fn placed(caller: Caller, response: ResponseType, placement: &Placement) -> Body {
    match response {
        ResponseType::Ack => body::text(&OrderAck::of(caller.unit, &placement.order)),
        ResponseType::Result => body::text(&OrderResult::of(caller.unit, &placement.order)),
        ResponseType::Full => body::text(&OrderResult::full(caller.unit, placement)),
    }
}

pub(super) fn rejected(reject: Reject) -> Refusal {
    let (code, text) = match reject {
        Reject::UnknownSymbol => return Refusal::invalid_symbol(),
        Reject::UnknownAccount => return Refusal::unknown_key(),
        Reject::TooLarge => return Refusal::overflow("quantity"),
        Reject::MarketClosed => (-2010, "Market is closed."),
        Reject::QtyZero => (-2010, "Price * QTY is zero or less."),
        Reject::Filter(name) => {
            return Refusal::bad(-1013, format!("Filter failure: {}", name.as_str()));
        }
        Reject::StpNotAllowed => {
            (-1013, "This symbol does not allow the specified self-trade prevention mode.")
        }
        Reject::IcebergExceedsQty => (-2010, "IcebergQty exceeds QTY."),
        Reject::UnsupportedCombination => (-2010, "Unsupported order combination"),
        Reject::DuplicateOrder => (-2010, "Duplicate order sent."),
        Reject::InsufficientBalance => {
            (-2010, "Account has insufficient balance for requested action.")
        }
        Reject::WouldMatch => (-2010, "Order would immediately match and take."),
        Reject::NoLiquidity => {
            (-2010, "Order book liquidity is less than LOT_SIZE filter minimum quantity.")
        }
        Reject::WouldTrigger => (-2010, "Order would trigger immediately."),
        Reject::OcoBadPrices => {
            (-2010, "The relationship of the prices for the orders is not correct.")
        }
        Reject::NotOffered(Offering::Contingent(kind)) => return not_offered(kind),
        Reject::NotOffered(Offering::Oco) => {
            (-2010, "OCO orders are not supported for this symbol")
        }
        Reject::NotOffered(Offering::CancelReplace) => {
            (-2010, "Order cancel-replace is not supported for this symbol.")
        }
    };
    Refusal::bad(code, text)
}

pub(super) fn not_canceled(reject: CancelReject) -> Refusal {
    match reject {
        CancelReject::UnknownSymbol => Refusal::invalid_symbol(),
        CancelReject::UnknownOrder => Refusal::unknown_order(),
        CancelReject::IdMismatch => {
            Refusal::bad(-2011, "Cancel order is invalid. Check origClOrdId and orderId.")
        }
        CancelReject::Restricted => {
            Refusal::bad(-2011, "Order was not canceled due to cancel restrictions.")
        }
    }
}

/// `STOP_LOSS_LIMIT` as the text of a refusal: `Stop loss limit orders`.
fn not_offered(kind: &str) -> Refusal {
    let words = kind.to_lowercase().replace('_', " ");
    let mut letters = words.chars();
    let first = letters.next().map(|letter| letter.to_ascii_uppercase());
    let sentence: String = first.into_iter().chain(letters).collect();
    not_supported(&format!("{sentence} orders"))
}
