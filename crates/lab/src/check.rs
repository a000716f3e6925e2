//! What has to be true after every run, read from the venue's own books.

use std::fmt;

use tradewind_model::Decimal;
use tradewind_model::order::OrderState;
use tradewind_simulator::binance::AccountLedger;

use crate::instance::InstanceId;
use crate::world::World;

/// What should be true of a run and is not; one sentence each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// The sentences; never empty.
    pub claims: Vec<String>,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.claims.join("; "))
    }
}

impl std::error::Error for Broken {}

/// Checks the run of an instance that had the venue's first account to itself and was stopped: its
/// books are the venue's, every order is over or rightly in doubt, nothing was sent twice, nobody
/// was turned away, and no window held more than its limit.
///
/// # Errors
/// When any of it is not so.
pub fn check(world: &World, id: InstanceId) -> Result<(), Broken> {
    let mut claims = Vec::new();
    let ledger = world.ledger();
    if (ledger.rate_limited, ledger.banned) != (0, 0) {
        claims.push(format!("turned away {} times, {} banned", ledger.rate_limited, ledger.banned));
    }
    for peak in ledger.peaks.iter().filter(|peak| peak.used > peak.limit) {
        claims.push(format!("a window held more than its limit: {peak:?}"));
    }
    match ledger.accounts.first() {
        None => claims.push("the venue has no account".to_owned()),
        Some(account) => books(world, id, account, &mut claims),
    }
    if claims.is_empty() { Ok(()) } else { Err(Broken { claims }) }
}

fn books(world: &World, id: InstanceId, account: &AccountLedger, claims: &mut Vec<String>) {
    let instance = world.instance(id);
    if let Some(failure) = instance.failure() {
        claims.push(format!("failed: {failure}"));
    }
    let Some(snapshot) = instance.snapshot(world.now()) else {
        claims.push("not running".to_owned());
        return;
    };
    unresolved(world, id, account, claims);
    for (symbol, name, count) in &account.duplicate_client_ids {
        claims.push(format!("{name} was placed {count} times on {symbol}"));
    }
    for order in &account.open_orders {
        claims.push(format!("{} is left open", order.client_order_id));
    }
    let net = |asset: &str| {
        let found = account.position.iter().find(|(known, _)| known == asset);
        found.map(|(_, position)| *position).unwrap_or_default()
    };
    let ours: Decimal = snapshot.positions.iter().map(|position| position.base).sum();
    if ours != net("BTC") {
        claims.push(format!("position {ours}, and {} at the venue", net("BTC")));
    }
    let quote: Decimal = snapshot.positions.iter().map(|position| position.quote).sum();
    if quote != net("USDT") {
        claims.push(format!("quote asset {quote}, and {} at the venue", net("USDT")));
    }
    let fills = account.fills.len() as u64;
    if snapshot.counters.fills != fills {
        claims.push(format!("{} fills, and {fills} at the venue", snapshot.counters.fills));
    }
}

/// Every order is over, or in doubt and asked about: of one that the venue refused, the lost
/// answer was the only word there will ever be.
fn unresolved(world: &World, id: InstanceId, account: &AccountLedger, claims: &mut Vec<String>) {
    let instance = world.instance(id);
    let Some(unresolved) = instance.drained() else {
        claims.push("not drained".to_owned());
        return;
    };
    let open = instance.snapshot(world.now()).map(|snapshot| snapshot.open_orders);
    for name in unresolved {
        let open = open.iter().flatten().find(|order| order.client_order_id == *name);
        if open.map(|order| order.state) != Some(OrderState::InDoubt) {
            claims.push(format!("{name} is unresolved and not in doubt"));
        }
        let placed = world.venue().exchange().ledger(account.account);
        let orders = placed.iter().flat_map(|ledger| ledger.orders());
        if orders.filter(|order| order.client_order_id == name.as_str()).count() > 0 {
            claims.push(format!("{name} was placed and not found"));
        }
    }
}
