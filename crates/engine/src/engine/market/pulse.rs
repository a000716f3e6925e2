//! How often a market's stream says something new, and when its silence is strange.

use std::time::Duration;

use tradewind_model::time::Timestamp;

/// So many news have to have come before a rhythm is made out.
const NEWS_MIN: u32 = 64;
/// A stream is busy when news come at least this often on average.
const BUSY_GAP_MAX: Duration = Duration::from_secs(1);
/// Silence is strange when it lasts so many times as long as is usual.
const GAPS: u32 = 20;
/// And at least this long.
const PATIENCE_MIN: Duration = Duration::from_secs(10);
/// However often a silence has turned out to be the market's own.
const PATIENCE_MAX: Duration = Duration::from_secs(300);

/// The rhythm of one stream.
#[derive(Clone, Debug, Default)]
pub(in crate::engine) struct Pulse {
    last: Timestamp,
    /// The time between two news, averaged over some sixteen.
    gap: Duration,
    news: u32,
    /// How long it may be silent now; none while it is as patient as the rhythm says.
    patience: Option<Duration>,
    /// When it was last looked at.
    looked_at: Timestamp,
}

impl Pulse {
    /// A socket begins: silence counts from now.
    pub(in crate::engine) fn begin(&mut self, now: Timestamp) {
        (self.last, self.looked_at) = (now, now);
    }

    /// Something new was said.
    pub(in crate::engine) fn beat(&mut self, now: Timestamp) {
        let gap = now.since(self.last).min(BUSY_GAP_MAX * 60);
        self.gap = self.gap - self.gap / 16 + gap / 16;
        self.last = now;
        self.news = self.news.saturating_add(1);
        self.patience = None;
    }

    /// From when on silence is strange; none where silence is usual.
    pub(in crate::engine) fn doubted_at(&self) -> Option<Timestamp> {
        if self.news < NEWS_MIN || self.gap > BUSY_GAP_MAX {
            return None;
        }
        let usual = (self.gap * GAPS).max(PATIENCE_MIN);
        Some(self.last.max(self.looked_at) + self.patience.unwrap_or(usual))
    }

    /// A silence was looked at, or is dealt with: the next look comes later.
    pub(in crate::engine) fn be_patient(&mut self, now: Timestamp) {
        let usual = (self.gap * GAPS).max(PATIENCE_MIN);
        let patience = self.patience.unwrap_or(usual);
        self.patience = Some((patience * 2).min(PATIENCE_MAX));
        self.looked_at = now;
    }

    pub(in crate::engine) fn has_beaten_since(&self, at: Timestamp) -> bool {
        self.last > at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_secs(1_790_000_000);

    fn after(news: u64, gap: Duration) -> Pulse {
        let mut pulse = Pulse::default();
        pulse.begin(NOW);
        for n in 1..=news {
            pulse.beat(NOW + gap * u32::try_from(n).unwrap());
        }
        pulse
    }

    #[test]
    fn a_busy_streams_silence_is_strange_and_a_quiet_ones_is_not() {
        let second = Duration::from_secs(1);
        assert_eq!(after(500, second * 5).doubted_at(), None, "news are rare");
        assert_eq!(after(10, second / 10).doubted_at(), None, "too few to tell");
        let pulse = after(500, second / 10);
        assert_eq!(pulse.doubted_at(), Some(NOW + second * 50 + second * 10));
        let pulse = after(500, second * 8 / 10);
        let doubted = pulse.doubted_at().unwrap();
        assert!(doubted > NOW + second * 400 + second * 15, "sixteen seconds, about");
    }

    #[test]
    fn each_look_that_finds_nothing_makes_the_next_come_later_until_something_is_said() {
        let second = Duration::from_secs(1);
        let mut pulse = after(500, second / 10);
        let looked = pulse.doubted_at().unwrap();
        pulse.be_patient(looked);
        assert_eq!(pulse.doubted_at(), Some(looked + second * 20));
        pulse.be_patient(looked + second * 20);
        assert_eq!(pulse.doubted_at(), Some(looked + second * 60));
        let said = looked + second * 61;
        pulse.beat(said);
        assert_eq!(pulse.doubted_at(), None, "not as busy as before");
        for n in 1..=500 {
            pulse.beat(said + second / 10 * n);
        }
        assert_eq!(pulse.doubted_at(), Some(said + second * 50 + second * 10));
    }
}
