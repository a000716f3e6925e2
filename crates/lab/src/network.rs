//! A network that delays, loses and cuts, by its seed.

use std::time::Duration;

use tradewind_model::time::Timestamp;

use crate::chance::Chance;

/// What may go wrong on the way, in thousandths of the occasions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Weather {
    /// One way takes at most so long; at least a tenth of it.
    pub delay_max: Duration,
    /// An answer takes so much longer.
    pub tail: Duration,
    /// How often it does.
    pub tails_permille: u64,
    /// The venue does what was asked, and nobody hears of it.
    pub lost_answers_permille: u64,
    /// The connection cannot be made.
    pub refused_permille: u64,
    /// A socket dies about so often; never when none.
    pub cut_every: Option<Duration>,
}

impl Weather {
    /// Nothing goes wrong.
    pub const FAIR: Self = Self {
        delay_max: Duration::from_millis(5),
        tail: Duration::ZERO,
        tails_permille: 0,
        lost_answers_permille: 0,
        refused_permille: 0,
        cut_every: None,
    };

    /// Everything that leaves the venue's word in the end goes wrong.
    pub const FOUL: Self = Self {
        delay_max: Duration::from_millis(80),
        tail: Duration::from_secs(3),
        tails_permille: 20,
        lost_answers_permille: 100,
        refused_permille: 30,
        cut_every: Some(Duration::from_secs(10)),
    };
}

/// What becomes of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Passage {
    /// It arrives then, and the answer comes back so much later.
    Whole { arrives: Timestamp, back: Duration },
    /// It arrives then, and the answer is lost.
    AnswerLost { arrives: Timestamp },
    /// It does not leave.
    Refused { at: Timestamp },
}

/// The way between one instance and the venue.
#[derive(Debug)]
pub(crate) struct Network {
    pub(crate) weather: Weather,
    chance: Chance,
}

impl Network {
    pub(crate) const fn new(weather: Weather, seed: u64) -> Self {
        Self { weather, chance: Chance::new(seed, 1) }
    }

    /// How long one way takes.
    pub(crate) fn delay(&mut self) -> Duration {
        let least = self.weather.delay_max / 10;
        least + self.chance.up_to(self.weather.delay_max - least)
    }

    pub(crate) fn request(&mut self, now: Timestamp) -> Passage {
        if self.chance.permille(self.weather.refused_permille) {
            return Passage::Refused { at: now + self.delay() };
        }
        let arrives = now + self.delay();
        if self.chance.permille(self.weather.lost_answers_permille) {
            return Passage::AnswerLost { arrives };
        }
        let mut back = self.delay();
        if self.chance.permille(self.weather.tails_permille) {
            back += self.weather.tail;
        }
        Passage::Whole { arrives, back }
    }

    /// When a socket that is made now dies; never when none.
    pub(crate) fn cut(&mut self, now: Timestamp) -> Option<Timestamp> {
        let every = self.weather.cut_every?;
        Some(now + self.chance.up_to(every * 2))
    }
}
