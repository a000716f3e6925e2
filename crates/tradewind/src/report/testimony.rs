//! The venue's own account of a run.

use std::collections::BTreeMap;

use tradewind_model::Decimal;
use tradewind_model::id::Asset;
use tradewind_simulator::front::VenueLedger;

/// What the venue says of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Testimony {
    /// What trading added to each asset, fees deducted.
    pub added: BTreeMap<Asset, Decimal>,
    /// Client order ids under which it took more than one order.
    pub duplicates: usize,
    /// Orders that it holds open, by client order id.
    pub open_orders: Vec<String>,
    /// How often it answered 429 and 418; a venue out there does not tell.
    pub refused: Option<(u64, u64)>,
}

impl Testimony {
    /// From the embedded venue's books. Its account is ours alone, so whatever is open counts.
    #[must_use]
    pub fn of_ledger(ledger: &VenueLedger) -> Self {
        let mut testimony =
            Self { refused: Some((ledger.rate_limited, ledger.banned)), ..Self::default() };
        for account in &ledger.accounts {
            for (asset, qty) in &account.position {
                *testimony.added.entry(Asset::new(asset)).or_default() += *qty;
            }
            testimony.duplicates += account.duplicate_client_ids.len();
            let open = account.open_orders.iter().map(|order| order.client_order_id.clone());
            testimony.open_orders.extend(open);
        }
        testimony
    }
}
