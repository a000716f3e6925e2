//! The dispatcher: events in, actions out, and what is known in between.
//!
//! The driver calls [`Engine::handle`] with each event, then [`Engine::poll`] until it has nothing
//! more to do, then sleeps until [`Engine::wakeup`]. Nothing in here does I/O or asks the time, so
//! a day of trading can be played in a second, twice, to the same end.
//!
//! The work itself is in the submodules, each an `impl` block about one thing:
//!
//! - calls: `dispatch` brings them to the scheduler and out, `outcome` brings back what became of
//!   them, `retrying` decides what is tried again, `attempts` tells of each try;
//! - orders: `orders` follows them, `journaling` writes down what may not be forgotten, `refusals`
//!   stops what is refused time and again, `order_counts` asks how many more there may be;
//! - who may trade: `trading` heeds what an operator allows, `isolation` cuts off a strategy that
//!   fails, `shut` heeds what is to be left alone and `inheritance` hands it on;
//! - what comes in: `streams` keeps sockets up, `resync` asks for what was missed meanwhile,
//!   `market` hands out feeds, `reads` answers questions from outside, `clock` knows the venue's
//!   time, `pauses` notices that nothing happened for long;
//! - a beginning: `startup` reads what has to be known before the first order, `recovery` takes up
//!   what earlier lives have left, `resetting` notices that the venue has not, `scanning` reads
//!   trades that nobody has told;
//! - the books: `background` reads again now and then, `rates` learns what fees are worth, `audit`
//!   holds the books against the venue's.

mod attempts;
mod audit;
mod background;
mod calls;
mod clock;
mod dispatch;
mod inheritance;
mod isolation;
mod journaling;
mod market;
mod order_counts;
mod orders;
mod outcome;
mod paging;
mod pauses;
mod rates;
mod reads;
mod recovery;
mod refusals;
mod resetting;
mod resync;
mod retrying;
mod scanning;
mod shut;
mod startup;
mod status;
mod streams;
mod trading;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use tradewind_model::attempt::AccountHash;
use tradewind_model::id::{CallId, ClientOrderId, InstrumentId, StrategyId, Symbol};
use tradewind_model::instrument::Instrument;
use tradewind_model::lookup::Lookup;
use tradewind_model::manners::Manners;
use tradewind_model::market::Quote;
use tradewind_model::notice::{Command, Notice, VenueStatus};
use tradewind_model::stream::StreamKind;
use tradewind_model::tariff::Tariff;
use tradewind_model::time::Timestamp;
use tradewind_model::trading::TradingLimits;
use tradewind_scheduler::{
    BreakerKey, Jitter, Next, RefusalBreaker, Retries, RetryPolicy, Scheduler, SchedulerConfig,
    ScopeKey,
};

use crate::action::{Action, Failure, Route};
use crate::beginning::Beginning;
use crate::clock_sync::ClockSync;
use crate::doors::Doors;
use crate::event::Event;
use crate::incident::Incident;
use crate::journal::Entry;
use crate::ledger::Ledger;
use crate::operator::OnFailure;
use crate::snapshot::{Counters, Snapshot, StreamView};
use crate::timers::Timers;
use audit::Audit;
use background::Background;
use calls::Calls;
use clock::Clockwork;
use inheritance::Kept;
use journaling::Journaling;
use market::Market;
use order_counts::OrderCount;
use orders::Watch;
use pauses::Pauses;
use rates::Rates;
use reads::Reads;
use recovery::Recovery;
use resetting::Memory;
use resync::Resync;
use scanning::Scan;
use startup::Startup;
use streams::{Crosscheck, Stream};
use trading::TradingDesk;

/// A strategy the engine serves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StrategySetup {
    /// Its name.
    pub id: StrategyId,
    /// Its slot in names of orders: which of those at the venue are its own.
    pub slot: u16,
    /// What it trades: our name, and the venue's.
    pub instruments: Vec<(InstrumentId, Symbol)>,
    /// What it may do at the most.
    pub limits: TradingLimits,
    /// What becomes of its orders when it fails.
    pub on_failure: OnFailure,
}

/// Who a process is, in its log of attempts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Its name: unique among all that run at a time, the same for all of its life.
    pub instance: String,
    /// The version of the program.
    pub version: String,
    /// When it started.
    pub started_at: Timestamp,
    /// Its login, hashed; none when it has none.
    pub account: Option<AccountHash>,
}

