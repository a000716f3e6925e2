//! The loop around the engine.
//!
//! Read the clock once; hand over what happened, the venue's word before a strategy's wish; do
//! what comes back; sleep until something happens or the engine wants to be woken.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinSet;
use tradewind_engine::{
    Action, Answer, Engine, EngineConfig, Event, Incident, Level, Snapshot, SocketEvent, Timing,
    TradingRefused,
};
use tradewind_model::attempt::AttemptEvent;
use tradewind_model::call::Call;
use tradewind_model::id::{CallId, StrategyId};
use tradewind_model::notice::Notice;
use tradewind_model::outcome::{Fate, Meter, NotTaken, Outcome, Refusal, RefusalKind, Unknown};
use tradewind_model::stream::StreamKind;
use tradewind_model::time::Timestamp;
use tradewind_scheduler::Permit;
use tradewind_transport::{SendError, Transport};
use tradewind_venue::{EncodeError, Endpoint, Signer, Stamp, Venue};

use crate::clock::{Clock, WallWatch};
use crate::desk::{Desk, End, Request};
use crate::hosts::{HostSetup, Hosts};
use crate::link::Link;
use crate::scribe::Scribe;
use crate::sockets::{SocketHandle, SocketTask, Write, writes};
use crate::state::{Keeper, State};

/// Messages of the venue that wait at the most; the sockets wait then, and the venue behind them.
const STREAM_EVENTS_MAX: usize = 4_096;
/// Wishes of strategies that wait at the most; the strategies wait then.
const COMMANDS_MAX: usize = 1_024;
/// Requests from outside that wait at the most; whoever asks waits then.
const REQUESTS_MAX: usize = 1_024;
/// Events of one kind handed over before what they led to is done. What the venue says comes first
/// each time, but a flood of one kind never keeps the others out.
const BATCH_MAX: usize = 256;
/// How often the snapshot is renewed.
const SNAPSHOT_EVERY: Duration = Duration::from_millis(100);

/// What a run is made from.
pub struct Setup {
    /// The engine's own.
    pub engine: EngineConfig,
    /// The venue's wire.
    pub venue: Arc<dyn Venue>,
    /// Where it is reached.
    pub endpoint: Endpoint,
    /// The account's key.
    pub signer: Option<Signer>,
    /// The way there.
    pub transport: Arc<dyn Transport>,
    /// Time.
    pub clock: Clock,
    /// The strategies.
    pub hosts: Vec<HostSetup>,
    /// What outlives the process; none where nothing does.
    pub state: Option<State>,
    /// The journal that the engine's beginning was read from; none where nothing is written down.
    pub scribe: Option<Scribe>,
}

/// Starts everything; must be called within a tokio runtime.
///
/// # Errors
/// When a thread cannot be started.
pub fn run(setup: Setup) -> std::io::Result<Desk> {
    run_linked(setup, None)
}

/// The same, and what the engine says of strategies that are not among its own goes up a link.
pub(crate) fn run_linked(setup: Setup, link: Option<Link>) -> std::io::Result<Desk> {
    let Setup { engine, venue, endpoint, signer, transport, clock, hosts, state, scribe } = setup;
    let (stream_events, streams) = mpsc::channel(STREAM_EVENTS_MAX);
    let (command_events, commands) = mpsc::channel(COMMANDS_MAX);
    let (requests, requested) = mpsc::channel(REQUESTS_MAX);
    let engine = Engine::new(engine, clock.now());
    let (snapshot, snapshots) = watch::channel(Arc::new(engine.snapshot(clock.now())));
    let (end, ended) = watch::channel(None);
    let hosts = Hosts::start(hosts, clock, &command_events)?;
    let keeper =
        state.map(|state| Keeper::start(state, clock, stream_events.clone())).transpose()?;
    let shell = Shell {
        venue,
        endpoint: Arc::new(endpoint),
        signer,
        transport,
        clock,
        stream_events,
        sockets: BTreeMap::new(),
        hosts,
        link,
        tasks: JoinSet::new(),
        inquiries: BTreeMap::new(),
        commands: BTreeMap::new(),
        commanded: Vec::new(),
        keeper,
        scribe,
        end,
    };
    let driver = Driver {
        engine,
        shell,
        streams,
        commands,
        requested,
        snapshot,
        snapshot_due: clock.now(),
        next_inquiry: 0,
        wall: WallWatch::new(clock),
    };
    tokio::spawn(driver.drive());
    Ok(Desk { clock, requests, snapshots, end: ended })
}

struct Driver {
    engine: Engine,
    shell: Shell,
    streams: mpsc::Receiver<Event>,
    commands: mpsc::Receiver<Event>,
    requested: mpsc::Receiver<Request>,
    snapshot: watch::Sender<Arc<Snapshot>>,
    snapshot_due: Timestamp,
    next_inquiry: u64,
    wall: WallWatch,
}

