//! A thread for each strategy.
//!
//! A strategy that is slow keeps nobody waiting: its inbox takes everything at once and conflates
//! the market's noise, latest wins. News of orders are never dropped; of very many, those of one
//! order are drawn together. One that panics is contained, and one whose callback does not come
//! back, or that falls behind without end, is given up; the engine hears of it.

mod inbox;
mod watch;

pub use inbox::{Backlog, Inbox};

pub(crate) use watch::HostWatch;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;

use tokio::sync::mpsc;
use tradewind_engine::{Event, StrategyFailure};
use tradewind_strategy::Host;

use crate::clock::Clock;

/// Characters of a panic's words that are told.
const WORDS_MAX: usize = 300;

/// A strategy with a thread of its own.
#[derive(Debug)]
pub(crate) struct HostThread {
    inbox: Arc<Inbox>,
    /// Odd while the strategy is being called; every call makes it two more.
    calls: Arc<AtomicU64>,
    thread: Option<JoinHandle<()>>,
}

impl HostThread {
    /// Starts the thread. What the strategy asks for goes out as events; when there are too many
    /// of them the strategy waits, nobody else.
    pub(crate) fn start(
        host: Host,
        inbox: Arc<Inbox>,
        clock: Clock,
        events: mpsc::Sender<Event>,
    ) -> std::io::Result<Self> {
        let name = format!("strategy-{}", host.id());
        let own = Arc::clone(&inbox);
        let calls = Arc::new(AtomicU64::new(0));
        let counter = Arc::clone(&calls);
        let thread = std::thread::Builder::new()
            .name(name)
            .spawn(move || live(host, &own, &counter, clock, &events))?;
        Ok(Self { inbox, calls, thread: Some(thread) })
    }

    pub(crate) fn inbox(&self) -> &Inbox {
        &self.inbox
    }

    /// Whether the strategy is being called, and in which of all calls.
    pub(crate) fn calls(&self) -> u64 {
        self.calls.load(Ordering::Relaxed)
    }

    /// Lets the strategy end. One that does not come back is left behind.
    pub(crate) fn stop(&mut self) {
        self.inbox.close();
        if let Some(thread) = self.thread.take()
            && thread.is_finished()
        {
            // A panic was caught and told already.
            thread.join().ok();
        }
    }
}

fn live(
    mut host: Host,
    inbox: &Inbox,
    calls: &AtomicU64,
    clock: Clock,
    events: &mpsc::Sender<Event>,
) {
    let strategy = host.id();
    while let Some(input) = inbox.next(&clock, host.wakeup()) {
        let now = clock.now();
        calls.fetch_add(1, Ordering::Relaxed);
        let called = call(|| host.handle(now, &input));
        calls.fetch_add(1, Ordering::Relaxed);
        let commands = match called {
            Ok(commands) => commands,
            Err(words) => {
                inbox.close();
                let how = StrategyFailure::Panicked(words);
                events.blocking_send(Event::StrategyLost { strategy, how }).ok();
                return;
            }
        };
        for command in commands {
            if events.blocking_send(Event::Command { strategy, command }).is_err() {
                return;
            }
        }
    }
}

/// Calls a strategy.
///
/// # Errors
/// With the words of its panic.
fn call<T>(callback: impl FnOnce() -> T) -> Result<T, String> {
    // After a panic the host is dropped, so nobody sees what it may have left half done.
    catch_unwind(AssertUnwindSafe(callback)).map_err(|panic| {
        let text = panic
            .downcast_ref::<&str>()
            .map(|text| (*text).to_owned())
            .or_else(|| panic.downcast_ref::<String>().cloned())
            .unwrap_or_else(|| "no message".to_owned());
        // An incident is a line.
        text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(WORDS_MAX).collect()
    })
}

#[cfg(test)]
mod tests;
