//! How long a venue's "no such order" proves nothing.

use std::time::Duration;

/// What a venue promises, or is known to need, before the absence of an order means something.
///
/// A request that the venue has received is refused once it is older than it says it may be; until
/// then, and for as long as the venue may work on what it has taken, an order that cannot be found
/// may come to be. Reads are answered from elsewhere than where orders are matched, and lag. And
/// no venue remembers for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lookup {
    /// How long the venue works on a request at the most.
    pub processing_max: Duration,
    /// How much later than that what came of it can be found.
    pub lag_max: Duration,
    /// How long an order can be asked about by our name of it.
    pub horizon: Duration,
    /// How far its lists of orders go back, with our names in them. What is older than the horizon
    /// is looked for there.
    pub listed: Duration,
}