/// What an engine is made from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EngineConfig {
    /// Where calls go.
    pub route: Route,
    /// What they cost, and the limits until the venue has told its own.
    pub tariff: Tariff,
    /// Caps, reserves and bounds of the queue.
    pub scheduler: SchedulerConfig,
    /// How often what failed is tried again.
    pub retry: RetryPolicy,
    /// The strategies.
    pub strategies: Vec<StrategySetup>,
    /// How late a venue may still accept an order. Short is good: it bounds how long a lost answer
    /// leaves an order in doubt.
    pub recv_window: Duration,
    /// For how long it proves nothing that the venue knows no such order.
    pub lookup: Lookup,
    /// How the venue is dealt with.
    pub manners: Manners,
    /// How long an order may wait for leave to be sent before it is denied.
    pub order_deadline: Duration,
    /// How long to wait for the answer to a call.
    pub call_timeout: Duration,
    /// How long the venue may take to tell what has to be known before the first order.
    pub startup_timeout: Duration,
    /// Whether own orders are canceled when trading ends.
    pub cancels_on_stop: bool,
    /// What all strategies may do together at the most.
    pub limits: TradingLimits,
    /// Who this process is, in its log.
    pub identity: Identity,
    /// What it knows when it begins.
    pub beginning: Beginning,
    /// Of all randomness: the jitter of retries.
    pub seed: u64,
}

/// Everything that waits, by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Timer {
    /// The first call may go.
    Begin,
    /// The venue's clock is to be read.
    Clock,
    /// The catalog is to be read anew.
    Catalog,
    /// The books are to be held against the venue's.
    Audit,
    /// Prices that nobody follows are to be read.
    Rates,
    /// Nobody has said whether there is a catalog.
    CatalogSought,
    /// A call is to be tried again.
    Retry(CallId),
    /// A call has waited for the clock until its deadline.
    Held(CallId),
    /// Somebody outside has waited until their deadline.
    Reads,
    /// It is to be looked whether the venue's count of orders is worth asking for.
    OrderCount,
    /// A stream is to be opened again.
    Reopen(StreamKind),
    /// A socket is to give a sign of life.
    Ping(StreamKind, u32),
    /// A stream has to have been heard of.
    Liveness(StreamKind),
    /// A stream's socket is to be replaced, or its successor is to take over.
    Rotate(StreamKind),
    /// What rests at the venue is to be compared with what is known.
    Crosscheck,
    /// What could not be read is to be asked for.
    Resync,
    /// The venue is to be asked about an order.
    Ask(ClientOrderId),
    /// The venue has told of trades without telling which; they are to be fetched.
    Fetch(ClientOrderId),
    /// An order is to be canceled again.
    Cancel(ClientOrderId),
    /// An order has waited for its intent to be written down until its deadline.
    Unwritten(ClientOrderId),
    /// An order's fate has not been known for long.
    Doubt(ClientOrderId),
    /// The journal's storage is to be tried again.
    Journal,
    /// What has to be known before the first order has to be known.
    Startup,
    /// A shut scope may be open.
    Unshut,
    /// More of a position may be closed.
    Close,
    /// Trading has to have ended.
    Stop,
}

/// A strategy as the engine knows it.
#[derive(Debug)]
struct Member {
    instruments: Vec<InstrumentId>,
    has_started: bool,
    store: BTreeMap<String, String>,
}

/// The pure core: what is true, and what is to be done about it.
#[derive(Debug)]
pub struct Engine {
    config: EngineConfig,
    tariff: Tariff,
    scheduler: Scheduler,
    clock: ClockSync,
    clockwork: Clockwork,
    jitter: Jitter,
    retries: Retries,
    refusals: RefusalBreaker,
    turned_away: shut::TurnedAway,
    timers: Timers<Timer>,
    calls: Calls,
    reads: Reads,
    /// See [`Doors::resyncs`].
    resyncs_told: u64,
    order_count: OrderCount,
    actions: VecDeque<Action>,
    members: BTreeMap<StrategyId, Member>,
    instruments: BTreeMap<InstrumentId, Instrument>,
    symbols: BTreeMap<Symbol, InstrumentId>,
    quotes: BTreeMap<Symbol, Quote>,
    rates: Rates,
    audit: Audit,
    ledger: Ledger,
    watches: BTreeMap<ClientOrderId, Watch>,
    account_stream: Stream,
    market_stream: Stream,
    market: Market,
    crosscheck: Crosscheck,
    resync: Resync,
    startup: Startup,
    background: Background,
    kept: Kept,
    journaling: Journaling,
    recovery: Recovery,
    memory: Memory,
    scans: BTreeMap<Symbol, Scan>,
    trading: TradingDesk,
    pauses: Pauses,
    /// Orders in doubt for so long that no new risk is taken.
    overdue: BTreeSet<ClientOrderId>,
    told: VenueStatus,
    counters: Counters,
    is_stopping: bool,
    is_drained: bool,
    has_failed: bool,
}

