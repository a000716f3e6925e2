//! What waits to be written.
//!
//! Bounded, and one wait for all: whoever takes takes everything, up to a group, so that the
//! slower the disk, the more records share its next commit. New risk is turned away when half of
//! the room is used; the rest is for what has happened, which cannot be turned away. Should even
//! that not suffice, the log has a gap, and that is a failure, not a loss in silence.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tradewind_engine::journal::{Append, Durability};
use tradewind_model::time::Timestamp;

use crate::journal::AppendError;
use crate::look_out::look_out;

/// Records that wait at the most: at the speed of a slow disk, a few seconds of trading.
pub(crate) const WAITING_MAX: usize = 16_384;
/// Beyond this only what has happened is taken.
const NEW_RISK_MAX: usize = WAITING_MAX / 2;
/// Records that share a commit at the most, unless a single append has more.
pub(crate) const GROUP_MAX: usize = 256;
/// Without an append for so long there is time for what can wait.
const PAUSE: Duration = Duration::from_millis(2);

/// The way in.
#[derive(Debug, Default)]
pub(crate) struct Inbox {
    state: Mutex<State>,
    ready: Condvar,
    /// Whether there may be something to do; true as long as there is.
    has_news: AtomicBool,
}

#[derive(Debug, Default)]
struct State {
    appends: VecDeque<Append>,
    records: usize,
    errands: Errands,
    is_closed: bool,
    /// Whether somebody has to be woken.
    is_waited_for: bool,
}

/// What is to be done besides writing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Errands {
    /// The storage is to be tried again.
    pub(crate) retry: bool,
    /// Orders that ended before this are to be removed.
    pub(crate) compact: Option<Timestamp>,
    /// Something that has happened could not be kept.
    pub(crate) has_gap: bool,
}

/// How long to wait for something to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Patience {
    /// Until there is something.
    Wait,
    /// As long as orders that belong together may lie apart.
    Pause,
    /// Not at all.
    Return,
}

impl Inbox {
    /// Puts records in.
    pub(crate) fn push(&self, append: Append) -> Result<(), AppendError> {
        let mut state = self.lock();
        if state.is_closed {
            return Err(AppendError::Closed(append));
        }
        let waiting = state.records + append.records.len();
        let is_of_the_past = append.durability() == Durability::Behind;
        if waiting > if is_of_the_past { WAITING_MAX } else { NEW_RISK_MAX } {
            if is_of_the_past {
                state.errands.has_gap = true;
                self.wake(state);
            }
            return Err(AppendError::Full(append));
        }
        state.records = waiting;
        state.appends.push_back(append);
        self.wake(state);
        Ok(())
    }

    /// Asks for something besides writing.
    pub(crate) fn ask(&self, ask: impl FnOnce(&mut Errands)) {
        let mut state = self.lock();
        ask(&mut state.errands);
        self.wake(state);
    }

    /// Takes everything that waits, up to a group. None when the inbox is closed and empty.
    pub(crate) fn take(&self, group: &mut Vec<Append>, patience: Patience) -> Option<Errands> {
        let mut state = self.await_news(patience);
        state.is_waited_for = false;
        if state.is_closed && state.is_idle() {
            return None;
        }
        let mut taken = 0;
        while let Some(next) = state.appends.front()
            && (taken == 0 || taken + next.records.len() <= GROUP_MAX)
        {
            taken += next.records.len();
            group.extend(state.appends.pop_front());
        }
        state.records -= taken;
        self.has_news.store(!state.appends.is_empty(), Ordering::Relaxed);
        Some(std::mem::take(&mut state.errands))
    }

    fn await_news(&self, patience: Patience) -> MutexGuard<'_, State> {
        if patience == Patience::Return {
            return self.lock();
        }
        // Orders come in bursts.
        look_out(|| self.has_news.load(Ordering::Relaxed).then_some(()));
        let mut state = self.lock();
        let is_idle = |state: &mut State| {
            state.is_waited_for = state.is_idle() && !state.is_closed;
            state.is_waited_for
        };
        match patience {
            Patience::Wait => {
                let waited = self.ready.wait_while(state, is_idle);
                state = waited.unwrap_or_else(PoisonError::into_inner);
            }
            Patience::Pause => {
                let waited = self.ready.wait_timeout_while(state, PAUSE, is_idle);
                state = waited.unwrap_or_else(PoisonError::into_inner).0;
            }
            Patience::Return => {}
        }
        state
    }

    /// Whether there is nothing to do.
    pub(crate) fn is_idle(&self) -> bool {
        self.lock().is_idle()
    }

    /// Takes nothing in any more. What is in comes out.
    pub(crate) fn close(&self) {
        let mut state = self.lock();
        state.is_closed = true;
        self.wake(state);
    }

    /// Records that wait.
    pub(crate) fn waiting(&self) -> usize {
        self.lock().records
    }

    fn wake(&self, state: MutexGuard<'_, State>) {
        self.has_news.store(true, Ordering::Relaxed);
        let is_waited_for = state.is_waited_for;
        drop(state);
        if is_waited_for {
            self.ready.notify_one();
        }
    }

    /// Nothing panics while it holds the lock, so that what is inside is whole.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn is_idle(&self) -> bool {
        self.appends.is_empty() && self.errands == Errands::default()
    }
}
