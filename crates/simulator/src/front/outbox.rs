//! Reports of accounts that wait for their moment.
//!
//! Those of one account keep their order whatever their delay.

use std::collections::BTreeMap;

use tradewind_model::Timestamp;

use crate::exchange::AccountId;

/// Reports that wait for their moment.
#[derive(Debug)]
pub(crate) struct Outbox<T> {
    waiting: BTreeMap<(Timestamp, u64), (AccountId, T)>,
    /// When the last waiting report of an account is due: the next one cannot overtake it.
    last_due: BTreeMap<AccountId, Timestamp>,
    sequence: u64,
}

impl<T> Default for Outbox<T> {
    fn default() -> Self {
        Self { waiting: BTreeMap::new(), last_due: BTreeMap::new(), sequence: 0 }
    }
}

impl<T> Outbox<T> {
    pub(crate) fn wakeup(&self) -> Option<Timestamp> {
        self.waiting.first_key_value().map(|((due, _), _)| *due)
    }

    pub(crate) fn push(&mut self, due: Timestamp, account: AccountId, report: T) {
        let last = self.last_due.entry(account).or_default();
        let due = due.max(*last);
        *last = due;
        self.sequence += 1;
        self.waiting.insert((due, self.sequence), (account, report));
    }

    pub(crate) fn pop_due(&mut self, now: Timestamp) -> Option<(AccountId, T)> {
        let entry = self.waiting.first_entry().filter(|entry| entry.key().0 <= now)?;
        Some(entry.remove())
    }
}