impl Engine {
    /// An engine that knows nothing yet; its first [`Engine::poll`] begins to ask.
    #[must_use]
    pub fn new(config: EngineConfig, now: Timestamp) -> Self {
        let members = config.strategies.iter().map(|setup| {
            let instruments = setup.instruments.iter().map(|(id, _)| id.clone()).collect();
            (setup.id, Member { instruments, has_started: false, store: BTreeMap::new() })
        });
        let mut scheduler = Scheduler::new(config.scheduler.clone());
        scheduler.set_limits(now, &config.tariff.limits);
        let mut engine = Self {
            members: members.collect(),
            tariff: config.tariff.clone(),
            scheduler,
            clock: ClockSync::new(),
            clockwork: Clockwork::default(),
            jitter: Jitter::new(config.seed),
            retries: Retries::new(config.retry),
            refusals: RefusalBreaker::default(),
            turned_away: shut::TurnedAway::default(),
            timers: Timers::new(),
            calls: Calls::default(),
            reads: Reads::default(),
            resyncs_told: 0,
            order_count: OrderCount::default(),
            actions: VecDeque::new(),
            instruments: BTreeMap::new(),
            symbols: BTreeMap::new(),
            quotes: BTreeMap::new(),
            rates: Rates::default(),
            audit: Audit::default(),
            ledger: Ledger::default(),
            watches: BTreeMap::new(),
            account_stream: Stream::default(),
            market_stream: Stream::default(),
            market: Market::default(),
            crosscheck: Crosscheck::default(),
            resync: Resync::default(),
            startup: Startup::default(),
            background: Background::default(),
            kept: Kept::default(),
            journaling: Journaling::new(config.beginning.journal.is_some()),
            recovery: Recovery::default(),
            memory: Memory::default(),
            scans: BTreeMap::new(),
            trading: TradingDesk::default(),
            pauses: Pauses::default(),
            overdue: BTreeSet::new(),
            told: VenueStatus::Stale { reason: "starting".to_owned() },
            counters: Counters::default(),
            is_stopping: false,
            is_drained: false,
            has_failed: false,
            config,
        };
        engine.inherit(now);
        engine.take_up_trading(now);
        engine.take_up(now);
        let begins_at = now + engine.hold_back();
        engine.timers.set(Timer::Startup, begins_at + engine.config.startup_timeout);
        if begins_at > now {
            engine.timers.set(Timer::Begin, begins_at);
        } else {
            engine.begin(now);
        }
        engine.refresh_status(now);
        engine
    }

    /// Takes in something that happened.
    pub fn handle(&mut self, now: Timestamp, event: Event) {
        self.note_call(now);
        match event {
            Event::Trading { command, trading } => self.set_trading(now, command, trading),
            Event::Command { strategy, command } => self.command(now, strategy, command),
            Event::Replied { call, outcome } => self.replied(now, call, outcome),
            Event::Stream { kind, generation, event } => {
                self.stream_event(now, kind, generation, event);
            }
            Event::StrategyLost { strategy, how } => self.strategy_lost(now, strategy, how),
            Event::Inquire { inquiry, call, terms } => self.inquire(now, inquiry, call, terms),
            Event::ClockJumped { nanos } => self.clock_jumped(now, nanos),
            Event::ShutElsewhere(records) => self.adopt(now, &records),
            Event::CatalogSought(catalog) => self.catalog_sought(now, catalog),
            Event::Journal(answer) => self.journal_answered(now, answer),
            Event::StartPatiently => self.start_patiently(),
            Event::ClearAccount => {
                let scope = ScopeKey::Account(self.config.route.account);
                self.scheduler.clear(now, &scope);
            }
            Event::Reconnect { kind } => self.rotate(now, kind),
            Event::Route { number, entry } => self.route(now, number, entry),
            Event::Recall { client_order_id } => self.recall(now, client_order_id),
            Event::Resync => {
                self.resyncs_told += 1;
                self.resync_now(now);
            }
            Event::Stop { deadline } => self.stop(now, deadline),
        }
        self.go_on_with_resync(now);
        self.begin_strategies(now);
        self.refresh_status(now);
        self.enforce_trading(now);
        self.keep_shut(now);
    }

