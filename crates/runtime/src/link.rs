//! The way between an engine and the switchboard above it, where there are several engines.
//!
//! What an engine says goes up in the order in which it was said, behind what stands before its
//! venue at that moment: news of an order may be due to a door that has just shut. The engine waits
//! when the switchboard is behind; the switchboard never waits for an engine.

use tokio::sync::mpsc;
use tradewind_engine::{Doors, Engine, Event, Route};
use tradewind_model::id::StrategyId;
use tradewind_model::notice::Notice;
use tradewind_model::time::Timestamp;
use tradewind_router::{Input, LoadMeter};
use tradewind_scheduler::Outage;

/// What an engine has said that waits at the most; the engine waits then.
const SAID_MAX: usize = 4_096;

/// An engine's end of it.
#[derive(Debug)]
pub(crate) struct Link {
    route: Route,
    up: mpsc::Sender<Input>,
    down: mpsc::UnboundedReceiver<Event>,
    doors: Option<Doors>,
    load: LoadMeter,
    said: Vec<Input>,
}

/// Where what all engines say comes in.
pub(crate) fn way_up() -> (mpsc::Sender<Input>, mpsc::Receiver<Input>) {
    mpsc::channel(SAID_MAX)
}

impl Link {
    /// A link, and what its engine is told by. Nothing bounds that but what strategies ask for:
    /// their own way in is bounded, and what the switchboard adds is little.
    pub(crate) fn new(
        route: Route,
        up: mpsc::Sender<Input>,
    ) -> (Self, mpsc::UnboundedSender<Event>) {
        let (tell, down) = mpsc::unbounded_channel();
        (Self { route, up, down, doors: None, load: LoadMeter::default(), said: Vec::new() }, tell)
    }

    /// The next thing that the engine is told.
    pub(crate) async fn told(&mut self) -> Option<Event> {
        self.down.recv().await
    }

    /// The next of them that is there already.
    pub(crate) fn try_told(&mut self) -> Option<Event> {
        self.down.try_recv().ok()
    }

    /// Notes what the engine is about to hear from its venue.
    pub(crate) fn note(&mut self, event: &Event) {
        let Event::Replied { outcome, .. } = event else { return };
        let is_fault = |fate| Outage::of(fate) == Some(Outage::Transport);
        if outcome.legs.iter().any(|(_, fate)| is_fault(fate)) {
            self.said.push(Input::Fault { route: self.route });
        }
    }

    /// Notes how much of the route is in use, when it is time to.
    pub(crate) fn look(&mut self, now: Timestamp, engine: &Engine) {
        if self.load.is_due(now)
            && let Some(load) = self.load.look(now, engine.usage(now))
        {
            self.said.push(Input::Load { route: self.route, load });
        }
    }

    pub(crate) fn push_notice(&mut self, strategy: StrategyId, notice: Notice) {
        self.said.push(Input::Notice { route: self.route, strategy, notice });
    }

    pub(crate) fn push_noted(&mut self, number: u64) {
        self.said.push(Input::Noted { number });
    }

    pub(crate) fn push_gone(&mut self, reason: String) {
        self.said.push(Input::Gone { route: self.route, reason });
    }

    /// Passes on what was said.
    pub(crate) async fn relay(&mut self, doors: Doors) {
        if self.doors.as_ref() != Some(&doors) {
            self.doors = Some(doors.clone());
            // Nobody listens any more when the switchboard has ended.
            self.up.send(Input::Looked { route: self.route, doors }).await.ok();
        }
        for one in self.said.drain(..) {
            self.up.send(one).await.ok();
        }
    }
}
