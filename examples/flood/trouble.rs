//! What the venue is told before the flood: whom to tell apart, and which answers come late.

use std::time::Duration;

use tradewind_lab::STRANGER_AGENT;
use tradewind_simulator::binance::{Binance, Door, Fault, Pattern, Rule};

use crate::args::Plan;

/// Answers in a thousand that come late, each of [`PARTS`] equally long tails as often.
const TAILS_PERMILLE: u32 = 20;
const PARTS: u32 = 4;

/// Prepares the venue.
pub(crate) fn prepare(venue: &mut Binance, plan: &Plan) {
    venue.tell_apart(STRANGER_AGENT);
    for part in 1..=PARTS {
        if let Some(tail) = plan.tails {
            venue.add_fault(late(tail * part / PARTS));
        }
    }
}

fn late(by: Duration) -> Rule {
    let of = Pattern { door: Some(Door::Rest), ..Pattern::default() };
    Rule::sometimes(of, (TAILS_PERMILLE / PARTS).into(), Fault::AnswerHeld(by))
}
