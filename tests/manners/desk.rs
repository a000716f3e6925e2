//! One engine, the codec, and the script: what leaves is answered 20 ms later.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use http::Response;
use tradewind_bitget::BitgetSpot;
use tradewind_engine::journal::{Answer, Recovered};
use tradewind_engine::{
    Action, Beginning, Doors, Engine, EngineConfig, Event, Failure, Identity, Incident, OnFailure,
    Route, SocketEvent, StrategySetup, Timing,
};
use tradewind_model::id::{
    AccountId, CallId, ClientOrderId, ClientOrderIds, EgressId, InstrumentId, StrategyId, Symbol,
    TradeId,
};
use tradewind_model::market::Interval;
use tradewind_model::notice::{Command, Notice};
use tradewind_model::order::{OrderKind, OrderRequest, OrderUpdate, Side, TimeInForce};
use tradewind_model::outcome::{Fate, Meter, Outcome, Refusal, RefusalKind, Unknown};
use tradewind_model::stream::{Feed, StreamKind};
use tradewind_model::time::Timestamp;
use tradewind_model::trading::TradingLimits;
use tradewind_scheduler::{RetryPolicy, SchedulerConfig, ShutRecord};
use tradewind_venue::{Endpoint, Signer, Stamp, Venue};

use super::script::Script;

const LATENCY: Duration = Duration::from_millis(20);
const SLOT: u16 = 1;

pub(super) const START: Timestamp = Timestamp::from_secs(1_800_000_000);

/// A message that was sent on a socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Sent {
    pub(super) at: Timestamp,
    pub(super) kind: StreamKind,
    pub(super) generation: u32,
    pub(super) text: String,
}

pub(super) struct Desk {
    pub(super) engine: Engine,
    pub(super) script: Script,
    pub(super) now: Timestamp,
    /// Paths with queries, as they were asked.
    pub(super) asked: Vec<String>,
    pub(super) sent: Vec<Sent>,
    /// Sockets that stand.
    pub(super) standing: Vec<(StreamKind, u32)>,
    pub(super) opened: Vec<StreamKind>,
    pub(super) notices: Vec<Notice>,
    pub(super) incidents: Vec<Incident>,
    pub(super) failure: Option<Failure>,
    names: ClientOrderIds,
    venue: BitgetSpot,
    signer: Signer,
    due: BTreeMap<(Timestamp, u64), Event>,
    events: u64,
}

fn strategy() -> StrategyId {
    StrategyId::new("maker").expect("a name")
}

pub(super) fn instrument() -> InstrumentId {
    InstrumentId::from("FOO-USDT")
}

impl Desk {
    pub(super) fn new() -> Self {
        Self::with(Script::default(), &[instrument()])
    }

    /// A desk before a venue that does so.
    pub(super) fn with(script: Script, instruments: &[InstrumentId]) -> Self {
        Self::begin(script, instruments, Beginning::default())
    }

    /// A desk whose earlier lives knew of this trade, and of nothing since.
    pub(super) fn after(script: Script, last: TradeId) -> Self {
        let account = AccountId::new("main").expect("a name");
        let of = (BitgetSpot::default().id(), account, symbol());
        let mut recovered = Recovered::default();
        recovered.last_trades.insert(of, last);
        let journal = Some(Box::new(recovered));
        Self::begin(script, &[instrument()], Beginning { journal, ..Beginning::default() })
    }

