//! Canceling orders. An answer says that the cancel was taken; that the order is gone is told by the
//! stream and by queries.

use std::time::Duration;

use serde_json::{Value, json};
use tradewind_model::Timestamp;

use super::placing::batch;
use super::{Caller, Desk, Reply};
use crate::bitget::params::Params;
use crate::bitget::refusal::Refusal;
use crate::exchange::{CancelRestriction, OrderRef, OrderView};

/// One order may be asked to be canceled once in this time (`45129`).
const CANCEL_EVERY: Duration = Duration::from_secs(1);
/// Past so many the old ones are swept out.
const ASKED_MAX: usize = 4_096;

impl Desk {
    pub(super) fn cancel(&mut self, caller: Caller, params: &Params) -> Reply {
        let symbol = self.symbol(params)?.0.to_owned();
        self.cancel_one(caller, &symbol, params).map(|order| self.names(&order))
    }

    pub(super) fn cancel_batch(&mut self, caller: Caller, params: &Params) -> Reply {
        let shared = match params.get("batchMode").unwrap_or("single") {
            "single" => Some(self.symbol(params)?.0.to_owned()),
            "multiple" => None,
            other => return Err(Refusal::unknown(other)),
        };
        let done = params.list()?.iter().map(|item| {
            let symbol = match &shared {
                Some(symbol) => Ok(symbol.clone()),
                None => item.need("symbol").map(str::to_owned),
            };
            let done = symbol.and_then(|symbol| self.cancel_one(caller, &symbol, item));
            (item, done.map(|order| self.names(&order)))
        });
        Ok(batch(done))
    }

    /// Cancels all there is on a symbol; that there is nothing is no error.
    pub(super) fn cancel_symbol(&mut self, caller: Caller, params: &Params) -> Reply {
        let symbol = self.symbol(params)?.0.to_owned();
        match self.exchange.cancel_all(caller.now, caller.account, &symbol) {
            // The answer is the same: how many there were is told by nobody.
            Ok(_) | Err(_) => Ok(json!({"symbol": symbol})),
        }
    }

    /// Cancels one open order by whichever of its names is sent; the venue's counts if both are.
    pub(super) fn cancel_one(
        &mut self,
        caller: Caller,
        symbol: &str,
        params: &Params,
    ) -> Result<OrderView, Refusal> {
        let order = self.named(caller, params)?;
        if let Some(id) = params.integer("orderId")? {
            self.check_pace(caller.now, id)?;
        }
        let canceled = self.exchange.cancel(
            caller.now,
            caller.account,
            symbol,
            &order,
            None,
            CancelRestriction::Any,
        );
        let canceled = canceled.map_err(Refusal::cancel)?;
        let order = canceled.orders().first().map(|cancellation| cancellation.order.clone());
        order.ok_or_else(Refusal::no_such_order)
    }

    /// The order that a request names, as the exchange knows it.
    pub(super) fn named(&self, caller: Caller, params: &Params) -> Result<OrderRef, Refusal> {
        if let Some(id) = params.integer("orderId")? {
            let known = self.register.find(caller.account, id);
            let known = known.ok_or_else(Refusal::no_such_order)?;
            return Ok(OrderRef::id(known.order_id));
        }
        let client_id = params.get("clientOid").ok_or_else(|| Refusal::missing("orderId"))?;
        Ok(OrderRef::client(client_id))
    }

    fn check_pace(&mut self, now: Timestamp, id: u64) -> Result<(), Refusal> {
        if self.asked_to_cancel.len() >= ASKED_MAX {
            self.asked_to_cancel.retain(|_, at| now.since(*at) < CANCEL_EVERY);
        }
        let before = self.asked_to_cancel.insert(id, now);
        match before.filter(|at| now.since(*at) < CANCEL_EVERY) {
            None => Ok(()),
            Some(at) => {
                // What is refused begins no second of its own.
                self.asked_to_cancel.insert(id, at);
                Err(Refusal::bad("45129", "The same order can only be canceled once per second"))
            }
        }
    }
}

/// The data of a replacement.
pub(super) fn replaced(names: Value, refusal: Option<Refusal>) -> Value {
    let mut data = names;
    data["success"] = if refusal.is_none() { "success" } else { "failure" }.into();
    data["msg"] = refusal.map_or(Value::Null, |refusal| refusal.msg.into());
    data
}
