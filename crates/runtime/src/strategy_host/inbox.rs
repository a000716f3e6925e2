//! What waits for a strategy.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use tradewind_model::id::InstrumentId;
use tradewind_model::market::Interval;
use tradewind_model::notice::Notice;
use tradewind_model::time::Timestamp;
use tradewind_strategy::{Input, MailboxFull, Message};

use crate::clock::Clock;

/// Trades that wait at the most; later ones are dropped and counted.
const TRADES_MAX: usize = 10_000;
/// Messages that wait at the most; later ones are refused.
const MESSAGES_MAX: usize = 1_024;

/// What is conflated: of each, only the latest waits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Quote(InstrumentId),
    Book(InstrumentId),
    OpenBar(InstrumentId, Interval),
}

#[derive(Debug)]
enum Slot {
    /// Told as it is.
    Input(Input),
    /// Told as it is by the time its turn comes.
    Latest(Key),
}

#[derive(Debug, Default)]
struct State {
    slots: VecDeque<Slot>,
    latest: BTreeMap<Key, Notice>,
    trades: usize,
    messages: usize,
    trades_dropped: u64,
    is_closed: bool,
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

    /// Puts news in. Quotes, books and open bars take the place of an earlier one of the same
    /// instrument that still waits.
    pub fn push(&self, notice: Notice) {
        let mut state = self.lock();
        if state.is_closed {
            return;
        }
        match conflated(&notice) {
            Some(key) => {
                if state.latest.insert(key.clone(), notice).is_none() {
                    state.slots.push_back(Slot::Latest(key));
                }
            }
            None => {
                if matches!(notice, Notice::Trade(..)) {
                    if state.trades == TRADES_MAX {
                        state.trades_dropped += 1;
                        return;
                    }
                    state.trades += 1;
                }
                state.slots.push_back(Slot::Input(Input::Notice(notice)));
            }
        }
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
        state.slots.push_back(Slot::Input(Input::Message(message)));
        drop(state);
        self.filled.notify_one();
        Ok(())
    }

    /// Ends the strategy: what waits is not told any more.
    pub fn close(&self) {
        self.lock().is_closed = true;
        self.filled.notify_all();
    }

    /// Trades that were dropped because too many waited.
    #[must_use]
    pub fn trades_dropped(&self) -> u64 {
        self.lock().trades_dropped
    }

    /// How much waits.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.lock().slots.len()
    }

    /// Waits for news, or for `wakeup`; none when the strategy is to end.
    pub(crate) fn next(&self, clock: &Clock, wakeup: Option<Timestamp>) -> Option<Input> {
        let mut state = self.lock();
        loop {
            if state.is_closed {
                return None;
            }
            if let Some(input) = state.take() {
                return Some(input);
            }
            state = match wakeup {
                None => self.filled.wait(state).unwrap_or_else(PoisonError::into_inner),
                Some(due) => {
                    let patience = due.since(clock.now());
                    if patience.is_zero() {
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
    fn take(&mut self) -> Option<Input> {
        match self.slots.pop_front()? {
            Slot::Latest(key) => self.latest.remove(&key).map(Input::Notice),
            Slot::Input(input) => {
                match &input {
                    Input::Message(_) => self.messages -= 1,
                    Input::Notice(Notice::Trade(..)) => self.trades -= 1,
                    Input::Notice(_) | Input::Wake => {}
                }
                Some(input)
            }
        }
    }
}

fn conflated(notice: &Notice) -> Option<Key> {
    match notice {
        Notice::Quote(instrument, _) => Some(Key::Quote(instrument.clone())),
        Notice::Book(instrument, _) => Some(Key::Book(instrument.clone())),
        Notice::Bar(instrument, bar) if !bar.is_closed => {
            Some(Key::OpenBar(instrument.clone(), bar.interval))
        }
        Notice::Bar(..)
        | Notice::Trade(..)
        | Notice::Started(_)
        | Notice::Order(_)
        | Notice::Setback(_)
        | Notice::Balances(_)
        | Notice::Venue(_)
        | Notice::Stopping => None,
    }
}

#[cfg(test)]
mod tests;
