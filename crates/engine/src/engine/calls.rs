//! Calls that have not come to their end, and who waits for each.

use std::collections::BTreeMap;
use std::time::Duration;

use tradewind_model::attempt::RetryReason;
use tradewind_model::call::Call;
use tradewind_model::id::{CallId, ClientOrderId, InstrumentId, StrategyId, Symbol};
use tradewind_model::market::Interval;
use tradewind_model::stream::StreamKind;
use tradewind_model::time::Timestamp;
use tradewind_scheduler::{Priority, Probe};

/// Who waits for a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Owner {
    /// An order that is being placed.
    Place(ClientOrderId),
    /// An order that is being canceled.
    Cancel(ClientOrderId),
    /// An order that is being asked about.
    Ask(ClientOrderId),
    /// An order whose trades are being fetched.
    Fetch(ClientOrderId),
    /// The clock.
    Clock,
    /// The start: instruments and limits.
    Catalog,
    /// The start, and whenever balances have moved.
    Account,
    /// The start: the venue's count of orders.
    OrderCounts,
    /// The start: orders that rest already.
    OpenOrders(Symbol),
    /// A strategy that wants history.
    History { strategy: StrategyId, instrument: InstrumentId, interval: Interval, bars: u32 },
    /// A book.
    Depth(Symbol),
    /// A stream's handshake.
    Open(StreamKind, u32),
    /// The account's events on a socket that stands.
    Join(u32),
    /// Feeds on a socket that stands.
    Follow(u32),
    /// Whatever is to be opened again, when this goes well.
    Probe,
    /// Somebody outside.
    Inquiry(u64),
}

/// A call that has not come to its end.
#[derive(Clone, Debug)]
pub(super) struct PendingCall {
    pub(super) call: Call,
    pub(super) owner: Owner,
    pub(super) priority: Priority,
    /// Worthless when it has not left by then.
    pub(super) deadline: Timestamp,
    /// How often it was tried in vain.
    pub(super) failures: u32,
    /// When it was queued; what it was held back on purpose before that does not count.
    pub(super) queued_at: Timestamp,
    /// Why it is not the first try, and how long it was held back for that.
    pub(super) retried: (RetryReason, Duration),
    /// When it left.
    pub(super) sent_at: Option<Timestamp>,
    /// What it is to open again.
    pub(super) probe: Option<Probe>,
}

impl PendingCall {
    /// A call that was never tried.
    pub(super) fn new(
        now: Timestamp,
        call: Call,
        owner: Owner,
        priority: Priority,
        deadline: Timestamp,
    ) -> Self {
        Self {
            call,
            owner,
            priority,
            deadline,
            failures: 0,
            queued_at: now,
            retried: (RetryReason::None, Duration::ZERO),
            sent_at: None,
            probe: None,
        }
    }
}

/// All of them, by number.
#[derive(Debug, Default)]
pub(super) struct Calls {
    pending: BTreeMap<CallId, PendingCall>,
    last: u64,
}

impl Calls {
    pub(super) fn insert(&mut self, call: PendingCall) -> CallId {
        self.last += 1;
        let id = CallId(self.last);
        self.pending.insert(id, call);
        id
    }

    pub(super) fn get_mut(&mut self, id: CallId) -> Option<&mut PendingCall> {
        self.pending.get_mut(&id)
    }

    pub(super) fn remove(&mut self, id: CallId) -> Option<PendingCall> {
        self.pending.remove(&id)
    }

    pub(super) fn is_waited_for(&self, owner: &Owner) -> bool {
        self.pending.values().any(|pending| pending.owner == *owner)
    }

    /// The calls that somebody waits for.
    pub(super) fn of(&self, is_wanted: impl Fn(&Owner) -> bool) -> Vec<CallId> {
        let wanted = self.pending.iter().filter(|(_, pending)| is_wanted(&pending.owner));
        wanted.map(|(id, _)| *id).collect()
    }
}
