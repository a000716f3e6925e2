//! Orders by the id that they have on the wire.
//!
//! The venue's ids grow with time over all symbols and have 19 digits, so that one is enough to ask
//! by and a list can be paged by it. The exchange counts each symbol by itself; what both say of an
//! order is written down here, with what was paid for it.

use std::collections::BTreeMap;
use std::sync::Arc;

use rust_decimal::Decimal;
use tradewind_model::Timestamp;

use crate::exchange::{AccountId, ExecutionReport, OrderView};

/// Orders remembered; the oldest is forgotten first. The exchange forgets too.
const REMEMBERED_MAX: usize = 1_000_000;
/// Ids of one millisecond: so many orders, on so many symbols.
const PER_MILLISECOND: u64 = 10_000;
const SYMBOLS: u64 = 100;

/// What is known of an order by its id.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) account: AccountId,
    pub(super) symbol: Arc<str>,
    pub(super) order_id: u64,
    /// The coin and the sum of what was paid for it.
    pub(super) fee: Option<(Arc<str>, Decimal)>,
}

/// See the module's page.
#[derive(Debug, Default)]
pub(super) struct Register {
    /// Symbols by their place in the configuration.
    places: BTreeMap<String, u64>,
    entries: BTreeMap<u64, Entry>,
}

impl Register {
    pub(super) fn new<'a>(symbols: impl Iterator<Item = &'a str>) -> Self {
        let places = symbols.map(str::to_owned).zip(0..).collect();
        Self { places, entries: BTreeMap::new() }
    }

    /// The wire's id of something that happened then and is counted on its symbol by `number`.
    fn id(&self, time: Timestamp, symbol: &str, number: u64) -> u64 {
        let place = self.places.get(symbol).copied().unwrap_or(0) % SYMBOLS;
        let within = (number % PER_MILLISECOND) * SYMBOLS + place;
        time.as_millis().saturating_mul(PER_MILLISECOND * SYMBOLS).saturating_add(within)
    }

    /// The wire's id of an order.
    pub(super) fn order_id(&self, order: &OrderView) -> u64 {
        self.id(order.time, &order.symbol, order.order_id)
    }

    /// The wire's id of a trade, the same to everybody.
    pub(super) fn trade_id(&self, time: Timestamp, symbol: &str, number: u64) -> u64 {
        self.id(time, symbol, number)
    }

    /// When what has this id happened, at the latest.
    pub(super) fn time_of(id: u64) -> Timestamp {
        Timestamp::from_millis(id / (PER_MILLISECOND * SYMBOLS))
    }

    /// Writes down what a report says of an order.
    pub(super) fn note(&mut self, report: &ExecutionReport) {
        let id = self.order_id(&report.order);
        let entry = self.entries.entry(id).or_insert_with(|| Entry {
            account: report.account,
            symbol: Arc::clone(&report.order.symbol),
            order_id: report.order.order_id,
            fee: None,
        });
        if let Some(fill) = &report.fill {
            let paid = entry.fee.as_ref().map(|(_, paid)| *paid).unwrap_or_default();
            entry.fee = Some((Arc::clone(&fill.commission_asset), paid + fill.commission));
        }
        if self.entries.len() > REMEMBERED_MAX {
            self.entries.pop_first();
        }
    }

    /// What is known of an order of an account.
    pub(super) fn find(&self, account: AccountId, id: u64) -> Option<&Entry> {
        self.entries.get(&id).filter(|entry| entry.account == account)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_have_nineteen_digits_and_grow_with_time_over_all_symbols() {
        let register = Register::new(["BTCUSDT", "ETHUSDT"].into_iter());
        let at = |millis: u64| Timestamp::from_millis(1_790_000_000_000 + millis);
        let ids = [
            register.trade_id(at(0), "BTCUSDT", 10_000_000_007),
            register.trade_id(at(0), "ETHUSDT", 10_000_000_007),
            register.trade_id(at(0), "BTCUSDT", 10_000_000_008),
            register.trade_id(at(1), "ETHUSDT", 3),
        ];
        assert!(ids.is_sorted_by(|one, other| one < other), "{ids:?}");
        assert!(ids.iter().all(|id| id.to_string().len() == 19), "{ids:?}");
        assert_eq!(Register::time_of(ids[3]), at(1));
    }
}
