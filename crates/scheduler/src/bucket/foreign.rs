//! Others who draw on the same counter, as far as the venue's readings betray them.
//!
//! What a reading holds beyond all that we can have caused was somebody else. From how it grew, a
//! bound is forecast of what they will do until the window ends: their rate on a bad day for the
//! time that is left, a burst that may come at any moment, and what they may have done since the
//! venue was last heard. Who is not seen for an hour is forgotten.

use std::collections::VecDeque;
use std::time::Duration;

use tradewind_model::Timestamp;
use tradewind_model::tariff::Weight;

use crate::bucket::allowance::{Forecast, scale};
use crate::bucket::span::Span;

/// How long the counter must have been ours alone until the others are forgotten.
const CLEAN: Duration = Duration::from_secs(3_600);
/// How many stretches of a sixth of a window are remembered.
const STRETCHES: usize = 360;
/// How many bursts are remembered, one a stretch.
const PARTS: u32 = 6;
/// How many moments a window has.
const MOMENTS: u32 = 60;

/// What others do to one counter.
#[derive(Debug)]
pub(super) struct Foreign {
    interval: Duration,
    /// When they were last seen.
    seen_at: Option<Timestamp>,
    /// When a reading last came, and was asked for.
    read_at: Option<Timestamp>,
    window: u64,
    /// What they certainly used in that window.
    low: u64,
    stretch: Span,
    in_stretch: u64,
    moment: Span,
    in_moment: u64,
    burst: u64,
    /// Of each stretch: what they used, and the most within a moment.
    past: VecDeque<(u64, u64)>,
    learnt: (u64, u64),
}

impl Foreign {
    pub(super) fn new(interval: Duration) -> Self {
        Self {
            interval,
            seen_at: None,
            read_at: None,
            window: 0,
            low: 0,
            stretch: Span::NONE,
            in_stretch: 0,
            moment: Span::NONE,
            in_moment: 0,
            burst: 0,
            past: VecDeque::new(),
            learnt: (0, 0),
        }
    }

    /// A reading of window `index` came at the venue's time `at` for a call sent at `sent_at`;
    /// `low` of it cannot have been us.
    pub(super) fn read(&mut self, at: Timestamp, sent_at: Timestamp, index: u64, low: u64) {
        let Some(before) = self.read_at else {
            // What was used before our first call says nothing of a rate; it may have been an
            // earlier life of this process.
            (self.read_at, self.window, self.low) = (Some(sent_at), index, low);
            return;
        };
        self.read_at = Some(before.max(sent_at));
        if index < self.window {
            return;
        }
        if index > self.window {
            (self.window, self.low) = (index, 0);
        }
        self.pass(at);
        let grown = low.saturating_sub(self.low);
        if grown == 0 {
            return;
        }
        self.low = low;
        self.seen_at = Some(at);
        // After a silence, the growth is spread over it.
        let silence = at.since(before).min(at.since(at.window_start(self.interval)));
        let within = |part: Duration| scale(grown, part, silence.max(part));
        self.in_stretch += within(self.interval / PARTS);
        self.in_moment += within(self.interval / MOMENTS);
        self.burst = self.burst.max(self.in_moment);
        self.learnt.0 = self.learnt.0.max(self.in_stretch);
        self.learnt.1 = self.learnt.1.max(self.burst);
    }

    /// Whether they were ever seen.
    pub(super) const fn is_seen(&self) -> bool {
        self.seen_at.is_some()
    }

    /// What they may do in a window, as of `at`; one that has not begun has no beginning.
    pub(super) fn forecast(
        &self,
        at: Timestamp,
        begun_at: Option<Timestamp>,
        capacity: Weight,
    ) -> Forecast {
        let is_seen = self.seen_at.is_some_and(|seen_at| at.since(seen_at) < CLEAN);
        if !is_seen {
            return Forecast::default();
        }
        let capacity = u64::from(capacity);
        let rate = (self.learnt.0 * u64::from(PARTS)).min(capacity / 2);
        // 40 of Binance's 6000 to 94, or to 200 for who uses much. Of those who come at random
        // several bursts fall into one moment sooner or later, the sooner the more of them there
        // are; and where no room is left for that they are turned away, go on asking, and are
        // banned with us.
        let most = capacity.div_ceil(64).max(rate / 15);
        let burst = (self.learnt.1 * 6 / 5).clamp(capacity.div_ceil(150), most);
        // What they did since the venue was last heard, where that is in this window; bounded,
        // because when nothing leaves for fear of them, nothing is heard of them either.
        let silence = begun_at.map_or(Duration::ZERO, |start| {
            at.since(self.read_at.map_or(start, |read_at| read_at.max(start)))
        });
        let unheard = scale(rate, silence.min(self.interval / 12), self.interval);
        Forecast { fixed: burst + unheard, sloped: rate * 6 / 5 }
    }

