//! A world with a script: instances of ours and bots of others on one venue, and what happens when.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use tradewind_binance::BinanceSpot;
use tradewind_grid::Grid;
use tradewind_lab::{
    InstanceId, InstanceSetup, StrategySpec, Weather, World, WorldSetup, write_log,
};
use tradewind_model::Decimal;
use tradewind_model::attempt::RetryReason;
use tradewind_model::call::Call;
use tradewind_model::id::VenueId;
use tradewind_model::outcome::{Fate, Meter, Outcome, Reply, Unknown};
use tradewind_model::stream::StreamKind;
use tradewind_model::tariff::Tariff;
use tradewind_model::time::Timestamp;
use tradewind_simulator::binance::{ApiKey, BinanceConfig, KeySecret};
use tradewind_simulator::exchange::{AccountConfig, AccountId};
use tradewind_simulator::limits::Service;
use tradewind_strategy::Registry;
use tradewind_venue::{Endpoint, Signer, Stamp, Venue};

use super::churn::Churn;
use super::client::{Client, Manners, Try};
use super::dice::Dice;

/// How many accounts the venue has.
pub(crate) const ACCOUNTS: usize = 3;
/// The address that everybody shares.
pub(crate) const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

type Act = Box<dyn FnOnce(&mut Stage)>;

/// Who asks something again and again.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Who {
    /// Somebody at the desk of an instance of ours.
    Desk(InstanceId),
    /// A client.
    Client(usize),
}

/// Something that is asked again and again.
#[derive(Clone, Debug)]
pub(crate) struct Habit {
    pub(crate) call: Call,
    pub(crate) every: Duration,
    /// Whether it is asked at full multiples of that by the clock, as a cron job does.
    pub(crate) by_the_clock: bool,
    pub(crate) until: Timestamp,
}

/// A world with a script.
pub(crate) struct Stage {
    pub(crate) world: World,
    pub(crate) clients: Vec<Client>,
    pub(crate) ours: Vec<InstanceId>,
    pub(crate) dice: Dice,
    /// What is logged of a call's price.
    pub(crate) tariff: Tariff,
    acts: BTreeMap<(Timestamp, u64), Act>,
    posted: u64,
    registry: Arc<Registry>,
    codec: BinanceSpot,
    endpoint: Endpoint,
}

/// The key and the secret of an account.
fn key(account: usize) -> (String, String) {
    (format!("FAKE0scene0key{account}{:0<49}", ""), format!("FAKE0scene0secret{account}"))
}

/// What an account signs with.
pub(crate) fn signer(account: usize) -> Signer {
    let (key, secret) = key(account);
    Signer::hmac_sha256(&key, &secret).unwrap()
}

/// The name of an account's key.
pub(crate) fn api_key(account: usize) -> String {
    key(account).0
}

/// The venue of a scene: a calm market, several accounts.
pub(crate) fn venue() -> BinanceConfig {
    let mut venue = BinanceConfig::default();
    for symbol in &mut venue.exchange.symbols {
        symbol.market.step = Duration::from_secs(20);
    }
    let balances = [("USDT", 1_000_000), ("BTC", 50)];
    let balances = balances.map(|(asset, qty)| (asset, Decimal::from(qty)));
    venue.exchange.accounts = vec![AccountConfig::with_balances(&balances); ACCOUNTS];
    venue.front.keys = (0..ACCOUNTS)
        .map(|account| ApiKey {
            api_key: key(account).0,
            secret: KeySecret::Hmac(key(account).1),
            account: AccountId(u32::try_from(account).unwrap()),
            can_trade: true,
        })
        .collect();
    venue
}

impl Stage {
    pub(crate) fn new(seed: u64, venue: BinanceConfig) -> Self {
        let mut dice = Dice::new(seed, 1);
        // Some moment of some day.
        let begins_at = Timestamp::from_millis(1_795_298_412_345) + dice.minutes(0, 1_440);
        let world = World::new(WorldSetup {
            seed,
            venue: venue.into(),
            begins_at,
            trips_max: 0,
            ..WorldSetup::default()
        });
        let codec = BinanceSpot::new(VenueId::new("simulated").unwrap());
        Self {
            world,
            clients: Vec::new(),
            ours: Vec::new(),
            dice,
            tariff: codec.tariff(),
            acts: BTreeMap::new(),
            posted: 0,
            registry: Arc::new(Registry::new().with::<Grid>("grid").with::<Churn>("churn")),
            codec,
            endpoint: Endpoint {
                rest: "http://venue".to_owned(),
                account_stream: "ws://venue/ws-api/v3".to_owned(),
                market_stream: "ws://venue".to_owned(),
            },
        }
    }

