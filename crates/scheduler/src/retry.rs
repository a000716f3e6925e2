//! What to do about a call, once it is known what became of it.
//!
//! One total table over what sending it twice does and what can be known of it. There is one cell
//! that matters more than all others: a new order whose fate is unknown is asked about, never sent
//! again.

use tradewind_model::call::Effect;
use tradewind_model::outcome::Fate;

/// What to do next about a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is over, well or badly.
    Settle,
    /// Send it again, later.
    Retry,
    /// Ask the venue what became of it.
    Reconcile,
}

/// Judges a call by what sending it twice does and by what became of it.
#[must_use]
pub const fn judge(effect: Effect, fate: &Fate) -> Verdict {
    match (effect, fate) {
        (Effect::Read | Effect::Idempotent | Effect::Once, Fate::Done(_) | Fate::Refused(_)) => {
            Verdict::Settle
        }
        (Effect::Read | Effect::Idempotent | Effect::Once, Fate::NotTaken(_))
        | (Effect::Read | Effect::Idempotent, Fate::Unknown(_)) => Verdict::Retry,
        (Effect::Once, Fate::Unknown(_)) => Verdict::Reconcile,
    }
}
