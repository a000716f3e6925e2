//! The first calls of a process.
//!
//! An earlier life of this process, a minute ago, may have used up the windows that this one finds
//! empty. So calls leave an address one at a time until an answer has said what the venue counts,
//! or until the windows in which that life can have left anything have passed.

use std::collections::BTreeMap;
use std::time::Duration;

use tradewind_model::Timestamp;
use tradewind_model::id::EgressId;

use crate::bucket::LANDING_TAIL;
use crate::clock::VenueClock;

/// Which addresses are cold.
#[derive(Debug)]
pub(crate) struct ColdStart {
    is_on: bool,
    egresses: BTreeMap<EgressId, Egress>,
}

#[derive(Debug)]
struct Egress {
    first_call_at: Timestamp,
    is_warm: bool,
    in_flight: u32,
}

impl ColdStart {
    pub(crate) const fn new(is_on: bool) -> Self {
        Self { is_on, egresses: BTreeMap::new() }
    }

    /// Whether a call may leave `egress`, where the counter that would tell has windows of
    /// `interval`; none when there is no such counter to wait for.
    ///
    /// # Errors
    /// With the time at which it may at the latest; before that, when an answer has come.
    pub(crate) fn check(
        &self,
        now: Timestamp,
        clock: VenueClock,
        egress: &EgressId,
        interval: Option<Duration>,
    ) -> Result<(), Timestamp> {
        let Some(interval) = interval.filter(|_| self.is_on) else { return Ok(()) };
        let Some(egress) = self.egresses.get(egress) else { return Ok(()) };
        if egress.is_warm || egress.in_flight == 0 {
            return Ok(());
        }
        let landed = clock.latest(egress.first_call_at + LANDING_TAIL);
        let warm_at = clock.surely_past(landed.window_start(interval) + interval);
        if now >= warm_at { Ok(()) } else { Err(warm_at) }
    }

    /// A call leaves.
    pub(crate) fn leave(&mut self, now: Timestamp, egress: EgressId) {
        if !self.is_on {
            return;
        }
        self.egresses
            .entry(egress)
            .or_insert(Egress { first_call_at: now, is_warm: false, in_flight: 0 })
            .in_flight += 1;
    }

    /// A call is over; `has_read` tells whether its answer said what the venue counts.
    pub(crate) fn end(&mut self, egress: &EgressId, has_read: bool) {
        if let Some(egress) = self.egresses.get_mut(egress) {
            egress.in_flight = egress.in_flight.saturating_sub(1);
            egress.is_warm |= has_read;
        }
    }
}
