//! What the more urgent classes have drawn from a limit, and so what must be left to them.
//!
//! Of each of the last windows two figures are kept a class: what it drew in all, and the most
//! that it drew within a moment. The first is a rate, and what it asks for shrinks as a window
//! passes; the second is a burst, which may come at any time and is kept to the very end. One
//! window of many is left out, so that a single outlier (a kill switch) does not hold back reads
//! for an hour.

use std::collections::VecDeque;
use std::time::Duration;

use tradewind_model::Timestamp;
use tradewind_model::tariff::Weight;

use crate::bucket::allowance::Kept;
use crate::bucket::span::Span;
use crate::config::Reserves;
use crate::ticket::Priority;

/// How many windows are remembered.
const WINDOWS: usize = 64;
/// From how many windows on the greatest is left out: one of them is then beyond the 97th
/// percentile of windows, and a burst in it beyond the 99.9th of moments.
const OUTLIER_FROM: usize = 32;
/// The classes that anything is kept for: all but the last.
const CLASSES: usize = 3;
/// The longest moment within which draws are one burst.
const MOMENT_MAX: Duration = Duration::from_secs(2);

/// What one class drew in one window.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    total: u64,
    burst: u64,
}

/// What the classes draw from one limit.
#[derive(Debug)]
pub(super) struct Habits {
    interval: Duration,
    moment_length: Duration,
    /// Whether every class may come to draw on it. Of a count of orders, nothing is kept but for
    /// those who were seen to draw on it: cancels never do.
    is_for_all: bool,
    window: Span,
    moment: Span,
    in_moment: [u64; CLASSES],
    current: [Tally; CLASSES],
    past: VecDeque<[Tally; CLASSES]>,
    learnt: [Tally; CLASSES],
    /// What each class must leave of a window of a capacity, as was last asked, until something
    /// else is learnt.
    asked: [Option<(Weight, Kept)>; CLASSES + 1],
}

impl Habits {
    pub(super) fn new(interval: Duration, is_for_all: bool) -> Self {
        Self {
            interval,
            moment_length: (interval / 30).min(MOMENT_MAX).max(Duration::from_nanos(1)),
            is_for_all,
            window: Span::NONE,
            moment: Span::NONE,
            in_moment: [0; CLASSES],
            current: Default::default(),
            past: VecDeque::new(),
            learnt: Default::default(),
            asked: Default::default(),
        }
    }

    /// A call of `class` leaves: at the venue's time `at` it draws `gross`, of which `net` stays
    /// drawn if it succeeds.
    pub(super) fn draw(&mut self, at: Timestamp, class: Priority, gross: Weight, net: Weight) {
        self.pass(at);
        let index = class.index();
        if gross == 0 || index >= CLASSES {
            return;
        }
        let moment = self.moment.or_of(at, self.moment_length);
        if moment != self.moment {
            self.moment = moment;
            self.in_moment = [0; CLASSES];
        }
        self.in_moment[index] += u64::from(gross);
        let tally = &mut self.current[index];
        tally.total += u64::from(net);
        tally.burst = tally.burst.max(self.in_moment[index]);
        self.grow(index);
    }

    /// A call of `class` failed, so what it would have been given back stays drawn.
    pub(super) fn fail(&mut self, class: Priority, lost: Weight) {
        let index = class.index();
        if index < CLASSES {
            self.current[index].total += u64::from(lost);
            self.grow(index);
        }
    }

    /// What `class` must leave of a window of this capacity. The reserves are always the same.
    pub(super) fn kept(&mut self, class: Priority, reserves: &Reserves, capacity: Weight) -> Kept {
        let asked = self.asked[class.index()];
        if let Some((_, kept)) = asked.filter(|(of, _)| *of == capacity) {
            return kept;
        }
        let kept = self.reckon(class, reserves, capacity);
        self.asked[class.index()] = Some((capacity, kept));
        kept
    }

    /// What [`kept`](Self::kept) would give, where it was asked for since anything was learnt.
    pub(super) fn last_kept(&self, class: Priority, capacity: Weight) -> Option<Kept> {
        let (of, kept) = self.asked[class.index()]?;
        (of == capacity).then_some(kept)
    }

