//! How much of a route is in use, as it is told to a router.
//!
//! What an engine shows is a moment: a limit of ten seconds is full after one burst, and empty
//! before anybody could have moved for it. What is told is a mean that goes halfway to a new moment
//! in some five seconds, once a second at the most and only when it has changed: an assignment is
//! made for hours.

use std::time::Duration;

use tradewind_engine::Usage;
use tradewind_model::{Decimal, Timestamp};

use crate::routes::Load;

/// How often it is looked.
const EVERY: Duration = Duration::from_secs(1);
/// A moment is one part of so many of the mean.
const MOMENTS: i64 = 8;
/// What changes by less, in hundredths, is not told.
const WORTH_TELLING: Decimal = Decimal::from_parts(2, 0, 0, false, 2);

/// The mean of what one route's engine shows.
#[derive(Clone, Copy, Debug, Default)]
pub struct LoadMeter {
    mean: Load,
    told: Option<Load>,
    due: Option<Timestamp>,
}

impl LoadMeter {
    /// Whether it is time to look again.
    #[must_use]
    pub fn is_due(&self, now: Timestamp) -> bool {
        self.due.is_none_or(|due| now >= due)
    }

    /// Takes what is in use at this moment, and gives what there is to tell; nothing before it is
    /// due, or when it is much as it was.
    pub fn look(&mut self, now: Timestamp, usage: Usage) -> Option<Load> {
        if !self.is_due(now) {
            return None;
        }
        self.due = Some(now + EVERY);
        self.mean = Load {
            orders: nearer(self.mean.orders, usage.orders),
            budget: nearer(self.mean.budget, usage.budget),
        };
        let has_changed = self.told.is_none_or(|told| {
            let by = |one: Decimal, other: Decimal| one.saturating_sub(other).abs();
            by(told.orders, self.mean.orders) >= WORTH_TELLING
                || by(told.budget, self.mean.budget) >= WORTH_TELLING
        });
        if !has_changed {
            return None;
        }
        self.told = Some(self.mean);
        self.told
    }
}

/// A part of the way from a mean to a moment. Ten-thousandths are enough, and keep it short.
fn nearer(mean: Decimal, moment: Decimal) -> Decimal {
    let moment = moment.clamp(Decimal::ZERO, Decimal::ONE);
    let step = moment.saturating_sub(mean).checked_div(Decimal::from(MOMENTS)).unwrap_or_default();
    mean.saturating_add(step).round_dp(4)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usage(percent: i64) -> Usage {
        Usage { orders: Decimal::ZERO, budget: Decimal::new(percent, 2) }
    }

    fn at(secs: u64) -> Timestamp {
        Timestamp::from_secs(1_000 + secs)
    }

    #[test]
    fn a_burst_is_forgotten_and_what_lasts_is_told() {
        let mut meter = LoadMeter::default();
        assert_eq!(meter.look(at(0), usage(0)), Some(Load::default()), "the first is news");
        let burst = meter.look(at(1), usage(100)).unwrap();
        assert!(burst.budget < Decimal::new(2, 1), "{burst:?}");
        let told: Vec<_> = (2..60).filter_map(|secs| meter.look(at(secs), usage(0))).collect();
        assert!(told.len() < 8 && told.last().unwrap().budget < Decimal::new(2, 2), "{told:?}");
        let lasting = (60..120).filter_map(|secs| meter.look(at(secs), usage(80))).last().unwrap();
        assert!(lasting.budget > Decimal::new(77, 2), "{lasting:?}");
    }

    #[test]
    fn it_is_told_once_a_second_at_the_most_and_never_without_a_change() {
        let mut meter = LoadMeter::default();
        meter.look(at(0), usage(50));
        let soon = at(0) + EVERY - Duration::from_nanos(1);
        assert_eq!((meter.is_due(soon), meter.look(soon, usage(100))), (false, None));
        let steady: Vec<_> = (1..600).filter_map(|secs| meter.look(at(secs), usage(50))).collect();
        assert!(steady.len() < 25, "{}", steady.len());
        assert!(steady.last().unwrap().budget > Decimal::new(47, 2));
    }
}
