//! The handle on a running engine.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot, watch};
use tradewind_engine::journal::Trading;
use tradewind_engine::{Answer, Failure, ReadFailed, Snapshot, Terms, TradingRefused, Urgency};
use tradewind_model::call::Call;
use tradewind_model::id::ClientOrderId;
use tradewind_model::stream::StreamKind;
use tradewind_scheduler::{Shed, Staleness};
use tradewind_venue::Endpoint;

use crate::clock::Clock;

/// How long anybody may wait for an answer at the most.
const PATIENCE_MAX: Duration = Duration::from_secs(600);

/// How long a command waits until it is durable.
const COMMAND_PATIENCE: Duration = Duration::from_secs(10);

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
    Inquire { call: Call, terms: Terms, answer: oneshot::Sender<Answer> },
    Trading { trading: Trading, answer: oneshot::Sender<Result<(), TradingRefused>> },
    Reconnect { kind: StreamKind },
    UseEndpoint { endpoint: Endpoint },
    Stop { patience: Duration },
}

/// Why a command about trading is not known to have been carried out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TradingError {
    /// It was not.
    #[error(transparent)]
    Refused(#[from] TradingRefused),
    /// The run has ended.
    #[error("the run has ended")]
    Ended,
    /// It has not been written down in time. What it forbids is forbidden already.
    #[error(
        "it is not written down yet; what it forbids is forbidden already, and what it allows is not allowed yet"
    )]
    Late,
}

/// How something is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ask {
    /// How soon.
    pub urgency: Urgency,
    /// How long the answer is waited for: ten minutes at the most.
    pub patience: Duration,
    /// How stale the answer may be; when none is given, an hour for instruments and not at all for
    /// everything else.
    pub staleness: Option<Staleness>,
}

impl Default for Ask {
    /// As what is waited for, and for ten seconds.
    fn default() -> Self {
        Self { urgency: Urgency::Query, patience: Duration::from_secs(10), staleness: None }
    }
}

impl Ask {
    /// As what would be good to know.
    #[must_use]
    pub fn background() -> Self {
        Self { urgency: Urgency::Background, ..Self::default() }
    }

    /// The same, and for so long.
    #[must_use]
    pub fn within(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// The same, for who wants only what grows stale like this.
    #[must_use]
    pub fn accepting(self, staleness: Staleness) -> Self {
        Self { staleness: Some(staleness), ..self }
    }
}

/// The handle on a running engine. Cheap to clone; when the last one is dropped, the engine stops
/// at once and whatever is open stays open.
#[derive(Clone, Debug)]
pub struct Desk {
    pub(crate) clock: Clock,
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

    /// Asks the venue something, through the scheduler like everything else.
    ///
    /// Whoever asks the same at the same time shares one request. An answer may so be as much older
    /// than the question as a request takes: to see what an order has just changed, ask once its
    /// own news is there. Who stops waiting, by dropping this, stops nobody else.
    ///
    /// # Errors
    /// Why there is no answer, by the time that `ask` gives: it was shed before a byte of it left,
    /// the venue said no, or none came.
    pub async fn ask(&self, call: Call, ask: Ask) -> Answer {
        let patience = ask.patience.min(PATIENCE_MAX);
        let deadline = self.clock.now() + patience;
        let terms = Terms { urgency: ask.urgency, deadline, staleness: ask.staleness };
        let (answer, answered) = oneshot::channel();
        let request = Request::Inquire { call, terms, answer };
        match tokio::time::timeout(patience, self.requests.send(request)).await {
            Ok(Ok(())) => answered.await.unwrap_or(Err(ReadFailed::Ended)),
            Ok(Err(_)) => Err(ReadFailed::Ended),
            Err(_) => {
                let class = ask.urgency.into();
                Err(ReadFailed::Shed(Shed::TooLate { class, waited: patience }))
            }
        }
    }

    /// Sets how much trading is allowed. What that forbids is forbidden from the moment at which
    /// the engine hears of it; this waits, ten seconds at the most, until it cannot be forgotten
    /// any more.
    ///
    /// # Errors
    /// When it was not carried out, or is not durable yet.
    pub async fn set_trading(&self, trading: Trading) -> Result<(), TradingError> {
        let (answer, answered) = oneshot::channel();
        let request = Request::Trading { trading, answer };
        self.requests.send(request).await.map_err(|_| TradingError::Ended)?;
        match tokio::time::timeout(COMMAND_PATIENCE, answered).await {
            Ok(Ok(result)) => Ok(result?),
            Ok(Err(_)) => Err(TradingError::Ended),
            Err(_) => Err(TradingError::Late),
        }
    }

    /// Replaces a stream's socket: the new one is up before the old one goes, so nothing is missed.
    /// Asked for while another is on its way, for whatever reason, it is that one.
    pub async fn reconnect(&self, kind: StreamKind) {
        // An engine that has ended has no streams.
        self.requests.send(Request::Reconnect { kind }).await.ok();
    }

    /// Ends trading: new orders are refused, own orders canceled. How it ended is told by
    /// [`Desk::ended`]; inquiries still work until the desk is dropped.
    pub async fn stop(&self, patience: Duration) {
        // An engine that has ended needs no stopping.
        self.requests.send(Request::Stop { patience }).await.ok();
    }

    /// Lets go of the engine, and waits until it is gone: it stops once the last desk is dropped.
    pub async fn leave(self) {
        let Self { requests, mut snapshots, end, .. } = self;
        drop((requests, end));
        while snapshots.changed().await.is_ok() {}
    }

    /// How trading has ended; none while it goes on.
    #[must_use]
    pub fn end_so_far(&self) -> Option<End> {
        self.end.borrow().clone()
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
