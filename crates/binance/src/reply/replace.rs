//! The answer to a cancel and a new order in one request: a fate for each.
//!
//! What is hard about it: every status but 200 may mean that something was done. 409 always does,
//! and a limit (429) stops the new order and not always the cancel. So the two results are read
//! wherever they stand, at the top of a success and under `data` of an error, each for itself, and
//! only an answer without them is judged as a whole (rest-api.md, cancel and replace, read
//! 2026-11).

use bytes::Bytes;
use http::{HeaderMap, Response, StatusCode};
use serde::Deserialize;
use serde_json::value::RawValue;
use tradewind_model::call::{NewOrder, OrderRef, Replacement};
use tradewind_model::id::Symbol;
use tradewind_model::outcome::{Fate, NotTaken, Reply};
use tradewind_model::report::ExecutionReport;

use super::{list, order};
use crate::errors::{self, VenueError};
use crate::number::Malformed;

/// The two results.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Results<'a> {
    cancel_result: String,
    new_order_result: String,
    #[serde(borrow)]
    cancel_response: Option<&'a RawValue>,
    #[serde(borrow)]
    new_order_response: Option<&'a RawValue>,
}

/// Where an error keeps them.
#[derive(Deserialize)]
struct Failure<'a> {
    #[serde(borrow)]
    data: Results<'a>,
}

/// What became of the cancel and of the new order.
pub(super) fn fates(replacement: &Replacement, response: &Response<Bytes>) -> (Fate, Fate) {
    let (status, body) = (response.status(), response.body());
    let both = |fate: Fate| (fate.clone(), fate);
    let results = match status.as_u16() {
        200 => match serde_json::from_slice::<Results<'_>>(body) {
            Ok(results) => Some(results),
            Err(error) => return both(errors::unreadable(200, body, &error.into())),
        },
        // A ban and a timeout say nothing of either, whatever stands below them.
        408 | 418 => None,
        400..=499 => serde_json::from_slice::<Failure<'_>>(body).ok().map(|failure| failure.data),
        _ => None,
    };
    let Some(results) = results else {
        return both(errors::rest_fate(status.as_u16(), response.headers(), body));
    };
    let leg = Leg { status, headers: response.headers() };
    let NewOrder { symbol, .. } = &replacement.order;
    (
        leg.fate(&results.cancel_result, results.cancel_response, |body| {
            canceled(body, symbol, replacement.cancel)
        }),
        leg.fate(&results.new_order_result, results.new_order_response, |body| {
            order::placed(body, &replacement.order)
        }),
    )
}

/// The answer to a cancel; it must be about that order, or it says nothing about it.
fn canceled(body: &[u8], symbol: &Symbol, order: OrderRef) -> Result<ExecutionReport, Malformed> {
    let report = list::canceled_one(body, symbol, order)?;
    if order::is_of(&report, order) {
        Ok(report)
    } else {
        Err(Malformed::field("cancelResponse", "is about another order"))
    }
}

/// What holds for both results.
struct Leg<'a> {
    status: StatusCode,
    headers: &'a HeaderMap,
}

impl Leg<'_> {
    fn fate(
        &self,
        result: &str,
        answer: Option<&RawValue>,
        read: impl Fn(&[u8]) -> Result<ExecutionReport, Malformed>,
    ) -> Fate {
        let body = answer.map_or("", RawValue::get).as_bytes();
        let status = self.status.as_u16();
        let unreadable = |problem: &Malformed| errors::unreadable(status, body, problem);
        match result {
            "SUCCESS" => match read(body) {
                Ok(report) => Fate::Done(Reply::Order(report)),
                Err(problem) => unreadable(&problem),
            },
            "FAILURE" => match serde_json::from_slice::<VenueError>(body) {
                Ok(error) => errors::leg_fate(&error, self.headers),
                Err(error) => unreadable(&error.into()),
            },
            "NOT_ATTEMPTED" => {
                let message = "the venue stopped when the part before it had failed";
                Fate::NotTaken(NotTaken::NotAttempted(message.to_owned()))
            }
            unknown => {
                let problem = format_args!("{unknown:?} is no result");
                unreadable(&Malformed::field("cancelResult or newOrderResult", problem))
            }
        }
    }
}
