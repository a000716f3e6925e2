//! An order's news, drawn together: every trade, and the state that it has come to.

use std::collections::VecDeque;

use tradewind_model::order::OrderUpdate;

/// What an order has to tell: its trades one after the other, then its state where that has moved
/// since the last of them. As long as the order has trades, and one more at the most.
#[derive(Debug, Default)]
pub(super) struct Coalesced {
    updates: VecDeque<Box<OrderUpdate>>,
}

impl Coalesced {
    /// An order's first news that waits.
    pub(super) fn of(update: Box<OrderUpdate>) -> Self {
        Self { updates: VecDeque::from([update]) }
    }

    /// Takes in newer news. They take the place of the last where that was about the state alone.
    pub(super) fn add(&mut self, update: Box<OrderUpdate>) {
        self.updates.pop_back_if(|last| last.fill.is_none());
        self.updates.push_back(update);
    }

    /// What is to be told next.
    pub(super) fn take(&mut self) -> Option<Box<OrderUpdate>> {
        self.updates.pop_front()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.updates.is_empty()
    }
}