    /// As [`kept`](Self::kept), but is not remembered.
    pub(super) fn reckon(&self, class: Priority, reserves: &Reserves, capacity: Weight) -> Kept {
        let mut kept = Kept::default();
        for higher in Priority::ALL.into_iter().take(class.index()) {
            let Some(reserve) = reserves.of(higher) else { continue };
            let learnt =
                if reserve.learns { self.learnt[higher.index()] } else { Tally::default() };
            if !self.is_for_all && learnt.burst == 0 && reserve.learns {
                continue;
            }
            // Never more than a quarter, whatever was asked for or learnt, so that no class can
            // close a window to the others.
            let (at_least, quarter) = (u64::from(reserve.at_least), u64::from(capacity / 4));
            let fixed = learnt.burst.max(at_least).min(quarter);
            let share = u64::from(capacity) * u64::from(reserve.permille) / 1_000;
            kept.fixed += fixed;
            // The floor contains what is kept at the least; what was learnt comes on top.
            kept.sloped += learnt.total.max(share.saturating_sub(fixed)).min(quarter - fixed);
            if reserve.learns {
                kept.tail += fixed.min(at_least.max(u64::from(capacity / 100)));
            }
        }
        kept
    }

    fn grow(&mut self, index: usize) {
        if self.past.len() < OUTLIER_FROM {
            let (learnt, current) = (&mut self.learnt[index], self.current[index]);
            if current.total > learnt.total || current.burst > learnt.burst {
                learnt.total = learnt.total.max(current.total);
                learnt.burst = learnt.burst.max(current.burst);
                // It concerns those who leave something to this class.
                self.asked[index + 1..].fill(None);
            }
        }
    }

    /// Closes the windows that lie before `at`.
    fn pass(&mut self, at: Timestamp) {
        if self.window.holds(at) {
            return;
        }
        let window = Span::of(at, self.interval);
        if window.index <= self.window.index {
            return;
        }
        let passed = match self.window.index {
            0 => 0,
            before => window.index - before,
        };
        self.window = window;
        for _ in 0..passed.min(WINDOWS as u64) {
            if self.past.len() == WINDOWS {
                self.past.pop_front();
            }
            self.past.push_back(std::mem::take(&mut self.current));
        }
        if passed > 0 {
            self.asked = Default::default();
            for index in 0..CLASSES {
                self.learnt[index] = Tally {
                    total: high(self.past.iter().map(|window| window[index].total)),
                    burst: high(self.past.iter().map(|window| window[index].burst)),
                };
            }
        }
    }
}

/// The greatest of a few, or of many the one after it.
fn high(values: impl ExactSizeIterator<Item = u64>) -> u64 {
    let leaves_out = values.len() >= OUTLIER_FROM;
    let (first, second) = values.fold((0, 0), |(first, second), value| {
        if value > first { (value, first) } else { (first, value.max(second)) }
    });
    if leaves_out { second } else { first }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Reserve;

    const MINUTE: Duration = Duration::from_secs(60);

    fn learning() -> Reserves {
        let reserve = Reserve { permille: 0, at_least: 0, learns: true };
        Reserves { critical: reserve, trade: reserve, query: reserve }
    }

    #[test]
    fn one_outlier_of_many_windows_is_not_learnt_and_old_habits_are_forgotten() {
        let mut habits = Habits::new(MINUTE, true);
        for window in 1..=200_u64 {
            let start = Timestamp::from_secs(window * 60);
            let orders = if window == 100 { 900 } else { 6 };
            for order in 0..orders {
                habits.draw(start + Duration::from_millis(order * 10), Priority::Trade, 1, 1);
            }
        }
        let kept = habits.kept(Priority::Query, &learning(), 6_000);
        assert_eq!(kept, Kept { fixed: 6, sloped: 6, tail: 6 });
        assert_eq!(habits.kept(Priority::Trade, &learning(), 6_000), Kept::default());
        habits.draw(Timestamp::from_secs(300 * 60), Priority::Background, 1, 1);
        assert_eq!(habits.kept(Priority::Query, &learning(), 6_000), Kept::default());
    }

    #[test]
    fn what_is_kept_is_never_more_than_a_quarter_a_class() {
        let mut habits = Habits::new(MINUTE, true);
        for _ in 0..500 {
            habits.draw(Timestamp::from_secs(6_000), Priority::Critical, 1, 1);
        }
        let kept = habits.kept(Priority::Background, &learning(), 100);
        assert_eq!(kept, Kept { fixed: 25, sloped: 0, tail: 1 });
    }
}
