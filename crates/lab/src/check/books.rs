//! Positions and fills: an account's instances together know what the venue knows.

use std::collections::BTreeMap;

use tradewind_model::Decimal;
use tradewind_simulator::front::AccountLedger;

use crate::instance::Instance;
use crate::world::World;

pub(super) fn agree(world: &World, claims: &mut Vec<String>) {
    let ledger = world.ledger();
    for account in &ledger.accounts {
        let of_account = |instance: &&Instance| {
            world.venue().account_of(instance.api_key()) == Some(account.account)
        };
        let instances: Vec<_> =
            world.instances().map(|(_, instance)| instance).filter(of_account).collect();
        let is_comparable = |instance: &&Instance| instance.life() == 1 || instance.remembers();
        if instances.is_empty() || !instances.iter().all(is_comparable) {
            continue;
        }
        compare(world, account, &instances, claims);
    }
}

fn compare(
    world: &World,
    account: &AccountLedger,
    instances: &[&Instance],
    claims: &mut Vec<String>,
) {
    let mut ours: BTreeMap<String, Decimal> = BTreeMap::new();
    let mut fills = 0;
    for instance in instances {
        let Some(snapshot) = instance.snapshot(world.now()) else {
            claims.push(format!("{} is not running", instance.name()));
            return;
        };
        if let Some(failure) = instance.failure() {
            claims.push(format!("{} failed: {failure}", instance.name()));
        }
        for position in &snapshot.positions {
            let (base, quote) = position.instrument.as_str().split_once('-').unwrap_or_default();
            *ours.entry(base.to_owned()).or_default() += position.base;
            *ours.entry(quote.to_owned()).or_default() += position.quote;
            let elsewhere =
                position.fees.iter().filter(|(asset, _)| ![base, quote].contains(&asset.as_str()));
            for (asset, fee) in elsewhere {
                *ours.entry(asset.to_string()).or_default() -= *fee;
            }
            fills += position.fills;
        }
    }
    for (asset, theirs) in &account.position {
        let ours = ours.get(asset).copied().unwrap_or_default();
        if ours != *theirs {
            claims.push(format!("{asset}: position {ours}, and {theirs} at the venue"));
        }
    }
    let theirs = account.fills.len() as u64;
    if fills != theirs {
        claims.push(format!("{fills} fills, and {theirs} at the venue"));
    }
}
