//! What is held back until its moment: requests on their way in, messages on their way out.

use std::collections::BTreeMap;

use tradewind_model::Timestamp;

use crate::front::{Frame, SessionId};

/// Something whose moment has come.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Overdue {
    /// A request on a WebSocket that the venue gets to see now.
    Request(String),
    /// A frame that leaves now.
    Frame(Frame),
}

/// Everything that is held back, by its moment.
#[derive(Debug, Default)]
pub(crate) struct Late {
    waiting: BTreeMap<(Timestamp, u64), (SessionId, Overdue)>,
    sequence: u64,
}

impl Late {
    pub(crate) fn hold(&mut self, until: Timestamp, id: SessionId, what: Overdue) {
        self.sequence += 1;
        self.waiting.insert((until, self.sequence), (id, what));
    }

    pub(crate) fn wakeup(&self) -> Option<Timestamp> {
        self.waiting.first_key_value().map(|((until, _), _)| *until)
    }

    pub(crate) fn pop_due(&mut self, now: Timestamp) -> Option<(SessionId, Overdue)> {
        let entry = self.waiting.first_entry().filter(|entry| entry.key().0 <= now)?;
        Some(entry.remove())
    }
}
