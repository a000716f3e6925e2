//! When the bot is killed, and what makes the venue a hard one to be killed at.

use std::time::Duration;

use tradewind_lab::Chance;
use tradewind_simulator::front::{Fault, Pattern, Rule, RuleId};
use tradewind_simulator::server::Embedded;

use crate::args::Place;

/// How late reports of orders are, in milliseconds: more than an answer that is not held.
const REPORT_LATE: u64 = 250;
/// What becomes of orders: in so many of a thousand cases of those that are left, this.
const FATES: [(u64, Fault); 5] = [
    (50, Fault::RequestLost),
    (250, Fault::RequestHeld(Duration::from_millis(60))),
    (300, Fault::RequestHeld(Duration::from_millis(150))),
    (400, Fault::AnswerHeld(Duration::from_millis(200))),
    (1_000, Fault::AnswerHeld(Duration::from_millis(600))),
];

/// What goes wrong at the venue.
#[derive(Debug)]
pub(crate) struct Weather {
    fates: Vec<RuleId>,
}

impl Weather {
    /// Makes the venue slow, and lossy now and then.
    pub(crate) fn begin(venue: &Embedded, place: Place) -> Self {
        let (order, report) = match place {
            Place::Binance => ("POST /api/v3/order", "push execution*"),
            Place::Bitget => ("POST /api/v2/spot/trade/place-order", "push orders*"),
        };
        let late = Fault::AnswerHeld(Duration::from_millis(REPORT_LATE));
        venue.with(|venue, _| {
            venue.add_fault(Rule::always(Pattern::what(report), late));
            let fates = FATES.map(|(permille, fault)| {
                venue.add_fault(Rule::sometimes(Pattern::what(order), permille, fault))
            });
            Self { fates: fates.to_vec() }
        })
    }

    /// How many orders have reached the venue, those included that wait in front of it.
    pub(crate) fn arrived(&self, venue: &Embedded) -> u64 {
        venue.with(|venue, _| self.fates.iter().map(|id| venue.struck(*id)).sum())
    }

    /// Lets the venue be well again.
    pub(crate) fn end(venue: &Embedded) {
        venue.with(|venue, _| venue.clear_faults());
    }
}

/// The moment of a kill.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Aim {
    /// So many orders of this life have reached the venue, or none needs to.
    pub(crate) orders: u64,
    /// So long after that.
    pub(crate) after: Duration,
}

/// One kill in so many of a thousand is aimed at the start, whatever goes on then.
const AT_START_PERMILLE: u64 = 250;
/// How long a start takes, about.
const START: Duration = Duration::from_millis(900);
/// Orders of a life before it ends, at the most.
const ORDERS_MAX: u64 = 4;
/// How long an order is under way, about.
const UNDER_WAY: Duration = Duration::from_millis(280);

impl Aim {
    pub(crate) fn draw(chance: &mut Chance) -> Self {
        if chance.permille(AT_START_PERMILLE) {
            return Self { orders: 0, after: chance.up_to(START) };
        }
        Self { orders: 1 + chance.below(ORDERS_MAX), after: chance.up_to(UNDER_WAY) }
    }
}