impl Driver {
    async fn drive(mut self) {
        let clock = self.shell.clock;
        loop {
            let mut now = clock.now();
            // Before anything is sent: after a sleep nothing may be signed by what was known.
            if let Some(nanos) = self.wall.look() {
                self.engine.handle(now, Event::ClockJumped { nanos });
            }
            loop {
                while let Some(action) = self.engine.poll(now) {
                    self.shell.perform(now, action);
                }
                let durable = self.shell.scribe.as_mut().and_then(Scribe::look_out);
                let Some(durable) = durable else { break };
                now = clock.now();
                self.engine.handle(now, durable);
            }
            self.relay(now).await;
            // Whoever commands sees in the next snapshot what came of it.
            let commanded = std::mem::take(&mut self.shell.commanded);
            if now >= self.snapshot_due || !commanded.is_empty() {
                self.snapshot_due = now + SNAPSHOT_EVERY;
                if let Some(scribe) = &mut self.shell.scribe {
                    scribe.tidy(now);
                }
                self.snapshot.send_replace(Arc::new(self.engine.snapshot(now)));
                self.look_after_strategies(now);
            }
            for (commander, result) in commanded {
                // They may have gone.
                commander.send(result).ok();
            }
            let wakeup = self.engine.wakeup().unwrap_or(Timestamp::MAX).min(self.snapshot_due);
            let sleep = tokio::time::sleep(wakeup.since(clock.now()));
            // In order: what orders wait for, and what the venue says before what anybody wishes.
            tokio::select! {
                biased;
                Some(event) = next_answer(&mut self.shell.scribe) => {
                    self.engine.handle(clock.now(), event);
                }
                Some(event) = self.streams.recv() => self.heard(clock.now(), event),
                Some(event) = next_told(&mut self.shell.link) => {
                    self.engine.handle(clock.now(), event);
                }
                Some(event) = self.commands.recv() => self.engine.handle(clock.now(), event),
                request = self.requested.recv() => match request {
                    Some(request) => self.requested(request),
                    None => return self.shell.stop(),
                },
                Some(_) = self.shell.tasks.join_next() => {}
                () = sleep => {}
            }
            self.take_in_waiting();
        }
    }

    /// Hands over what waits, of each kind up to a bound.
    fn take_in_waiting(&mut self) {
        let now = self.shell.clock.now();
        while let Some(event) = self.shell.scribe.as_mut().and_then(Scribe::try_next) {
            self.engine.handle(now, event);
        }
        for _ in 0..BATCH_MAX {
            let Ok(event) = self.streams.try_recv() else { break };
            self.heard(now, event);
        }
        for _ in 0..BATCH_MAX {
            let told = self.shell.link.as_mut().and_then(Link::try_told);
            let Some(event) = told.or_else(|| self.commands.try_recv().ok()) else { break };
            self.engine.handle(now, event);
        }
        for _ in 0..BATCH_MAX {
            let Ok(request) = self.requested.try_recv() else { break };
            self.requested(request);
        }
        while self.shell.tasks.try_join_next().is_some() {}
    }

    /// Gives up strategies that do not come back.
    fn look_after_strategies(&mut self, now: Timestamp) {
        for (strategy, how) in self.shell.hosts.look_after(now) {
            self.engine.handle(now, Event::StrategyLost { strategy, how });
        }
    }

    /// Takes in what has happened on the way to the venue, or there.
    fn heard(&mut self, now: Timestamp, event: Event) {
        if let Some(link) = &mut self.shell.link {
            link.note(&event);
        }
        self.engine.handle(now, event);
    }

    /// Tells whoever stands above the engine what it has said, and what stands before its venue.
    async fn relay(&mut self, now: Timestamp) {
        if let Some(link) = &mut self.shell.link {
            link.look(now, &self.engine);
            link.relay(self.engine.doors(now)).await;
        }
    }

    fn requested(&mut self, request: Request) {
        let now = self.shell.clock.now();
        match request {
            Request::Inquire { call, terms, answer } => {
                self.next_inquiry += 1;
                let inquiry = self.next_inquiry;
                self.shell.inquiries.insert(inquiry, answer);
                self.engine.handle(now, Event::Inquire { inquiry, call, terms });
            }
            Request::Trading { trading, answer } => {
                self.next_inquiry += 1;
                let command = self.next_inquiry;
                self.shell.commands.insert(command, answer);
                self.engine.handle(now, Event::Trading { command: Some(command), trading });
            }
            Request::UseEndpoint { endpoint } => self.shell.endpoint = Arc::new(endpoint),
            Request::Reconnect { kind } => self.engine.handle(now, Event::Reconnect { kind }),
            Request::Stop { patience } => {
                self.engine.handle(now, Event::Stop { deadline: now + patience });
            }
        }
    }
}

