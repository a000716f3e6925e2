//! One table of named timers.
//!
//! Everything that waits is in here under its own name, so that setting a timer again replaces
//! it, the next wake-up is one look, and nothing fires for something that is over.

use std::collections::{BTreeMap, BTreeSet};

use tradewind_model::time::Timestamp;

/// Timers by name; names are unique.
#[derive(Debug)]
pub(crate) struct Timers<K> {
    due_by_name: BTreeMap<K, Timestamp>,
    by_due: BTreeSet<(Timestamp, K)>,
}

impl<K: Ord + Copy> Timers<K> {
    pub(crate) const fn new() -> Self {
        Self { due_by_name: BTreeMap::new(), by_due: BTreeSet::new() }
    }

    /// Sets a timer, in place of the one of the same name.
    pub(crate) fn set(&mut self, name: K, due: Timestamp) {
        if let Some(old) = self.due_by_name.insert(name, due) {
            self.by_due.remove(&(old, name));
        }
        self.by_due.insert((due, name));
    }

    /// Takes a timer back. False when there was none.
    pub(crate) fn clear(&mut self, name: K) -> bool {
        match self.due_by_name.remove(&name) {
            Some(due) => self.by_due.remove(&(due, name)),
            None => false,
        }
    }

    pub(crate) fn is_set(&self, name: K) -> bool {
        self.due_by_name.contains_key(&name)
    }

    /// How many are set.
    pub(crate) fn len(&self) -> usize {
        self.due_by_name.len()
    }

    /// When the next timer is due.
    pub(crate) fn next_due(&self) -> Option<Timestamp> {
        self.by_due.first().map(|(due, _)| *due)
    }

    /// Takes the timer that has been due longest, if one is.
    pub(crate) fn take_due(&mut self, now: Timestamp) -> Option<K> {
        let (due, name) = *self.by_due.first()?;
        if due > now {
            return None;
        }
        self.by_due.remove(&(due, name));
        self.due_by_name.remove(&name);
        Some(name)
    }
}
