//! What waits for a strategy.
//!
//! A strategy that is slow loses the market's noise and nothing else. Of quotes, books and open
//! bars only the latest waits; of trades and bars that are over, so many, the newest. News of
//! orders wait one by one up to a bound. Past it an order's news are drawn together: every trade
//! that was not told yet, each once and in order, and the state that it is in by then.

mod coalesced;

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use tradewind_model::balance::Balance;
use tradewind_model::id::{ClientOrderId, InstrumentId};
use tradewind_model::market::Interval;
use tradewind_model::notice::Notice;
use tradewind_model::order::OrderUpdate;
use tradewind_model::time::Timestamp;
use tradewind_strategy::{Input, MailboxFull, Message};

use self::coalesced::Coalesced;
use crate::clock::Clock;

/// Trades that wait at the most, and bars that are over; older ones are dropped and counted.
const MARKET_MAX: usize = 10_000;
/// Messages that wait at the most; later ones are refused.
const MESSAGES_MAX: usize = 1_024;
/// News of orders that wait one by one; later ones are drawn together, order by order.
const ORDERS_MAX: usize = 1_024;
/// Changes of the venue's status that wait one by one; of later ones only the latest.
const STATUSES_MAX: usize = 64;

/// What is conflated: of each, only the latest waits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Quote(InstrumentId),
    Book(InstrumentId),
    OpenBar(InstrumentId, Interval),
    Balances,
    Status,
}

#[derive(Debug)]
enum Slot {
    /// Told as it is.
    Input(Input),
    /// Told as it is by the time its turn comes.
    Latest(Key),
    /// The oldest trade that waits.
    Trade,
    /// The oldest bar that is over and waits.
    Bar,
    /// News of an order, drawn together.
    Order(ClientOrderId),
}

/// How much waits for a strategy, and for how long.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Backlog {
    /// How many news wait; those that were drawn together count as one.
    pub waiting: usize,
    /// Since when the oldest of them does.
    pub oldest_at: Option<Timestamp>,
    /// Since when the strategy has been at work on one; none while it waits for news.
    pub busy_since: Option<Timestamp>,
    /// Orders whose news are drawn together now.
    pub coalesced: usize,
    /// Trades and bars that were dropped so far because too many waited.
    pub dropped: u64,
}

#[derive(Debug, Default)]
struct State {
    slots: VecDeque<(Timestamp, Slot)>,
    latest: BTreeMap<Key, Notice>,
    trades: VecDeque<Notice>,
    bars: VecDeque<Notice>,
    coalesced: BTreeMap<ClientOrderId, Coalesced>,
    orders: usize,
    statuses: usize,
    messages: usize,
    dropped: u64,
    is_closed: bool,
    /// The newest time there was.
    now: Timestamp,
    busy_since: Option<Timestamp>,
}

/// What waits for a strategy: filled by the driver, emptied by the strategy's thread. Filling
/// never waits.
#[derive(Debug, Default)]
pub struct Inbox {
    state: Mutex<State>,
    filled: Condvar,
}

impl Inbox {
    /// An empty inbox.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Puts news in.
    pub fn push(&self, now: Timestamp, notice: Notice) {
        let mut state = self.lock();
        if state.is_closed {
            return;
        }
        state.now = state.now.max(now);
        state.put(notice);
        drop(state);
        self.filled.notify_one();
    }

    /// Puts a message in.
    ///
    /// # Errors
    /// When too many wait, or the strategy has ended.
    pub fn post(&self, message: Message) -> Result<(), MailboxFull> {
        let mut state = self.lock();
        if state.is_closed || state.messages == MESSAGES_MAX {
            return Err(MailboxFull);
        }
        state.messages += 1;
        state.append(Slot::Input(Input::Message(message)));
        drop(state);
        self.filled.notify_one();
        Ok(())
    }

    /// Ends the strategy: what waits is not told any more.
    pub fn close(&self) {
        self.lock().is_closed = true;
        self.filled.notify_all();
    }

    /// How much waits, and for how long.
    #[must_use]
    pub fn backlog(&self) -> Backlog {
        let state = self.lock();
        Backlog {
            waiting: state.slots.len(),
            oldest_at: state.slots.front().map(|(at, _)| *at),
            busy_since: state.busy_since,
            coalesced: state.coalesced.len(),
            dropped: state.dropped,
        }
    }

