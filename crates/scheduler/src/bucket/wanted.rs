//! Who is to be told when there may be room again.

use crate::bucket::allowance::Forecast;

/// Who found no room, and so has to be told when there may be some.
#[derive(Clone, Copy, Debug)]
pub(super) enum Wanted {
    /// Nobody.
    Never,
    /// Whoever did found no less than this counted. While it is no less, they need not ask again
    /// before the time that they were told.
    Below(Counted),
    /// To be told of any change.
    Anyhow,
}

/// What a window holds and may come to hold.
#[derive(Clone, Copy, Debug)]
pub(super) struct Counted {
    pub(super) index: u64,
    pub(super) bound: u64,
    pub(super) foreign: Forecast,
}

impl Counted {
    /// The more of each, of the same window.
    pub(super) fn max(self, other: Self) -> Self {
        Self {
            index: self.index,
            bound: self.bound.max(other.bound),
            foreign: Forecast {
                fixed: self.foreign.fixed.max(other.foreign.fixed),
                sloped: self.foreign.sloped.max(other.foreign.sloped),
            },
        }
    }

    /// Whether any of it is less.
    pub(super) const fn is_below(&self, other: &Self) -> bool {
        self.bound < other.bound
            || self.foreign.fixed < other.foreign.fixed
            || self.foreign.sloped < other.foreign.sloped
    }
}
