//! The strategies of a process, each with its thread.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tradewind_engine::{Event, StrategyFailure};
use tradewind_model::id::StrategyId;
use tradewind_model::notice::Notice;
use tradewind_model::time::Timestamp;
use tradewind_strategy::Host;

use crate::clock::Clock;
use crate::strategy_host::{HostThread, HostWatch, Inbox};

/// A strategy, and what it may cost.
#[derive(Debug)]
pub struct HostSetup {
    /// The strategy.
    pub host: Host,
    /// What its mailbox posts to.
    pub inbox: Arc<Inbox>,
    /// How long a callback may take before the strategy has failed.
    pub callback_max: Duration,
    /// How many messages may wait before it has.
    pub inbox_max: usize,
}

/// All of them, running.
#[derive(Debug, Default)]
pub(crate) struct Hosts {
    threads: BTreeMap<StrategyId, HostThread>,
    watches: BTreeMap<StrategyId, HostWatch>,
}

impl Hosts {
    /// Starts a thread for each. What they ask for goes out as events.
    pub(crate) fn start(
        setups: Vec<HostSetup>,
        clock: Clock,
        events: &mpsc::Sender<Event>,
    ) -> std::io::Result<Self> {
        let mut hosts = Self::default();
        for HostSetup { host, inbox, callback_max, inbox_max } in setups {
            let id = host.id();
            hosts.watches.insert(id, HostWatch::new(clock.now(), callback_max, inbox_max));
            let thread = HostThread::start(host, inbox, clock, events.clone())?;
            hosts.threads.insert(id, thread);
        }
        Ok(hosts)
    }

    /// Puts something into a strategy's inbox.
    pub(crate) fn notify(&self, now: Timestamp, strategy: StrategyId, notice: Notice) {
        if let Some(thread) = self.threads.get(&strategy) {
            thread.inbox().push(now, notice);
        }
    }

    /// Gives up strategies that do not come back, and says which and how.
    pub(crate) fn look_after(&mut self, now: Timestamp) -> Vec<(StrategyId, StrategyFailure)> {
        let mut lost = Vec::new();
        for (strategy, watch) in &mut self.watches {
            let Some(thread) = self.threads.get(strategy) else { continue };
            if let Some(how) = watch.look(now, thread.calls(), thread.inbox().waiting()) {
                // It ends when it comes back, if it ever does.
                thread.inbox().close();
                lost.push((*strategy, how));
            }
        }
        lost
    }

    /// Lets all of them end.
    pub(crate) fn stop(&mut self) {
        self.threads.values_mut().for_each(HostThread::stop);
    }
}
