//! What an operator chooses.

use std::time::Duration;

use tradewind_model::money::Quantity;

/// What becomes of orders that rest where a venue has shut its door.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnShut {
    /// They stay and count; only new intents go elsewhere.
    #[default]
    NewOnly,
    /// They are placed again elsewhere as well.
    Mirror {
        /// The most, in base asset, that may come to be held or sold by then, should each order and
        /// its mirror trade in full.
        cap: Quantity,
    },
}

/// What becomes of orders that rested there once it is open again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnOpen {
    /// They are canceled before anything new goes there. Orders that wait for a trigger stay: what
    /// they protect is held there and nowhere else.
    #[default]
    CancelFirst,
    /// They stay.
    Keep,
}

/// How a router goes about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// What becomes of what rests where it is shut.
    pub on_shut: OnShut,
    /// What becomes of it afterwards.
    pub on_open: OnOpen,
    /// How long home has to be healthy before intents go there again, and the time in which new
    /// intents of a strategy on an instrument are moved at most once. Five minutes unless chosen
    /// otherwise: most bans begin at two.
    pub window: Duration,
    /// How long a stale route is borne with: five seconds unless chosen otherwise, within which
    /// most streams are up again.
    pub patience: Duration,
    /// The most that a strategy may come to hold of an instrument, or to have sold, over all
    /// routes, in base asset; none for no such limit.
    pub most: Option<Quantity>,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            on_shut: OnShut::default(),
            on_open: OnOpen::default(),
            window: Duration::from_secs(300),
            patience: Duration::from_secs(5),
            most: None,
        }
    }
}
