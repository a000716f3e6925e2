//! The handle on a running engine.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot, watch};
use tradewind_engine::{Failure, Snapshot};
use tradewind_model::call::Call;
use tradewind_model::id::ClientOrderId;
use tradewind_model::outcome::{Fate, NotTaken};
use tradewind_scheduler::Priority;

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// As was asked: no order of ours is open, but those listed, whose end is not known.
    Drained {
        /// Orders whose end is not known.
        unresolved: Vec<ClientOrderId>,
    },
    /// It could not go on.
    Failed(Failure),
}

/// What the driver is asked from outside.
#[derive(Debug)]
pub(crate) enum Request {
    Inquire { call: Call, priority: Priority, answer: oneshot::Sender<Fate> },
    Stop { patience: Duration },
}

/// The handle on a running engine. Cheap to clone; when the last one is dropped, the engine stops
/// at once and whatever is open stays open.
#[derive(Clone, Debug)]
pub struct Desk {
    pub(crate) requests: mpsc::Sender<Request>,
    pub(crate) snapshots: watch::Receiver<Arc<Snapshot>>,
    pub(crate) end: watch::Receiver<Option<End>>,
}

impl Desk {
    /// The latest state, renewed ten times a second.
    #[must_use]
    pub fn snapshot(&self) -> Arc<Snapshot> {
        Arc::clone(&self.snapshots.borrow())
    }

    /// Waits until the state is renewed; none when the engine is gone.
    pub async fn renewed(&mut self) -> Option<Arc<Snapshot>> {
        self.snapshots.changed().await.ok()?;
        Some(Arc::clone(&self.snapshots.borrow_and_update()))
    }

    /// Asks the venue something, through the scheduler like everything else. Only calls that read
    /// are made; others come back as not taken.
    pub async fn inquire(&self, call: Call) -> Fate {
        self.ask(call, Priority::Query).await
    }

    /// The same for what is refreshed again and again, and may wait for everything else.
    pub async fn refresh(&self, call: Call) -> Fate {
        self.ask(call, Priority::Background).await
    }

    async fn ask(&self, call: Call, priority: Priority) -> Fate {
        let ended = || Fate::NotTaken(NotTaken::NotSent("the engine has ended".to_owned()));
        let (answer, answered) = oneshot::channel();
        if self.requests.send(Request::Inquire { call, priority, answer }).await.is_err() {
            return ended();
        }
        answered.await.unwrap_or_else(|_| ended())
    }

    /// Ends trading: new orders are refused, own orders canceled. How it ended is told by
    /// [`Desk::ended`]; inquiries still work until the desk is dropped.
    pub async fn stop(&self, patience: Duration) {
        // An engine that has ended needs no stopping.
        self.requests.send(Request::Stop { patience }).await.ok();
    }

    /// Lets go of the engine, and waits until it is gone: it stops once the last desk is dropped.
    pub async fn leave(self) {
        let Self { requests, mut snapshots, end } = self;
        drop((requests, end));
        while snapshots.changed().await.is_ok() {}
    }

    /// Waits until trading has ended, as was asked or because it could not go on.
    pub async fn ended(&mut self) -> End {
        match self.end.wait_for(Option::is_some).await {
            Ok(end) => end.clone().unwrap_or(End::Drained { unresolved: Vec::new() }),
            // The driver is gone without a word: only when its task was killed.
            Err(_) => End::Drained { unresolved: Vec::new() },
        }
    }
}
