//! Reports of accounts that wait for their moment.
//!
//! Those of one account keep their order whatever their delay.

use std::collections::BTreeMap;

use tradewind_model::Timestamp;

use crate::exchange::{AccountId, ExchangeEvent};

/// Reports that wait for their moment.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    waiting: BTreeMap<(Timestamp, u64), (AccountId, ExchangeEvent)>,
    /// When the last waiting report of an account is due: the next one cannot overtake it.
    last_due: BTreeMap<AccountId, Timestamp>,
    sequence: u64,
}

impl Outbox {
    pub(crate) fn wakeup(&self) -> Option<Timestamp> {
        self.waiting.first_key_value().map(|((due, _), _)| *due)
    }

    pub(crate) fn push(&mut self, due: Timestamp, account: AccountId, event: ExchangeEvent) {
        let last = self.last_due.entry(account).or_default();
        let due = due.max(*last);
        *last = due;
        self.sequence += 1;
        self.waiting.insert((due, self.sequence), (account, event));
    }

    pub(crate) fn pop_due(&mut self, now: Timestamp) -> Option<(AccountId, ExchangeEvent)> {
        let entry = self.waiting.first_entry().filter(|entry| entry.key().0 <= now)?;
        Some(entry.remove())
    }
}