    /// What is to be done next; none when there is nothing until the next event or
    /// [`Engine::wakeup`].
    pub fn poll(&mut self, now: Timestamp) -> Option<Action> {
        if self.has_failed {
            self.hand_out_records();
            return self.actions.pop_front();
        }
        self.note_call(now);
        self.advance_clock(now);
        loop {
            self.keep_shut(now);
            self.hand_out_records();
            if let Some(action) = self.actions.pop_front() {
                return Some(action);
            }
            if let Some(timer) = self.timers.take_due(now) {
                self.fire(now, timer);
                self.go_on_with_resync(now);
                self.begin_strategies(now);
                self.refresh_status(now);
                self.enforce_trading(now);
                continue;
            }
            match self.scheduler.poll(now) {
                Some(Next::Admit(permit)) => {
                    if let Some(action) = self.admitted(now, permit) {
                        return Some(action);
                    }
                }
                Some(Next::Expire(ticket)) => {
                    self.expired(now, ticket.call);
                    self.refresh_status(now);
                }
                Some(Next::Probe(probe)) => self.probe(now, probe),
                None => {
                    self.check_drained();
                    self.consider_order_count(now);
                    self.expect_call(now);
                    return self.actions.pop_front();
                }
            }
        }
    }

    /// When [`Engine::poll`] may have something to do though nothing happened.
    #[must_use]
    pub fn wakeup(&self) -> Option<Timestamp> {
        if self.has_failed {
            return None;
        }
        let timers = self.timers.next_due();
        let scheduler = self.scheduler.wakeup();
        timers.into_iter().chain(scheduler).min()
    }

    /// Everything an operator may want to see.
    #[must_use]
    pub fn snapshot(&self, now: Timestamp) -> Snapshot {
        Snapshot::of(self, now)
    }

    /// What stands between new orders and the venue.
    #[must_use]
    pub fn doors(&self, now: Timestamp) -> Doors {
        let account = self.config.route.account;
        let is_ours = |key: &BreakerKey| key.account.is_none_or(|of| of == account);
        let outages = self.scheduler.outages().into_iter().filter(|(key, _)| is_ours(key));
        let shut = self.scheduler.shut_records(now).into_iter();
        Doors {
            status: self.told.clone(),
            // A neighbor's address is known to be shut, too, and only the neighbor finds out when it
            // is open.
            shut: shut.filter(|record| self.is_behind(&record.scope)).collect(),
            outages: outages.map(|(key, outage)| (key.group, outage)).collect(),
            resyncs: self.resyncs_told,
        }
    }

    fn command(&mut self, now: Timestamp, strategy: StrategyId, command: Command) {
        if !self.members.contains_key(&strategy) {
            return;
        }
        if self.is_cut_off(strategy) {
            self.counters.commands_dropped += 1;
            return;
        }
        match command {
            Command::Started => self.strategy_started(now, strategy),
            Command::Submit { client_order_id, request } => {
                self.submit_wish(now, strategy, client_order_id, request);
            }
            Command::AllowResend { client_order_id } => {
                self.allow_resend(strategy, client_order_id);
            }
            Command::Cancel { client_order_id } => self.cancel(now, strategy, client_order_id),
            Command::SubmitPair { pair_id, take_id, stop_id, request } => {
                self.submit_pair(now, strategy, (pair_id, take_id, stop_id), &request);
            }
            Command::Replace { client_order_id, replacement_id, request, when_not_canceled } => {
                let (id, new) = (client_order_id, replacement_id);
                self.replace(now, strategy, id, new, &request, when_not_canceled);
            }
            Command::Amend { client_order_id, qty } => {
                self.amend(now, strategy, client_order_id, qty);
            }
            Command::CancelAll { instrument, whose } => {
                self.cancel_all(now, strategy, &instrument, whose);
            }
            Command::Subscribe { instrument, feed } => {
                self.subscribe(now, strategy, &instrument, feed);
            }
            Command::History { instrument, interval, bars } => {
                self.history(now, strategy, instrument, interval, bars);
            }
            Command::Remember { key, value } => {
                if let Some(member) = self.members.get_mut(&strategy) {
                    match value.clone() {
                        Some(value) => member.store.insert(key.clone(), value),
                        None => member.store.remove(&key),
                    };
                    self.record(now, Entry::Remembered { strategy, key, value });
                }
            }
        }
    }