    fn begin(script: Script, instruments: &[InstrumentId], beginning: Beginning) -> Self {
        let venue = BitgetSpot::default();
        let signer = Signer::hmac_sha256("bg_made_up_key_of_nobody", "made-up-secret")
            .and_then(|signer| signer.with_passphrase("madeUpPhrase"))
            .expect("a key");
        let named = |id: &InstrumentId| (id.clone(), venue.symbol(id));
        let setup = StrategySetup {
            id: strategy(),
            slot: SLOT,
            instruments: instruments.iter().map(named).collect(),
            limits: TradingLimits::default(),
            on_failure: OnFailure::default(),
        };
        let config = EngineConfig {
            route: Route {
                venue: venue.id(),
                account: AccountId::new("main").expect("a name"),
                egress: EgressId::new("eth0").expect("a name"),
            },
            tariff: venue.tariff(),
            scheduler: SchedulerConfig::default(),
            retry: RetryPolicy::default(),
            strategies: vec![setup],
            recv_window: Duration::from_secs(2),
            lookup: venue.lookup(),
            manners: venue.manners(),
            order_deadline: Duration::from_secs(10),
            call_timeout: Duration::from_secs(10),
            startup_timeout: Duration::from_secs(60),
            cancels_on_stop: true,
            limits: TradingLimits::default(),
            identity: Identity {
                instance: "one".to_owned(),
                version: "0".to_owned(),
                started_at: START,
                account: None,
            },
            beginning,
            seed: 7,
        };
        Self {
            engine: Engine::new(config, START),
            script,
            now: START,
            asked: Vec::new(),
            sent: Vec::new(),
            standing: Vec::new(),
            opened: Vec::new(),
            notices: Vec::new(),
            incidents: Vec::new(),
            failure: None,
            names: ClientOrderIds::new(SLOT, START),
            venue,
            signer,
            due: BTreeMap::new(),
            events: 0,
        }
    }

    /// Lets so many milliseconds pass.
    pub(super) fn pass(&mut self, millis: u64) -> &mut Self {
        let end = self.now + Duration::from_millis(millis);
        for _ in 0..1_000_000 {
            while let Some(action) = self.engine.poll(self.now) {
                self.perform(action);
            }
            let next = self.due.keys().next().map(|(at, _)| *at);
            let next = next.into_iter().chain(self.engine.wakeup()).min();
            match next.filter(|at| *at <= end) {
                Some(at) => self.now = self.now.max(at),
                None => {
                    self.now = end;
                    return self;
                }
            }
            if let Some((at, number)) = self.due.keys().next().copied()
                && at <= self.now
            {
                let event = self.due.remove(&(at, number)).expect("it was there");
                self.engine.handle(self.now, event);
            }
        }
        panic!("no end");
    }

    /// Lets time pass until the strategy has begun and wants this.
    pub(super) fn start(&mut self, feeds: &[Feed]) -> &mut Self {
        self.pass(2_000);
        let has_begun = self.notices.iter().any(|notice| matches!(notice, Notice::Started(_)));
        assert!(has_begun, "{:?} {:?}", self.incidents, self.failure);
        for feed in feeds {
            self.command(Command::Subscribe { instrument: instrument(), feed: *feed });
        }
        self.command(Command::Started);
        self.pass(2_000)
    }

    /// Hears what processes beside it were told to leave alone.
    pub(super) fn hear_shut(&mut self, records: Vec<ShutRecord>) {
        self.engine.handle(self.now, Event::ShutElsewhere(records));
    }

    /// What it shows of what stands before it.
    pub(super) fn doors(&self) -> Doors {
        self.engine.doors(self.now)
    }

    pub(super) fn command(&mut self, command: Command) {
        self.engine.handle(self.now, Event::Command { strategy: strategy(), command });
    }

    /// An order to buy at 10.
    pub(super) fn buy(&mut self, qty: &str) -> ClientOrderId {
        let (price, qty) = ("10".parse().expect("a price"), qty.parse().expect("a quantity"));
        let time_in_force = TimeInForce::GoodTillCanceled;
        let kind = OrderKind::Limit { price, qty, time_in_force };
        let request = OrderRequest { instrument: instrument(), side: Side::Buy, kind, tag: 0 };
        let client_order_id = self.names.next();
        self.command(Command::Submit { client_order_id, request });
        client_order_id
    }

    /// The venue says something on the newest socket of a kind.
    pub(super) fn say(&mut self, kind: StreamKind, text: &str) {
        let of_kind = self.standing.iter().rev().find(|(of, _)| *of == kind);
        let (_, generation) = *of_kind.expect("a socket");
        self.hear(kind, generation, text, self.now);
    }

    /// What the strategy was told of its orders.
    pub(super) fn updates(&self) -> Vec<OrderUpdate> {
        let update = |notice: &Notice| {
            if let Notice::Order(update) = notice { Some((**update).clone()) } else { None }
        };
        self.notices.iter().filter_map(update).collect()
    }

