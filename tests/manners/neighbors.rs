//! Routes that share a machine, and not an address.

use std::time::Duration;

use tradewind_model::Timestamp;
use tradewind_model::id::{AccountId, EgressId};
use tradewind_scheduler::{ScopeKey, ShutReason, ShutRecord};

use super::desk::Desk;

#[test]
fn what_is_shut_for_a_neighbors_address_stands_before_the_neighbor_alone() {
    let mut desk = Desk::new();
    desk.start(&[]);
    let banned = |scope| ShutRecord {
        scope,
        reason: ShutReason::Banned,
        since: Timestamp::EPOCH,
        until: Some(Timestamp::EPOCH + Duration::from_secs(4_000_000_000)),
        strikes: 1,
    };
    let egress = |name: &str| ScopeKey::Egress(EgressId::new(name).expect("a name"));
    let account = |name: &str| ScopeKey::Account(AccountId::new(name).expect("a name"));
    desk.hear_shut(vec![banned(egress("eth1")), banned(account("sub"))]);
    assert_eq!(desk.doors().shut, []);
    desk.hear_shut(vec![banned(egress("eth0")), banned(account("main"))]);
    let shut: Vec<_> = desk.doors().shut.iter().map(|record| record.scope).collect();
    assert_eq!(shut, [egress("eth0"), account("main")]);
}