    fn fire(&mut self, now: Timestamp, timer: Timer) {
        match timer {
            Timer::Begin => self.begin(now),
            Timer::Clock => self.read_clock(now),
            Timer::Catalog => self.seek_catalog(now),
            Timer::Audit => self.audit_due(now),
            Timer::Rates => self.read_rates(now),
            Timer::CatalogSought => self.catalog_sought(now, None),
            Timer::Retry(call) => self.retry_due(now, call),
            Timer::Held(call) => self.held_too_long(now, call),
            Timer::Reads => self.reads_due(now),
            // Looking is done whenever nothing else is left to do.
            Timer::OrderCount => {}
            Timer::Reopen(kind) => self.open_stream(now, kind),
            Timer::Ping(kind, generation) => self.ping_stream(now, kind, generation),
            Timer::Liveness(kind) => self.check_liveness(now, kind),
            Timer::Rotate(kind) => self.rotation_due(now, kind),
            Timer::Crosscheck => self.crosscheck(now),
            Timer::Resync => self.resync_due(now),
            Timer::Ask(id) => self.ask(now, id),
            Timer::Fetch(id) => self.fetch_fills(now, id),
            Timer::Cancel(id) => self.pursue_cancel(now, id),
            Timer::Unwritten(id) => self.unwritten(now, id),
            Timer::Doubt(id) => self.doubt_overdue(now, id),
            Timer::Journal => self.retry_journal(),
            Timer::Startup => self.startup_timed_out(now),
            // Telling the status anew is all there is to do; the queue moves by itself.
            Timer::Unshut => {}
            // Closing is looked at after each timer.
            Timer::Close => {}
            Timer::Stop => self.give_up_draining(),
        }
    }

    fn stop(&mut self, now: Timestamp, deadline: Timestamp) {
        if self.is_stopping {
            return;
        }
        self.is_stopping = true;
        self.timers.set(Timer::Stop, deadline);
        self.notify_all(|| Notice::Stopping);
        self.cancel_everything(now);
    }

    fn check_drained(&mut self) {
        if self.is_stopping && !self.is_drained && self.awaited().is_empty() {
            self.drain(Vec::new());
        }
    }

    fn give_up_draining(&mut self) {
        if !self.is_drained {
            self.drain(self.awaited());
        }
    }

    fn drain(&mut self, unresolved: Vec<ClientOrderId>) {
        self.is_drained = true;
        self.timers.clear(Timer::Stop);
        self.actions.push_back(Action::Drained { unresolved });
    }

    fn notify(&mut self, strategy: StrategyId, notice: Notice) {
        // What becomes of orders of earlier lives is in what a strategy is told at its beginning.
        if matches!(notice, Notice::Order(_)) && !self.startup.has_begun_strategies {
            return;
        }
        if self.is_cut_off(strategy) {
            return;
        }
        self.actions.push_back(Action::Notify { strategy, notice });
    }

    fn tell(&mut self, incident: Incident) {
        self.actions.push_back(Action::Tell(incident));
    }

    fn fail(&mut self, failure: Failure) {
        self.has_failed = true;
        self.end_all_reads();
        self.actions.push_back(Action::Fail(failure));
    }

    pub(crate) fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    pub(crate) fn counters(&self) -> &Counters {
        &self.counters
    }

    pub(crate) fn told(&self) -> &VenueStatus {
        &self.told
    }

    pub(crate) fn scheduler(&self) -> &Scheduler {
        &self.scheduler
    }

    pub(crate) fn instruments(&self) -> &BTreeMap<InstrumentId, Instrument> {
        &self.instruments
    }

    /// How each kind of stream stands.
    #[must_use]
    pub fn streams(&self) -> [StreamView; 2] {
        [StreamKind::Account, StreamKind::Market].map(|kind| self.stream(kind).view(kind))
    }

    /// How many timers are set, and how many calls have not come to their end.
    pub(crate) fn waiting(&self) -> (usize, usize) {
        (self.timers.len(), self.calls.len())
    }

    pub(crate) fn clock_offset_nanos(&self) -> i64 {
        self.clock.offset_nanos()
    }

    /// Best bid and ask, by our name of the instrument.
    pub(crate) fn quotes(&self) -> BTreeMap<InstrumentId, Quote> {
        let named = self.quotes.iter().filter_map(|(symbol, quote)| {
            self.symbols.get(symbol).map(|id| (id.clone(), quote.clone()))
        });
        named.collect()
    }
}