    /// The texts that were sent on sockets of a kind.
    pub(super) fn texts(&self, kind: StreamKind) -> Vec<&str> {
        let of_kind = self.sent.iter().filter(|sent| sent.kind == kind);
        of_kind.map(|sent| sent.text.as_str()).collect()
    }

    fn later(&mut self, at: Timestamp, event: Event) {
        self.events += 1;
        self.due.insert((at, self.events), event);
    }

    fn hear(&mut self, kind: StreamKind, generation: u32, text: &str, at: Timestamp) {
        let event = match self.venue.decode_frame(kind, text, at) {
            Ok(event) => SocketEvent::Message(Box::new(event)),
            Err(error) => SocketEvent::Unreadable { problem: error.problem, order: error.order },
        };
        self.later(at, Event::Stream { kind, generation, event });
    }

    fn stamp(timing: Timing) -> Stamp {
        Stamp { venue_now: timing.venue_now, recv_window: timing.recv_window }
    }

    fn refuse(&mut self, call: CallId, problem: String) {
        let kind = RefusalKind::Validation;
        let refusal = Refusal { kind, code: 0, message: problem };
        let outcome = Outcome::single(Fate::Refused(refusal), Meter::default());
        self.later(self.now, Event::Replied { call, outcome });
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "what a test is not about is not done")]
    fn perform(&mut self, action: Action) {
        let endpoint = Endpoint {
            rest: "https://venue.test".to_owned(),
            account_stream: "wss://venue.test/private".to_owned(),
            market_stream: "wss://venue.test/public".to_owned(),
        };
        let at = self.now + LATENCY;
        match action {
            Action::Send { call, permit, timing, .. } => {
                let (id, stamp) = (permit.call(), Self::stamp(timing));
                match self.venue.encode(&call, &endpoint, stamp, Some(&self.signer)) {
                    Ok(request) => {
                        let path = request.uri().path_and_query().expect("a path").to_string();
                        self.asked.push(path.trim_start_matches("/api/v2/").to_owned());
                        let response = self.script.answer(self.now.as_millis(), &request);
                        let outcome = self.venue.decode(&call, &response, at);
                        self.later(at, Event::Replied { call: id, outcome });
                    }
                    Err(error) => self.refuse(id, error.to_string()),
                }
            }
            Action::Open { kind, generation, call, permit, .. } => {
                self.opened.push(kind);
                self.standing.push((kind, generation));
                let response = Response::builder().status(101).body(Bytes::new());
                let outcome = self.venue.decode(&call, &response.expect("a response"), at);
                self.later(at, Event::Replied { call: permit.call(), outcome });
            }
            Action::Write { kind, generation, call, permit, timing } => {
                let (id, stamp) = (permit.call(), Self::stamp(timing));
                match self.venue.encode_frame(id, &call, stamp, Some(&self.signer)) {
                    Ok(text) => {
                        for told in self.script.hear(&text) {
                            self.hear(kind, generation, &told, at);
                        }
                        self.sent.push(Sent { at: self.now, kind, generation, text });
                        let fate = Fate::Unknown(Unknown::Timeout);
                        let outcome = Outcome::single(fate, Meter::default());
                        self.later(timing.give_up_at, Event::Replied { call: id, outcome });
                    }
                    Err(error) => self.refuse(id, error.to_string()),
                }
            }
            Action::Close { kind, generation } => {
                self.standing.retain(|socket| *socket != (kind, generation));
            }
            Action::Notify { notice, .. } => self.notices.push(notice),
            Action::Tell(incident) => self.incidents.push(incident),
            Action::Fail(failure) => self.failure = Some(failure),
            Action::Append(append) => {
                self.later(at, Event::Journal(Answer::Durable(append.id)));
            }
            Action::SeekCatalog { .. } => self.later(self.now, Event::CatalogSought(None)),
            _ => {}
        }
    }
}

pub(super) fn five_minutes() -> Feed {
    Feed::Bar(Interval::Minute5)
}

pub(super) fn symbol() -> Symbol {
    Symbol::from("FOOUSDT")
}
