//! What an account may know of itself.

use serde_json::{Value, json};
use tradewind_model::Timestamp;

use super::{Caller, Desk, Reply};
use crate::bitget::body::{millis, number, user_id};
use crate::bitget::params::Params;
use crate::bitget::refusal::Refusal;
use crate::exchange::{AccountId, BalanceView};

impl Desk {
    /// Who a key is and what it may do; nothing about money.
    pub(super) fn account_info(&self, caller: Caller) -> Reply {
        let key = self.config.keys.get(caller.key);
        let addresses = key
            .map(|key| key.addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(","));
        let can_trade = key.is_some_and(|key| key.can_trade);
        Ok(json!({
            "userId": user_id(caller.account),
            "inviterId": "0",
            "ips": addresses.unwrap_or_default(),
            "authorities": [if can_trade { "stow" } else { "stor" }],
            "parentId": 900_001 + u64::from(caller.account.0),
            "traderType": "not_trader",
            "channelCode": "",
            "channel": "",
            "regisTime": "1500000000000",
        }))
    }

    pub(super) fn assets(&self, caller: Caller, params: &Params) -> Reply {
        let coin = params.get("coin");
        let is_all = match params.get("assetType") {
            None | Some("hold_only") => false,
            Some("all") => true,
            Some(other) => return Err(Refusal::unknown(other)),
        };
        let changed = self.changed_at(caller.account).unwrap_or(caller.now);
        let balances = self.exchange.balances(caller.account);
        let wanted = balances.iter().filter(|balance| {
            coin.is_none_or(|coin| *balance.asset == *coin)
                && (is_all || coin.is_some() || !(balance.free + balance.locked).is_zero())
        });
        Ok(wanted.map(|balance| asset(balance, changed)).collect())
    }

    pub(super) fn trade_rate(&self, caller: Caller, params: &Params) -> Reply {
        self.symbol(params)?;
        match params.need("businessType")? {
            "spot" => {}
            other => return Err(Refusal::unknown(other)),
        }
        let rates = self.exchange.commission(caller.account);
        let (maker, taker) = rates.map(|rates| (rates.maker, rates.taker)).unwrap_or_default();
        Ok(json!({"makerFeeRate": number(maker), "takerFeeRate": number(taker)}))
    }

    fn changed_at(&self, account: AccountId) -> Option<Timestamp> {
        let ledger = self.exchange.ledger(account)?;
        let filled = ledger.fills().last().map(|fill| fill.time);
        let placed = ledger.orders().last().map(|order| order.time);
        filled.max(placed)
    }
}

/// One balance, as queries and the account's channel show it.
pub(in crate::bitget) fn asset(balance: &BalanceView, changed: Timestamp) -> Value {
    json!({
        "coin": *balance.asset,
        "available": number(balance.free),
        "frozen": number(balance.locked),
        "locked": "0",
        "limitAvailable": "0",
        "uTime": millis(changed),
    })
}
