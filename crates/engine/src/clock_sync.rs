//! The venue's clock, as well as it can be known.
//!
//! Each reading of the venue's time bounds its offset from ours: the venue read its clock at some
//! moment between our send and our receipt. The reading with the shortest round trip says it best;
//! it grows worse with its age, because two clocks drift apart, so of the last ten minutes the one
//! counts that leaves the least doubt now.
//!
//! Two things are given out. What a request is stamped with is the best that is known. What the
//! venue's windows are reckoned by moves slowly towards that, never in a step, so that no calendar
//! window is entered twice; what is still missing is part of the error that goes with it.
//!
//! A reading that contradicts the others makes the error wider instead of being believed or thrown
//! away. The next one decides: when it says the same, a clock was set, and the others are dropped;
//! else the odd one is. The first reading is taken as it is, and so is one after everything was
//! forgotten or where a clock was set by more than a second: to slew that far would leave every
//! window in doubt for minutes.

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
/// What is further than this is not approached but taken over.
const STEP_MIN_NANOS: u64 = 1_000_000_000;
/// The error of a clock of which nothing is known: as much as the scheduler reckons with.
const UNKNOWN: Duration = Duration::from_secs(30);

/// One reading.
#[derive(Clone, Copy, Debug)]
struct Sample {
    at: Timestamp,
    offset_nanos: i64,
    half_rtt: Duration,
    /// It contradicts the others, and nothing has borne it out.
    is_doubted: bool,
}

/// What a reading says of those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Agreement {
    /// The same.
    Agrees,
    /// Something else: this much lies between what the two allow. It is worth another reading.
    Contradicts {
        /// How far apart they are beyond all doubt.
        by: Duration,
    },
    /// What the contradicting one before it said: the older ones are not believed any more.
    Overrules,
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

    /// Whether there has been a reading since the start, or since everything was forgotten.
    #[must_use]
    pub fn is_known(&self) -> bool {
        !self.samples.is_empty()
    }

    /// Takes in a reading: asked at `sent`, answered by `received`, both by our clock.
    pub fn sample(&mut self, sent: Timestamp, received: Timestamp, venue: Timestamp) -> Agreement {
        let half_rtt = received.since(sent) / 2;
        let offset_nanos = difference_nanos(venue, sent + half_rtt);
        let mut sample = Sample { at: received, offset_nanos, half_rtt, is_doubted: false };
        // What it was on its way to until now, and only from now on to what this reading says.
        self.advance(received);
        let agreement = self.compare(sample);
        match agreement {
            // Whoever said something else is outvoted.
            Agreement::Agrees => self.samples.retain(|other| !other.is_doubted),
            Agreement::Contradicts { .. } => sample.is_doubted = true,
            Agreement::Overrules => {
                self.samples.retain(|other| contradiction(*other, sample, received).is_none());
                self.samples.iter_mut().for_each(|other| other.is_doubted = false);
                self.is_step_due |= offset_nanos.abs_diff(self.offset_nanos) > STEP_MIN_NANOS;
            }
        }
        if self.samples.len() == SAMPLES_MAX {
            self.samples.pop_front();
        }
        self.samples.push_back(sample);
        if self.is_step_due {
            self.is_step_due = false;
            self.offset_nanos = offset_nanos;
            self.slewed_at = received;
        }
        agreement
    }

    fn compare(&self, sample: Sample) -> Agreement {
        let contradicted = |other: &Sample| contradiction(*other, sample, sample.at);
        let believed = self.samples.iter().filter(|other| !other.is_doubted);
        let Some(by) = believed.filter_map(contradicted).max() else {
            return Agreement::Agrees;
        };
        let is_seconded = self.samples.back().is_some_and(|last| contradicted(last).is_none());
        if is_seconded { Agreement::Overrules } else { Agreement::Contradicts { by } }
    }

    /// Forgets every reading: the venue has refused a time we were sure of, or the machine's own
    /// clock has stood still.
    pub fn forget(&mut self) {
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

    /// Venue's clock less ours, in nanoseconds, as windows are reckoned by: it never steps.
    #[must_use]
    pub fn offset_nanos(&self) -> i64 {
        self.offset_nanos
    }

    /// The venue's clock at a moment of ours, as well as it is known: what requests are stamped
    /// with.
    #[must_use]
    pub fn venue_time(&self, at: Timestamp) -> Timestamp {
        at.offset_by(self.best_offset(at))
    }

    /// Our clock at a moment of the venue's.
    #[must_use]
    pub fn our_time(&self, venue: Timestamp) -> Timestamp {
        let about = venue.offset_by(self.offset_nanos.saturating_neg());
        venue.offset_by(self.best_offset(about).saturating_neg())
    }

    fn best_offset(&self, at: Timestamp) -> i64 {
        self.best(at).map_or(self.offset_nanos, |best| best.offset_nanos)
    }

    /// How far off the offset may be. Covers every reading that still counts.
    #[must_use]
    pub fn error_bound(&self, now: Timestamp) -> Duration {
        let Some(best) = self.best(now) else {
            return UNKNOWN;
        };
        let certain = uncertainty(best, now);
        let apart = self.samples.iter().filter_map(|sample| contradiction(best, *sample, now));
        let beyond = apart.max().unwrap_or_default();
        let still_to_slew = best.offset_nanos.abs_diff(self.offset_nanos);
        certain + beyond + Duration::from_nanos(still_to_slew)
    }

    /// The shortest round trip of the readings that count.
    #[must_use]
    pub fn least_rtt(&self) -> Option<Duration> {
        self.samples.iter().map(|sample| sample.half_rtt * 2).min()
    }

    fn best(&self, now: Timestamp) -> Option<Sample> {
        let all = self.samples.iter().copied();
        all.min_by_key(|sample| (sample.is_doubted, uncertainty(*sample, now)))
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

/// What lies between two readings beyond what either may be off; none when they agree.
fn contradiction(one: Sample, other: Sample, now: Timestamp) -> Option<Duration> {
    let apart = Duration::from_nanos(one.offset_nanos.abs_diff(other.offset_nanos));
    let beyond = apart.saturating_sub(uncertainty(one, now) + uncertainty(other, now));
    (!beyond.is_zero()).then_some(beyond)
}

fn difference_nanos(a: Timestamp, b: Timestamp) -> i64 {
    let size = i64::try_from(a.as_nanos().abs_diff(b.as_nanos())).unwrap_or(i64::MAX);
    if a >= b { size } else { -size }
}

#[cfg(test)]
mod tests;
