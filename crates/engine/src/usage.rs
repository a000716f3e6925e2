//! How much of what a venue allows is in use, for whoever chooses between routes.

use std::collections::BTreeMap;

use tradewind_model::Decimal;
use tradewind_model::id::InstrumentId;
use tradewind_model::instrument::{Filter, Instrument};
use tradewind_model::time::Timestamp;
use tradewind_scheduler::{BucketOwner, BucketView};

use crate::engine::Engine;

/// Fractions in use at one moment, from zero (nothing) on; one is all of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Orders that rest or are on their way there, of those that the venue lets rest on an
    /// instrument: of the instrument that is nearest to it.
    pub orders: Decimal,
    /// The limits of the address and of the account, of the one that is nearest to its end.
    pub budget: Decimal,
}

impl Engine {
    /// How much of what the venue allows is in use.
    #[must_use]
    pub fn usage(&self, now: Timestamp) -> Usage {
        let mut open: BTreeMap<&InstrumentId, u32> = BTreeMap::new();
        for order in self.ledger().open() {
            let count = open.entry(&order.instrument).or_default();
            *count = count.saturating_add(1);
        }
        let orders = open.into_iter().filter_map(|(id, count)| {
            let most = self.instruments().get(id).and_then(most_orders)?;
            Some(part(count, most))
        });
        let limits = self.scheduler().snapshot(now).buckets;
        Usage {
            orders: orders.max().unwrap_or_default(),
            budget: limits.iter().filter_map(used).max().unwrap_or_default(),
        }
    }
}

/// What the venue lets rest on an instrument; none where it says nothing of it.
fn most_orders(instrument: &Instrument) -> Option<u32> {
    instrument.filters.iter().find_map(|filter| {
        let Filter::MaxNumOrders(most) = filter else { return None };
        Some(*most)
    })
}

/// A socket's own limits say nothing of the route: another socket has its own.
fn used(bucket: &BucketView) -> Option<Decimal> {
    match bucket.owner {
        BucketOwner::Egress(_) | BucketOwner::Account(_) => {
            Some(part(bucket.used, bucket.capacity))
        }
        BucketOwner::Socket(..) => None,
    }
}

fn part(of: u32, all: u32) -> Decimal {
    Decimal::from(of).checked_div(Decimal::from(all)).unwrap_or(Decimal::ONE)
}