/// Whoever commanded something.
type Commander = oneshot::Sender<Result<(), TradingRefused>>;

/// Everything that does I/O.
struct Shell {
    venue: Arc<dyn Venue>,
    endpoint: Arc<Endpoint>,
    signer: Option<Signer>,
    transport: Arc<dyn Transport>,
    clock: Clock,
    stream_events: mpsc::Sender<Event>,
    sockets: BTreeMap<(StreamKind, u32), SocketHandle>,
    hosts: Hosts,
    link: Option<Link>,
    tasks: JoinSet<()>,
    inquiries: BTreeMap<u64, oneshot::Sender<Answer>>,
    commands: BTreeMap<u64, Commander>,
    /// Those that have an answer, until the snapshot shows it.
    commanded: Vec<(Commander, Result<(), TradingRefused>)>,
    keeper: Option<Keeper>,
    scribe: Option<Scribe>,
    end: watch::Sender<Option<End>>,
}

impl Shell {
    fn perform(&mut self, now: Timestamp, action: Action) {
        match action {
            Action::Send { call, permit, timing, .. } => self.send(now, call, permit, timing),
            Action::Open { kind, generation, call, permit, timing, .. } => {
                self.open(now, kind, generation, call, permit, timing);
            }
            Action::Write { kind, generation, call, permit, timing } => {
                self.write(now, kind, generation, &call, permit, timing);
            }
            Action::Close { kind, generation } => {
                self.sockets.remove(&(kind, generation));
            }
            Action::Notify { strategy, notice } => self.notify(now, strategy, notice),
            Action::Answer { inquiry, answer } => {
                if let Some(asker) = self.inquiries.remove(&inquiry) {
                    // Whoever asked may have gone.
                    asker.send(answer).ok();
                }
            }
            Action::KeepShut(records) => {
                if let Some(keeper) = &self.keeper {
                    keeper.keep_shut(records);
                }
            }
            Action::SeekCatalog { symbols, not_before } => match &self.keeper {
                Some(keeper) => keeper.seek_catalog(symbols, not_before),
                None => self.has_no_catalog(),
            },
            Action::KeepCatalog(catalog) => {
                if let Some(keeper) = &self.keeper {
                    keeper.keep_catalog(catalog);
                }
            }
            Action::Append(append) => {
                if let Some(scribe) = &mut self.scribe {
                    scribe.append(append);
                }
            }
            Action::RetryJournal => {
                if let Some(scribe) = &self.scribe {
                    scribe.retry();
                }
            }
            Action::TradingSet { command, result } => {
                if let Some(commander) = self.commands.remove(&command) {
                    self.commanded.push((commander, result));
                }
            }
            Action::Routed { number } => {
                if let Some(link) = &mut self.link {
                    link.push_noted(number);
                }
            }
            Action::Attempt(event) => log_attempt(&event),
            Action::Tell(incident) => log(&incident),
            Action::Drained { unresolved } => {
                self.end.send_replace(Some(End::Drained { unresolved }));
            }
            Action::Fail(failure) => {
                if let Some(link) = &mut self.link {
                    link.push_gone(failure.to_string());
                }
                self.end.send_replace(Some(End::Failed(failure)));
            }
        }
    }

    fn send(&mut self, now: Timestamp, call: Call, permit: Permit, timing: Timing) {
        let id = permit.call();
        let encoded = self.venue.encode(&call, &self.endpoint, stamp(timing), self.signer.as_ref());
        let request = match encoded {
            Ok(request) => request,
            Err(error) => return self.not_encoded(id, &error),
        };
        let (venue, transport) = (Arc::clone(&self.venue), Arc::clone(&self.transport));
        let (clock, events) = (self.clock, self.stream_events.clone());
        let patience = timing.give_up_at.since(now);
        let group = call.kind().group();
        self.tasks.spawn(async move {
            let outcome = match transport.send(permit, group, request, patience).await {
                Ok(response) => venue.decode(&call, &response, clock.now()),
                Err(error) => Outcome::single(transport_fate(error), Meter::default()),
            };
            // Nobody listens any more when the driver has ended.
            events.send(Event::Replied { call: id, outcome }).await.ok();
        });
    }

    fn open(
        &mut self,
        now: Timestamp,
        kind: StreamKind,
        generation: u32,
        call: Call,
        permit: Permit,
        timing: Timing,
    ) {
        let id = permit.call();
        let encoded = self.venue.encode(&call, &self.endpoint, stamp(timing), self.signer.as_ref());
        let request = match encoded {
            Ok(request) => request,
            Err(error) => return self.not_encoded(id, &error),
        };
        let (handle, waiting) = writes();
        self.sockets.insert((kind, generation), handle);
        let task = SocketTask {
            venue: Arc::clone(&self.venue),
            transport: Arc::clone(&self.transport),
            clock: self.clock,
            kind,
            generation,
            events: self.stream_events.clone(),
        };
        let patience = timing.give_up_at.since(now);
        self.tasks.spawn(task.run(call, permit, request, patience, waiting));
    }