    /// How much waits.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.lock().slots.len()
    }

    /// Waits for news, or for `wakeup`; none when the strategy is to end.
    pub(crate) fn next(&self, clock: &Clock, wakeup: Option<Timestamp>) -> Option<Input> {
        let mut state = self.lock();
        state.busy_since = None;
        loop {
            if state.is_closed {
                return None;
            }
            if let Some(input) = state.take() {
                state.busy_since = Some(clock.now());
                return Some(input);
            }
            state = match wakeup {
                None => self.filled.wait(state).unwrap_or_else(PoisonError::into_inner),
                Some(due) => {
                    let now = clock.now();
                    let patience = due.since(now);
                    if patience.is_zero() {
                        state.busy_since = Some(now);
                        return Some(Input::Wake);
                    }
                    let waited = self.filled.wait_timeout(state, patience);
                    waited.unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
    }

    /// A thread that panicked while it held the lock has left nothing half done: every change in
    /// here is a single insertion.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn append(&mut self, slot: Slot) {
        self.slots.push_back((self.now, slot));
    }

    fn put(&mut self, notice: Notice) {
        match notice {
            Notice::Quote(ref instrument, _) => {
                self.conflate(Key::Quote(instrument.clone()), notice)
            }
            Notice::Book(ref instrument, _) => self.conflate(Key::Book(instrument.clone()), notice),
            Notice::Bar(ref instrument, ref bar) if !bar.is_closed => {
                self.conflate(Key::OpenBar(instrument.clone(), bar.interval), notice);
            }
            Notice::Bar(..) => {
                if is_in_place_of_the_oldest(&mut self.bars, notice) {
                    self.dropped += 1;
                } else {
                    self.append(Slot::Bar);
                }
            }
            Notice::Trade(..) => {
                if is_in_place_of_the_oldest(&mut self.trades, notice) {
                    self.dropped += 1;
                } else {
                    self.append(Slot::Trade);
                }
            }
            Notice::Order(update) => self.put_order(update),
            Notice::Balances(balances) => self.put_balances(balances),
            Notice::Venue(_) if self.statuses >= STATUSES_MAX => self.conflate(Key::Status, notice),
            Notice::Venue(_) => {
                self.statuses += 1;
                self.append(Slot::Input(Input::Notice(notice)));
            }
            // Once in the life of a strategy, and once for what it has asked for.
            Notice::Started(_) | Notice::Stopping | Notice::Setback(_) => {
                self.append(Slot::Input(Input::Notice(notice)));
            }
        }
    }

    fn conflate(&mut self, key: Key, notice: Notice) {
        if self.latest.insert(key.clone(), notice).is_none() {
            self.append(Slot::Latest(key));
        }
    }

    fn put_order(&mut self, update: Box<OrderUpdate>) {
        let id = update.client_order_id;
        if let Some(waiting) = self.coalesced.get_mut(&id) {
            waiting.add(update);
        } else if self.orders < ORDERS_MAX {
            self.orders += 1;
            self.append(Slot::Input(Input::Notice(Notice::Order(update))));
        } else {
            self.coalesced.insert(id, Coalesced::of(update));
            self.append(Slot::Order(id));
        }
    }

    /// Balances that wait are brought up to date: each list may be of some assets alone.
    fn put_balances(&mut self, balances: Vec<Balance>) {
        if let Some(Notice::Balances(waiting)) = self.latest.get_mut(&Key::Balances) {
            for balance in balances {
                match waiting.iter_mut().find(|known| known.asset == balance.asset) {
                    Some(known) => *known = balance,
                    None => waiting.push(balance),
                }
            }
            return;
        }
        self.conflate(Key::Balances, Notice::Balances(balances));
    }

    fn take(&mut self) -> Option<Input> {
        let (at, slot) = self.slots.pop_front()?;
        match slot {
            Slot::Latest(key) => self.latest.remove(&key).map(Input::Notice),
            Slot::Trade => self.trades.pop_front().map(Input::Notice),
            Slot::Bar => self.bars.pop_front().map(Input::Notice),
            Slot::Order(id) => {
                let waiting = self.coalesced.get_mut(&id)?;
                let next = waiting.take();
                if waiting.is_empty() {
                    self.coalesced.remove(&id);
                } else {
                    self.slots.push_front((at, Slot::Order(id)));
                }
                next.map(|update| Input::Notice(Notice::Order(update)))
            }
            Slot::Input(input) => {
                match &input {
                    Input::Message(_) => self.messages -= 1,
                    Input::Notice(Notice::Order(_)) => self.orders -= 1,
                    Input::Notice(Notice::Venue(_)) => self.statuses -= 1,
                    Input::Notice(_) | Input::Wake => {}
                }
                Some(input)
            }
        }
    }
}

/// Adds to a list that is bounded. True when the oldest of it has gone for that.
fn is_in_place_of_the_oldest(list: &mut VecDeque<Notice>, notice: Notice) -> bool {
    let is_full = list.len() >= MARKET_MAX;
    if is_full {
        list.pop_front();
    }
    list.push_back(notice);
    is_full
}

#[cfg(test)]
mod tests;