    /// Closes the stretches that lie before `at`.
    fn pass(&mut self, at: Timestamp) {
        let moment = self.moment.or_of(at, part(self.interval, MOMENTS));
        if moment != self.moment {
            (self.moment, self.in_moment) = (moment, 0);
        }
        if self.stretch.holds(at) {
            return;
        }
        let stretch = Span::of(at, part(self.interval, PARTS));
        if stretch.index <= self.stretch.index {
            return;
        }
        let passed = match self.stretch.index {
            0 => 0,
            before => stretch.index - before,
        };
        self.stretch = stretch;
        for _ in 0..passed.min(STRETCHES as u64) {
            if self.past.len() == STRETCHES {
                self.past.pop_front();
            }
            let last = (std::mem::take(&mut self.in_stretch), std::mem::take(&mut self.burst));
            self.past.push_back(last);
        }
        if passed > 0 {
            let mut used: Vec<u64> = self.past.iter().map(|(used, _)| *used).collect();
            used.sort_unstable();
            let rank = (used.len() * 99).div_ceil(100).max(1) - 1;
            let burst = self.past.iter().map(|(_, burst)| *burst).max().unwrap_or(0);
            self.learnt = (used.get(rank).copied().unwrap_or(0), burst);
        }
    }
}

fn part(interval: Duration, parts: u32) -> Duration {
    (interval / parts).max(Duration::from_nanos(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    fn at(secs: u64) -> Timestamp {
        Timestamp::from_secs(1_800_057_600 + secs)
    }

    fn index(secs: u64) -> u64 {
        at(secs).window_index(MINUTE)
    }

    fn forecast(foreign: &Foreign, secs: u64) -> Forecast {
        foreign.forecast(at(secs), Some(at(secs).window_start(MINUTE)), 6_000)
    }

    #[test]
    fn a_stranger_is_reckoned_with_until_an_hour_without_it() {
        let mut foreign = Foreign::new(MINUTE);
        assert_eq!(forecast(&foreign, 0), Forecast::default());
        // The first reading may tell of an earlier life.
        foreign.read(at(1), at(1), index(1), 3_000);
        assert_eq!(forecast(&foreign, 1), Forecast::default());
        // 10 a second from then on.
        for secs in 2..600 {
            let low = if secs < 60 { 3_000 + (secs - 1) * 10 } else { secs % 60 * 10 };
            foreign.read(at(secs), at(secs), index(secs), low);
        }
        let heard = forecast(&foreign, 600);
        assert!((720..=800).contains(&heard.sloped), "{heard:?}");
        assert!((40..=60).contains(&heard.fixed), "{heard:?}");
        let silent = forecast(&foreign, 630);
        assert!(silent.fixed >= heard.fixed + 50, "{silent:?}");
        for secs in 600..4_300 {
            foreign.read(at(secs), at(secs), index(secs), 0);
        }
        assert_eq!(forecast(&foreign, 4_300), Forecast::default());
    }

    #[test]
    fn growth_after_a_silence_is_no_burst() {
        let mut foreign = Foreign::new(MINUTE);
        foreign.read(at(1), at(1), index(1), 0);
        foreign.read(at(51), at(51), index(51), 500);
        assert_eq!(forecast(&foreign, 51), Forecast { fixed: 40, sloped: 720 });
    }

    #[test]
    fn room_is_left_for_more_than_the_greatest_burst_the_more_the_more_is_used() {
        for (burst, room) in [(10, 40), (70, 84), (150, 94), (250, 100), (2_000, 200)] {
            let mut foreign = Foreign::new(MINUTE);
            foreign.read(at(1), at(1), index(1), 0);
            foreign.read(at(30), at(30), index(30), 0);
            foreign.read(at(31), at(31), index(31), burst);
            assert_eq!(forecast(&foreign, 31).fixed, room, "{burst}");
        }
    }
}
