//! The venue's clock, as well as it can be known.
//!
//! Each reading of the venue's time bounds its offset from ours: the venue read its clock at some
//! moment between our send and our receipt. The reading with the shortest round trip of the last
//! ten minutes says it best. What is given out moves slowly towards that, never in a step, so that
//! no calendar window is entered twice; only the first reading, and one after the venue itself has
//! refused our time, are taken as they are.

use std::collections::VecDeque;
use std::time::Duration;

use tradewind_model::time::Timestamp;

/// How long a reading counts.
const WINDOW: Duration = Duration::from_secs(600);
/// Readings kept at the most.
const SAMPLES_MAX: usize = 64;
/// The largest error that a venue's millisecond adds.
const RESOLUTION: Duration = Duration::from_millis(1);
/// How far two good clocks drift apart: 100 parts in a million.
const DRIFT_PPM: u32 = 100;
/// How fast the offset may move: 5 % of the time that passes.
const SLEW_PER_SEC_NANOS: i64 = 50_000_000;

#[derive(Clone, Copy, Debug)]
struct Sample {
    at: Timestamp,
    offset_nanos: i64,
    half_rtt: Duration,
}

/// What is known of the venue's clock.
#[derive(Clone, Debug, Default)]
pub struct ClockSync {
    samples: VecDeque<Sample>,
    offset_nanos: i64,
    slewed_at: Timestamp,
    is_step_due: bool,
}

impl ClockSync {
    /// Nothing known yet.
    #[must_use]
    pub fn new() -> Self {
        Self { is_step_due: true, ..Self::default() }
    }

    /// Whether there has been a reading since the start, or since the venue refused our time.
    #[must_use]
    pub fn is_known(&self) -> bool {
        !self.samples.is_empty()
    }

    /// Takes in a reading: asked at `sent`, answered by `received`, both by our clock.
    pub fn sample(&mut self, sent: Timestamp, received: Timestamp, venue: Timestamp) {
        let half_rtt = received.since(sent) / 2;
        let middle = sent + half_rtt;
        let offset_nanos = difference_nanos(venue, middle);
        if self.samples.len() == SAMPLES_MAX {
            self.samples.pop_front();
        }
        self.samples.push_back(Sample { at: received, offset_nanos, half_rtt });
        self.expire(received);
        if self.is_step_due {
            self.is_step_due = false;
            self.offset_nanos = offset_nanos;
            self.slewed_at = received;
        }
    }

    /// Forgets every reading: the venue has refused a time we were sure of.
    pub fn invalidate(&mut self) {
        self.samples.clear();
        self.is_step_due = true;
    }

    /// Moves the offset towards the best reading, as far as the time since the last call allows.
    pub fn advance(&mut self, now: Timestamp) {
        self.expire(now);
        let Some(target) = self.best(now).map(|best| best.offset_nanos) else {
            return;
        };
        let elapsed_ms = i64::try_from(now.since(self.slewed_at).as_millis()).unwrap_or(i64::MAX);
        let most = elapsed_ms.saturating_mul(SLEW_PER_SEC_NANOS / 1_000);
        let step = target.saturating_sub(self.offset_nanos).clamp(-most, most);
        self.offset_nanos += step;
        self.slewed_at = now;
    }

    /// Venue's clock less ours, in nanoseconds.
    #[must_use]
    pub fn offset_nanos(&self) -> i64 {
        self.offset_nanos
    }

    /// The venue's clock at a moment of ours.
    #[must_use]
    pub fn venue_time(&self, at: Timestamp) -> Timestamp {
        at.offset_by(self.offset_nanos)
    }

    /// Our clock at a moment of the venue's.
    #[must_use]
    pub fn our_time(&self, venue: Timestamp) -> Timestamp {
        venue.offset_by(self.offset_nanos.saturating_neg())
    }

    /// How far off the offset may be. Covers every reading that still counts: one that contradicts
    /// the best makes the bound wider instead of being believed or thrown away.
    #[must_use]
    pub fn error_bound(&self, now: Timestamp) -> Duration {
        let Some(best) = self.best(now) else {
            return Duration::from_secs(1);
        };
        let bound = self.samples.iter().fold(uncertainty(best, now), |bound, sample| {
            let apart = best.offset_nanos.abs_diff(sample.offset_nanos);
            let beyond = Duration::from_nanos(apart)
                .saturating_sub(uncertainty(best, now) + uncertainty(*sample, now));
            bound.max(uncertainty(best, now) + beyond)
        });
        let still_to_slew = best.offset_nanos.abs_diff(self.offset_nanos);
        bound + Duration::from_nanos(still_to_slew)
    }

    fn best(&self, now: Timestamp) -> Option<Sample> {
        self.samples.iter().copied().min_by_key(|sample| uncertainty(*sample, now))
    }

    fn expire(&mut self, now: Timestamp) {
        while self.samples.len() > 1
            && self.samples.front().is_some_and(|oldest| now.since(oldest.at) > WINDOW)
        {
            self.samples.pop_front();
        }
    }
}

/// How far off one reading may be by now.
fn uncertainty(sample: Sample, now: Timestamp) -> Duration {
    sample.half_rtt + RESOLUTION + now.since(sample.at) * DRIFT_PPM / 1_000_000
}

fn difference_nanos(a: Timestamp, b: Timestamp) -> i64 {
    let size = i64::try_from(a.as_nanos().abs_diff(b.as_nanos())).unwrap_or(i64::MAX);
    if a >= b { size } else { -size }
}

#[cfg(test)]
mod tests;
