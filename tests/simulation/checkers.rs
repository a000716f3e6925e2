//! What has to be true after every run, read from the venue's own books.

use tradewind_model::Decimal;
use tradewind_model::order::OrderState;

use super::world::World;

/// Checks a run that has been stopped. `context` is what reproduces it.
pub(crate) fn check(world: &World, context: &str) {
    let ledger = world.venue.ledger();
    let account = &ledger.accounts[0];
    let snapshot = world.engine.snapshot(world.now);
    assert_eq!(world.failure, None, "{context}");
    // Every order is over, or in doubt and asked about: of one that the venue refused, the lost
    // answer was the only word there will ever be.
    let unresolved = world.drained.as_ref().unwrap_or_else(|| panic!("{context}: not drained"));
    let exchange = world.venue.exchange();
    for id in unresolved {
        let open = snapshot.open_orders.iter().find(|order| order.client_order_id == *id);
        let state = open.map(|order| order.state);
        assert_eq!(state, Some(OrderState::InDoubt), "{context}: {id} unresolved");
        let placed = exchange.ledger(account.account).unwrap().orders().iter();
        let placed = placed.filter(|placed| placed.client_order_id == id.as_str());
        assert_eq!(placed.count(), 0, "{context}: {id} was placed and not found");
    }
    assert_eq!((ledger.rate_limited, ledger.banned), (0, 0), "{context}: turned away");
    assert_eq!(account.duplicate_client_ids, [], "{context}: placed twice");
    let open: Vec<_> = account.open_orders.iter().map(|order| &order.client_order_id).collect();
    assert_eq!(open, Vec::<&String>::new(), "{context}: orphans");
    for peak in &ledger.peaks {
        assert!(peak.used <= peak.limit, "{context}: {peak:?}");
    }
    let ours: Decimal = snapshot.positions.iter().map(|position| position.base).sum();
    let theirs = account.position.iter().find(|(asset, _)| asset == "BTC");
    let theirs = theirs.map(|(_, position)| *position).unwrap_or_default();
    assert_eq!(ours, theirs, "{context}: position");
    let quote: Decimal = snapshot.positions.iter().map(|position| position.quote).sum();
    let usdt = account.position.iter().find(|(asset, _)| asset == "USDT");
    let usdt = usdt.map(|(_, position)| *position).unwrap_or_default();
    assert_eq!(quote, usdt, "{context}: quote asset");
    assert_eq!(snapshot.counters.fills, account.fills.len() as u64, "{context}: fills");
}
