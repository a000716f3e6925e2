//! What is true of the venue, for whoever runs it: a path that no venue has.
//!
//! It is answered past limits and the script of what goes wrong, and appears in no ledger. Only
//! this machine is meant to ask: the address that the venue listens on says who can.

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use serde_json::{Value, json};

use super::Venue;
use crate::account::AcceptedOrder;
use crate::front::AccountLedger;
use crate::venue::AnyVenue;

/// Where the ledger is.
const LEDGER: &str = "/simulator/ledger";
/// What all such paths begin with.
const PREFIX: &str = "/simulator/";

/// The answer, when the path is one of these.
pub(super) fn answer(venue: &Venue, request: &Request<Bytes>) -> Option<Response<Bytes>> {
    let path = request.uri().path();
    if !path.starts_with(PREFIX) {
        return None;
    }
    let (status, body) = if path == LEDGER && request.method() == Method::GET {
        let mut any = venue.lock();
        any.advance(venue.now());
        (StatusCode::OK, ledger(&any))
    } else {
        let message = format!("there is only GET {LEDGER}");
        (StatusCode::NOT_FOUND, json!({ "error": message }))
    };
    let mut response = Response::new(Bytes::from(body.to_string()));
    *response.status_mut() = status;
    let kind = HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    Some(response)
}

fn ledger(any: &AnyVenue) -> Value {
    let told = any.ledger();
    let accounts = told.accounts.iter().map(|one| {
        let ledger = any.exchange().ledger(one.account);
        account(one, ledger.map(|ledger| ledger.orders()).unwrap_or_default())
    });
    json!({
        "at": told.at.to_string(),
        "http_429": told.rate_limited,
        "http_418": told.banned,
        "accounts": accounts.collect::<Vec<_>>(),
    })
}

fn account(account: &AccountLedger, accepted: &[AcceptedOrder]) -> Value {
    let open = account.open_orders.iter().map(|order| {
        json!({
            "symbol": *order.symbol,
            "order_id": order.order_id,
            "client_order_id": order.client_order_id,
            "side": order.side.to_string(),
            "price": order.price,
            "qty": order.orig_qty,
            "executed_qty": order.executed_qty,
        })
    });
    let accepted = accepted.iter().map(|order| {
        json!({
            "symbol": *order.symbol,
            "order_id": order.order_id,
            "client_order_id": order.client_order_id,
        })
    });
    let position = account.position.iter().map(|(asset, net)| (asset.clone(), json!(net)));
    json!({
        "duplicates": account.duplicate_client_ids.len(),
        "orders_rejected": account.orders_rejected,
        "fills": account.fills.len(),
        "accepted": accepted.collect::<Vec<_>>(),
        "open_orders": open.collect::<Vec<_>>(),
        "position": position.collect::<serde_json::Map<_, _>>(),
    })
}