    /// Has something happen at a moment.
    pub(crate) fn at(&mut self, when: Timestamp, act: impl FnOnce(&mut Self) + 'static) {
        self.posted += 1;
        self.acts.insert((when, self.posted), Box::new(act));
    }

    /// Plays until a moment.
    pub(crate) fn play(&mut self, until: Timestamp) {
        while let Some(entry) = self.acts.first_entry().filter(|entry| entry.key().0 <= until) {
            let ((when, _), act) = entry.remove_entry();
            self.world.run_until(when, |_| false);
            act(self);
        }
        self.world.run_until(until, |_| false);
    }

    /// Everything that was logged, each process's lines behind the other's, as files are when they
    /// are put together.
    pub(crate) fn log(&mut self) -> Vec<u8> {
        let mut log = Vec::new();
        let ours: Vec<_> = self.world.instances().map(|(id, _)| id).collect();
        for id in ours {
            write_log(&mut log, &self.world.take_attempts(id));
        }
        for client in &self.clients {
            write_log(&mut log, &client.log);
        }
        log
    }

    /// Starts an instance of ours.
    pub(crate) fn spawn(&mut self, name: &str, account: usize, weather: Weather) -> InstanceId {
        let slot = u16::try_from(self.world.instances().count() * 4).unwrap();
        let qty = self.dice.within(1, 5);
        let strategies = match self.dice.within(0, 3) {
            0 => vec![StrategySpec::new(
                "grid",
                &format!("width = \"0.03\"\nlevels = 7\nqty = \"0.00{qty}\""),
            )],
            1 => vec![StrategySpec::new(
                "churn",
                &format!("every_secs = {}", self.dice.within(5, 40)),
            )],
            _ => vec![
                StrategySpec::new("grid", "width = \"0.05\"\nlevels = 5\nqty = \"0.002\""),
                StrategySpec::new(
                    "churn",
                    &format!("every_secs = {}\nhistory = 500", self.dice.within(20, 90)),
                ),
            ],
        };
        let setup = InstanceSetup {
            name: name.to_owned(),
            version: "1.0.0".to_owned(),
            seed: self.dice.within(0, 1 << 60),
            peer: HERE,
            signer: Some(signer(account)),
            weather,
            first_slot: slot,
            records_max: 1 << 20,
            ..InstanceSetup::new(Arc::clone(&self.registry), strategies)
        };
        let id = self.world.spawn(setup).unwrap();
        self.ours.push(id);
        id
    }

    /// Adds somebody else's bot, from now on.
    pub(crate) fn client(&mut self, name: &str, account: usize, manners: Manners) -> usize {
        let dice = Dice::new(self.dice.within(0, 1 << 60), 2);
        self.clients.push(Client {
            name: name.to_owned(),
            version: "0.9".to_owned(),
            started_at: self.world.now(),
            peer: HERE,
            signer: signer(account),
            behind_ms: 0,
            manners,
            heeds_bans: true,
            until: Timestamp::MAX,
            hushed_until: Timestamp::EPOCH,
            dice,
            inflight: 0,
            socket: None,
            log: Vec::new(),
        });
        self.clients.len() - 1
    }

    /// A client starts again, as another version where one is named.
    pub(crate) fn restart_client(&mut self, client: usize, version: Option<&str>) {
        let now = self.world.now();
        let client = &mut self.clients[client];
        client.started_at = now;
        client.inflight = 0;
        client.hushed_until = now;
        if let Some(version) = version {
            version.clone_into(&mut client.version);
        }
    }

    /// Somebody takes up a habit.
    pub(crate) fn habit(&mut self, who: Who, habit: Habit) {
        let first = if habit.by_the_clock {
            Duration::ZERO
        } else {
            Duration::from_millis(
                self.dice.within(0, u64::try_from(habit.every.as_millis()).unwrap().max(1)),
            )
        };
        let when = self.world.now() + first;
        self.next_time(when, who, habit);
    }

