//! Calls that have not come to their end, and who waits for each.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tradewind_model::attempt::RetryReason;
use tradewind_model::call::Call;
use tradewind_model::id::{CallId, ClientOrderId, InstrumentId, StrategyId, Symbol};
use tradewind_model::market::Interval;
use tradewind_model::stream::{AckedPart, StreamKind};
use tradewind_model::time::Timestamp;
use tradewind_scheduler::{FailureClass, Priority, Probe};

use super::paging::Pages;
use super::rates::Pair;

/// Who waits for a call.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Owner {
    /// An order that is being placed: by itself, in another's stead, or as one half of a pair.
    Place(ClientOrderId),
    /// An order that is being canceled.
    Cancel(ClientOrderId),
    /// An order whose quantity is being lowered.
    Amend(ClientOrderId),
    /// A symbol on which everybody's orders are being canceled.
    Clear(Symbol),
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
    /// A gap: which one, and what rests on a symbol or on all.
    Resync(u32, Option<Symbol>),
    /// A gap: which one, and what became of orders that do not rest any more.
    Vanished(u32, Symbol),
    /// What rests, on a symbol or on all, to be compared with what is known.
    Crosscheck(Option<Symbol>),
    /// A market that has fallen silent.
    Pulse(Symbol),
    /// A symbol's trades that nobody has told.
    Scan(Symbol),
    /// Trades of orders that are not known.
    Identify(Symbol),
    /// All orders since one that the venue cannot be asked about by our name any more: those that
    /// are open, and then those that are over.
    Listing(Symbol),
    /// Whether the venue's numbers have gone back.
    Newest(Symbol),
    /// A strategy that wants history.
    History { strategy: StrategyId, instrument: InstrumentId, interval: Interval, bars: u32 },
    /// A book.
    Depth(Symbol),
    /// What one asset is worth in another.
    Rate(Pair),
    /// A stream's handshake.
    Open(StreamKind, u32),
    /// Whose an account's socket is.
    Authenticate(u32),
    /// A sign of life on a socket.
    Ping(StreamKind, u32),
    /// The account's events on a socket that stands.
    Join(u32),
    /// Feeds on a socket that stands.
    Follow(u32),
    /// A book on a socket that stands, which is let go to be asked for anew.
    Renew(u32, Symbol),
    /// Whatever is to be opened again, when this goes well.
    Probe,
    /// Everybody outside who asks this.
    Read,
}

/// The tries so far at one thing, however many calls they were.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tries {
    /// How many have failed in a row.
    pub(super) failures: u32,
    /// Why the next is not the first.
    pub(super) reason: RetryReason,
    /// How long it is held back on purpose.
    pub(super) delay: Duration,
    /// What it has cost of what all retries share; nothing when it goes on whatever that says.
    pub(super) paid: Option<FailureClass>,
}

impl Tries {
    /// The how-many-th attempt at the same call the next one is, from 1: one that follows an
    /// answer asks anew.
    pub(super) const fn attempt(&self) -> u32 {
        match self.reason {
            RetryReason::None => 1,
            RetryReason::RateLimit
            | RetryReason::Timeout
            | RetryReason::Server
            | RetryReason::Network
            | RetryReason::Clock => self.failures.saturating_add(1),
        }
    }
}

/// A call that has not come to its end.
#[derive(Clone, Debug)]
pub(super) struct PendingCall {
    pub(super) call: Call,
    pub(super) owner: Owner,
    pub(super) priority: Priority,
    /// Worthless when it has not left by then.
    pub(super) deadline: Timestamp,
    /// What was tried before.
    pub(super) tries: Tries,
    /// When it was queued; what it was held back on purpose before that does not count.
    pub(super) queued_at: Timestamp,
    /// When it left.
    pub(super) sent_at: Option<Timestamp>,
    /// What it is to open again.
    pub(super) probe: Option<Probe>,
    /// Which parts of it were answered, where each is answered by itself.
    pub(super) answered: BTreeSet<AckedPart>,
    /// What has been read of a list that comes in pages.
    pub(super) pages: Option<Box<Pages>>,
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
            tries: Tries::default(),
            queued_at: now,
            sent_at: None,
            probe: None,
            answered: BTreeSet::new(),
            pages: None,
        }
    }

    /// The same, after what was tried before.
    pub(super) fn after(self, tries: Tries) -> Self {
        Self { tries, ..self }
    }

    const fn is_order(&self) -> bool {
        matches!(self.owner, Owner::Place(_))
    }
}

/// All of them, by number.
#[derive(Debug, Default)]
pub(super) struct Calls {
    pending: BTreeMap<CallId, PendingCall>,
    by_owner: BTreeMap<Owner, usize>,
    orders_unsent: usize,
    orders_on_wire: usize,
    last: u64,
}

impl Calls {
    pub(super) fn insert(&mut self, call: PendingCall) -> CallId {
        self.last += 1;
        let id = CallId(self.last);
        *self.by_owner.entry(call.owner.clone()).or_default() += 1;
        *self.orders_like(&call) += usize::from(call.is_order());
        self.pending.insert(id, call);
        id
    }

    pub(super) fn get(&self, id: CallId) -> Option<&PendingCall> {
        self.pending.get(&id)
    }

    pub(super) fn get_mut(&mut self, id: CallId) -> Option<&mut PendingCall> {
        self.pending.get_mut(&id)
    }

    pub(super) fn len(&self) -> usize {
        self.pending.len()
    }

    /// A call leaves.
    pub(super) fn leave(&mut self, now: Timestamp, id: CallId) {
        if let Some(pending) = self.pending.get_mut(&id) {
            if pending.is_order() && pending.sent_at.is_none() {
                self.orders_unsent -= 1;
                self.orders_on_wire += 1;
            }
            pending.sent_at = Some(now);
        }
    }

    /// A call is wanted sooner.
    pub(super) fn hurry(&mut self, id: CallId, deadline: Timestamp, priority: Priority) {
        if let Some(pending) = self.pending.get_mut(&id) {
            (pending.deadline, pending.priority) = (deadline, priority);
        }
    }

    pub(super) fn remove(&mut self, id: CallId) -> Option<PendingCall> {
        let call = self.pending.remove(&id)?;
        *self.orders_like(&call) -= usize::from(call.is_order());
        if let Some(count) = self.by_owner.get_mut(&call.owner) {
            *count -= 1;
            if *count == 0 {
                self.by_owner.remove(&call.owner);
            }
        }
        Some(call)
    }

    pub(super) fn is_waited_for(&self, owner: &Owner) -> bool {
        self.by_owner.contains_key(owner)
    }

    /// How many orders have not left, and how many have and are not answered.
    pub(super) const fn orders(&self) -> (usize, usize) {
        (self.orders_unsent, self.orders_on_wire)
    }

    const fn orders_like(&mut self, call: &PendingCall) -> &mut usize {
        if call.sent_at.is_none() { &mut self.orders_unsent } else { &mut self.orders_on_wire }
    }

    /// The calls that somebody waits for.
    pub(super) fn of(&self, is_wanted: impl Fn(&Owner) -> bool) -> Vec<CallId> {
        let wanted = self.pending.iter().filter(|(_, pending)| is_wanted(&pending.owner));
        wanted.map(|(id, _)| *id).collect()
    }
}
