//! Which order was placed for which.
//!
//! A mirror is an order of its own, with a name of its own: the order it stands in for still rests
//! where it cannot be reached, and both may trade. That is the price of mirroring, and why there is
//! a cap on it. Whichever trades first, the other is canceled as soon as it can be.

use std::collections::BTreeMap;
use std::time::Duration;

use tradewind_model::Timestamp;
use tradewind_model::id::ClientOrderId;
use tradewind_model::money::Quantity;

use crate::orders::Key;

/// An order and the one that was placed for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mirrored {
    /// The order.
    pub original: Key,
    /// Its mirror.
    pub mirror: Key,
    /// What of the order had traded before.
    pub before: Quantity,
    /// Whether any of the mirror has traded.
    pub has_traded: bool,
    /// Whether the mirror was canceled because the order can be reached again.
    pub is_ending: bool,
}

/// The pairs that are not undone.
#[derive(Clone, Debug, Default)]
pub struct Mirrors {
    by_original: BTreeMap<ClientOrderId, Mirrored>,
    by_mirror: BTreeMap<ClientOrderId, ClientOrderId>,
    /// When an order was last thought of, so that a door that opens and shuts does not place and
    /// cancel a mirror each time.
    considered: BTreeMap<ClientOrderId, Timestamp>,
}

impl Mirrors {
    /// Remembers a pair.
    pub(crate) fn insert(&mut self, original: Key, mirror: Key, before: Quantity) {
        let pair = Mirrored { original, mirror, before, has_traded: false, is_ending: false };
        self.by_original.insert(original.1, pair);
        self.by_mirror.insert(mirror.1, original.1);
    }

    /// The pair that an order is in, whichever of the two it is.
    #[must_use]
    pub fn of(&self, id: &ClientOrderId) -> Option<Mirrored> {
        let original = self.by_mirror.get(id).unwrap_or(id);
        self.by_original.get(original).copied()
    }

    /// Whether an order is the second of a pair.
    #[must_use]
    pub fn is_mirror(&self, id: &ClientOrderId) -> bool {
        self.by_mirror.contains_key(id)
    }

    pub(crate) fn note_trade(&mut self, pair: &Mirrored) {
        if let Some(pair) = self.by_original.get_mut(&pair.original.1) {
            pair.has_traded = true;
        }
    }

    pub(crate) fn note_ending(&mut self, pair: &Mirrored) {
        if let Some(pair) = self.by_original.get_mut(&pair.original.1) {
            pair.is_ending = true;
        }
    }

    pub(crate) fn remove(&mut self, pair: &Mirrored) {
        self.by_original.remove(&pair.original.1);
        self.by_mirror.remove(&pair.mirror.1);
    }

    /// Whether it is time to think of an order, which it is not again for a window.
    pub(crate) fn consider(
        &mut self,
        now: Timestamp,
        window: Duration,
        original: ClientOrderId,
    ) -> bool {
        let is_time = self.considered.get(&original).is_none_or(|last| now >= *last + window);
        if is_time {
            self.considered.insert(original, now);
        }
        is_time
    }

    /// An order is over: it is not thought of any more.
    pub(crate) fn forget(&mut self, original: &ClientOrderId) {
        self.considered.remove(original);
    }

    /// All pairs, by the name of the order.
    pub fn iter(&self) -> impl Iterator<Item = Mirrored> {
        self.by_original.values().copied()
    }
}