    fn next_time(&mut self, after: Timestamp, who: Who, habit: Habit) {
        let when =
            if habit.by_the_clock { after.window_start(habit.every) + habit.every } else { after };
        if when >= habit.until {
            return;
        }
        self.at(when, move |stage| {
            match who {
                Who::Desk(id) => {
                    stage.world.inquire(id, habit.call.clone());
                }
                Who::Client(client) => stage.ask(client, habit.call.clone()),
            }
            let after = if habit.by_the_clock {
                when
            } else {
                let every = u64::try_from(habit.every.as_micros()).unwrap();
                when + Duration::from_micros(stage.dice.within(every / 2, every * 3 / 2 + 1))
            };
            stage.next_time(after, who, habit);
        });
    }

    /// A client asks something, unless it is silent.
    pub(crate) fn ask(&mut self, client: usize, call: Call) {
        let started_at = self.clients[client].started_at;
        let (reason, delay) = (RetryReason::None, Duration::ZERO);
        let sent_at = self.world.now();
        self.attempt(client, Try { call, number: 1, reason, delay, sent_at, started_at });
    }

    fn attempt(&mut self, index: usize, mut tried: Try) {
        let now = self.world.now();
        let client = &mut self.clients[index];
        if client.is_silent(now) || client.started_at != tried.started_at {
            return;
        }
        tried.sent_at = now;
        client.inflight += 1;
        let stamp = Stamp { venue_now: client.clock(now), recv_window: Duration::from_secs(5) };
        let signer = Some(&client.signer);
        let request = self.codec.encode(&tried.call, &self.endpoint, stamp, signer).unwrap();
        let [there, back] =
            [(); 2].map(|()| Duration::from_micros(client.dice.within(800, 40_000)));
        let is_lost = client.dice.within(0, 2_000) == 0;
        let peer = client.peer;
        self.at(now + there, move |stage| {
            let outcome = if let Call::OpenStream { .. } = tried.call {
                stage.shake_hands(index, &tried, &request)
            } else {
                let ask = |venue: &mut tradewind_simulator::venue::AnyVenue, at| {
                    venue.rest(at, peer, &request)
                };
                let response = stage.world.at_venue(ask);
                stage.codec.decode(&tried.call, &response, stage.world.now())
            };
            let (outcome, back) = if is_lost {
                let fate = Fate::Unknown(Unknown::Timeout);
                (Outcome::single(fate, Meter::default()), Duration::from_secs(5))
            } else {
                (outcome, back)
            };
            let told_at = stage.world.now() + back;
            stage.at(told_at, move |stage| stage.told(index, tried, &outcome));
        });
    }

    fn shake_hands(
        &mut self,
        index: usize,
        tried: &Try,
        request: &http::Request<bytes::Bytes>,
    ) -> Outcome {
        let target = request.uri().path_and_query().map_or("/", |target| target.as_str());
        let peer = self.clients[index].peer;
        #[expect(clippy::result_large_err, reason = "it is the venue's own answer")]
        let opened = self.world.at_venue(|venue, at| venue.open(at, peer, Service::WsApi, target));
        match opened {
            Ok(session) => {
                self.clients[index].socket = Some(session);
                // A handshake that succeeds is told without its status, by our shell as well.
                Outcome::single(Fate::Done(Reply::Ack), Meter::default())
            }
            Err(response) => self.codec.decode(&tried.call, &response, self.world.now()),
        }
    }

    fn told(&mut self, index: usize, tried: Try, outcome: &Outcome) {
        let now = self.world.now();
        let client = &mut self.clients[index];
        if client.started_at != tried.started_at {
            return;
        }
        client.note(&tried, outcome, now, &self.tariff);
        client.inflight -= 1;
        let fate = &outcome.legs[0].1;
        if let Some((reason, delay)) = client.again(&tried, fate, now) {
            let number = tried.number + 1;
            self.at(now + delay, move |stage| {
                stage.attempt(index, Try { number, reason, delay, ..tried });
            });
        }
    }

    /// A client's socket falls; it opens another and asks about everything.
    pub(crate) fn reconnect(&mut self, client: usize, resync: Vec<Call>) {
        if let Some(session) = self.clients[client].socket.take() {
            self.world.at_venue(|venue, at| venue.closed(at, session));
        }
        self.ask(client, Call::OpenStream { kind: StreamKind::Account, feeds: Vec::new() });
        let gap = self.clients[client].dice.within(5, 120);
        for (place, call) in (1_u64..).zip(resync) {
            let when = self.world.now() + Duration::from_millis(100 + gap * place);
            self.at(when, move |stage| stage.ask(client, call));
        }
    }
}
