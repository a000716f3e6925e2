//! A thread for each strategy.
//!
//! A strategy that is slow keeps nobody waiting: its inbox takes everything at once and conflates
//! the market's noise, latest wins. News of an order are never dropped; of very many, those of one
//! order are drawn together. One that panics is contained; the
//! engine hears of it and cancels what it had open.

mod inbox;

pub use inbox::{Backlog, Inbox};

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::JoinHandle;

use tokio::sync::mpsc;
use tradewind_engine::Event;
use tradewind_model::id::StrategyId;
use tradewind_strategy::Host;

use crate::clock::Clock;

/// A strategy with a thread of its own.
#[derive(Debug)]
pub(crate) struct HostThread {
    inbox: Arc<Inbox>,
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
        let thread = std::thread::Builder::new()
            .name(name)
            .spawn(move || live(host, &own, clock, &events))?;
        Ok(Self { inbox, thread: Some(thread) })
    }

    pub(crate) fn inbox(&self) -> &Inbox {
        &self.inbox
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

fn live(mut host: Host, inbox: &Inbox, clock: Clock, events: &mpsc::Sender<Event>) {
    let strategy = host.id();
    while let Some(input) = inbox.next(&clock, host.wakeup()) {
        let now = clock.now();
        let Some(commands) = call(strategy, || host.handle(now, &input)) else {
            inbox.close();
            events.blocking_send(Event::StrategyLost { strategy }).ok();
            return;
        };
        for command in commands {
            if events.blocking_send(Event::Command { strategy, command }).is_err() {
                return;
            }
        }
    }
}

/// Calls a strategy; none when it panicked.
fn call<T>(strategy: StrategyId, callback: impl FnOnce() -> T) -> Option<T> {
    // After a panic the host is dropped, so nobody sees what it may have left half done.
    match catch_unwind(AssertUnwindSafe(callback)) {
        Ok(value) => Some(value),
        Err(panic) => {
            let text = panic
                .downcast_ref::<&str>()
                .map(|text| (*text).to_owned())
                .or_else(|| panic.downcast_ref::<String>().cloned())
                .unwrap_or_else(|| "no message".to_owned());
            tracing::error!(%strategy, panic = text, "strategy panicked; its orders are canceled");
            None
        }
    }
}

#[cfg(test)]
mod tests;
