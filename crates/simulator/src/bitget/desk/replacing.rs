//! An order in another's stead: the venue cancels the one and places the other, whatever has become
//! of the first meanwhile, and the second may fail when the first is gone (cancel-replace page, read
//! 2026-11).

use serde_json::json;

use super::canceling::replaced;
use super::placing::check_client_id;
use super::{Caller, Desk, Reply};
use crate::bitget::body;
use crate::bitget::params::Params;
use crate::exchange::{NewOrder, OrderKind, TimeInForce};

impl Desk {
    pub(super) fn replace(&mut self, caller: Caller, params: &Params) -> Reply {
        let (symbol, config) = self.symbol(params)?;
        let price = params.decimal("price", body::price_scale(config))?;
        let qty = params.decimal("size", body::size_scale(config))?;
        let new_id = params.get("newClientOid").map(check_client_id).transpose()?;
        let (symbol, new_id) = (symbol.to_owned(), new_id.map(str::to_owned));
        let old = self.cancel_one(caller, &symbol, params)?;
        let kind = match old.kind {
            OrderKind::LimitMaker { .. } => OrderKind::LimitMaker { price, qty },
            OrderKind::Limit { .. } | OrderKind::Market(_) | OrderKind::Contingent(_) => {
                OrderKind::Limit { price, qty, tif: TimeInForce::Gtc }
            }
        };
        let order = NewOrder::of(&symbol, old.side, kind);
        let order = match &new_id {
            Some(id) => order.with_id(id),
            None => order,
        };
        Ok(match self.place_order(caller, order) {
            Ok(order) => {
                let mut names = self.names(&order);
                if new_id.is_none() {
                    names["clientOid"] = json!(null);
                }
                replaced(names, None)
            }
            Err(refusal) => {
                self.failed_in_batch += 1;
                replaced(json!({"orderId": null, "clientOid": new_id}), Some(refusal))
            }
        })
    }

    pub(super) fn replace_batch(&mut self, caller: Caller, params: &Params) -> Reply {
        let done = params.list()?.iter().map(|item| match self.replace(caller, item) {
            Ok(data) => data,
            Err(refusal) => {
                let names = json!({
                    "orderId": item.get("orderId"),
                    "clientOid": item.get("clientOid"),
                });
                replaced(names, Some(refusal))
            }
        });
        Ok(done.collect())
    }
}
