//! The trades of one order: each once, and what they come to.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use tradewind_model::id::TradeId;
use tradewind_model::money::Quantity;

/// Trades by number. Their sum is kept and not counted again: an order may trade thousands of
/// times, and is asked for it at each statement about it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trades {
    by_id: BTreeMap<TradeId, Quantity>,
    sum: Quantity,
}

impl Trades {
    /// Adds a trade. False when it was there already; then nothing changes.
    pub fn add(&mut self, id: TradeId, qty: Quantity) -> bool {
        let Entry::Vacant(vacant) = self.by_id.entry(id) else { return false };
        vacant.insert(qty);
        self.sum = self.sum + qty;
        true
    }

    /// What they come to, in base asset.
    #[must_use]
    pub const fn qty(&self) -> Quantity {
        self.sum
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.by_id.len()
    }

    /// Whether nothing has traded.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.by_id.is_empty()
    }
}

impl FromIterator<(TradeId, Quantity)> for Trades {
    fn from_iter<I: IntoIterator<Item = (TradeId, Quantity)>>(trades: I) -> Self {
        let mut all = Self::default();
        for (id, qty) in trades {
            all.add(id, qty);
        }
        all
    }
}