    fn write(
        &mut self,
        now: Timestamp,
        kind: StreamKind,
        generation: u32,
        call: &Call,
        permit: Permit,
        timing: Timing,
    ) {
        let id = permit.call();
        let text = match self.venue.encode_frame(id, call, stamp(timing), self.signer.as_ref()) {
            Ok(text) => text,
            Err(error) => return self.not_encoded(id, &error),
        };
        let socket = self.sockets.get(&(kind, generation));
        let is_taken =
            socket.is_some_and(|socket| socket.writes.try_send(Write { permit, text }).is_ok());
        let events = self.stream_events.clone();
        if is_taken {
            // The answer comes on the socket. When it does not, this does; what is answered
            // already is not answered twice.
            let patience = timing.give_up_at.since(now);
            self.tasks.spawn(async move {
                tokio::time::sleep(patience).await;
                let outcome = Outcome::single(Fate::Unknown(Unknown::Timeout), Meter::default());
                events.send(Event::Replied { call: id, outcome }).await.ok();
            });
        } else {
            let event = SocketEvent::Lost("cannot be written to".to_owned());
            self.tasks.spawn(async move {
                events.send(Event::Stream { kind, generation, event }).await.ok();
            });
        }
    }

    /// A call that has no bytes: refused here, as the venue would refuse it.
    fn not_encoded(&mut self, call: CallId, error: &EncodeError) {
        let kind = match error {
            EncodeError::NeedsKey(_) | EncodeError::NeedsPassphrase(_) => RefusalKind::Auth,
            EncodeError::Unsupported { .. }
            | EncodeError::NotOffered { .. }
            | EncodeError::Url { .. } => RefusalKind::Validation,
        };
        let refusal = Refusal { kind, code: 0, message: error.to_string() };
        let outcome = Outcome::single(Fate::Refused(refusal), Meter::default());
        let events = self.stream_events.clone();
        self.tasks.spawn(async move {
            events.send(Event::Replied { call, outcome }).await.ok();
        });
    }

    /// Nobody has read the catalog where nobody keeps one.
    fn has_no_catalog(&mut self) {
        let events = self.stream_events.clone();
        self.tasks.spawn(async move {
            events.send(Event::CatalogSought(None)).await.ok();
        });
    }

    fn notify(&mut self, now: Timestamp, strategy: StrategyId, notice: Notice) {
        match &mut self.link {
            Some(link) => link.push_notice(strategy, notice),
            None => self.hosts.notify(now, strategy, notice),
        }
    }

    fn stop(mut self) {
        self.hosts.stop();
        self.tasks.abort_all();
        if let Some(scribe) = self.scribe.take() {
            scribe.close();
        }
    }
}

/// What whoever stands above the engine tells it; never, where nobody does.
async fn next_told(link: &mut Option<Link>) -> Option<Event> {
    match link {
        Some(link) => link.told().await,
        None => std::future::pending().await,
    }
}

/// What became of the records that were written down; never, where nothing is.
async fn next_answer(scribe: &mut Option<Scribe>) -> Option<Event> {
    match scribe {
        Some(scribe) => scribe.next().await,
        None => std::future::pending().await,
    }
}

fn stamp(timing: Timing) -> Stamp {
    Stamp { venue_now: timing.venue_now, recv_window: timing.recv_window }
}

/// What an error of the transport says of a call.
pub(crate) fn transport_fate(error: SendError) -> Fate {
    match error {
        SendError::NotSent(reason) => Fate::NotTaken(NotTaken::NotSent(reason)),
        SendError::Timeout => Fate::Unknown(Unknown::Timeout),
        SendError::Broken(reason) => Fate::Unknown(Unknown::Broken(reason)),
    }
}

/// What attempts are logged under: whoever wants the lines as they are, one JSON object each, asks
/// for this target.
pub const ATTEMPTS: &str = "tradewind::attempt";

fn log_attempt(event: &AttemptEvent) {
    // Many a second, so nothing is written down that nobody reads.
    if tracing::enabled!(target: ATTEMPTS, tracing::Level::INFO)
        && let Ok(line) = serde_json::to_string(event)
    {
        tracing::info!(target: ATTEMPTS, "{line}");
    }
}

fn log(incident: &Incident) {
    match incident.level() {
        Level::Info => tracing::info!("{incident}"),
        Level::Warn => tracing::warn!("{incident}"),
        Level::Error => tracing::error!("{incident}"),
    }
}
