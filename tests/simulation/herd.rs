//! Twenty processes of one machine start again in one moment, behind an address that has little
//! left, and one of them dies each time that it has begun.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use tradewind_engine::Incident;
use tradewind_lab::{
    InstanceId, InstanceSetup, StrategySpec, Weather, World, WorldSetup, check_always,
    check_silence,
};
use tradewind_model::id::ClientOrderIds;
use tradewind_model::notice::{Command, VenueStatus};
use tradewind_model::order::{OrderRequest, Side};
use tradewind_model::time::Timestamp;
use tradewind_scheduler::SchedulerConfig;
use tradewind_simulator::exchange::AccountId;
use tradewind_simulator::venue::VenueConfig;
use tradewind_simulator::{binance, bitget};

use super::orders::{post_only, qty};
use super::probe::{self, told};
use super::venue_kind::{VenueKind, at_each_venue};

at_each_venue! {
    twenty_that_restart_with_little_left_are_not_turned_away_and_are_back_within_three_minutes,
}

const HERD: u16 = 20;
const PEER: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
/// The disk that all of them are on.
const DISK: &str = "machine";
/// How many seconds each start of a process holds back that dies a second after it has begun.
const HELD_BACK: [u64; 8] = [0, 0, 5, 10, 20, 40, 80, 160];

/// Processes that share an address and a disk, each with an account of its own.
struct Herd {
    at: VenueKind,
    world: World,
    ids: Vec<InstanceId>,
}

/// What the last of them did, which dies again and again.
struct Loop {
    id: InstanceId,
    /// When each life was begun by whoever watches over it, the first one first.
    started: Vec<(u32, Timestamp)>,
}

fn key(number: u16) -> String {
    format!("FAKE0herd0key0{number:04}")
}

/// A venue with an account for each, and a key for each of those.
fn venue(at: VenueKind) -> VenueConfig {
    let mut venue = at.config();
    let accounts = &mut venue.exchange_mut().accounts;
    *accounts = vec![accounts[0].clone(); usize::from(HERD)];
    venue.set_arrivals_max(1 << 18);
    match &mut venue {
        VenueConfig::Binance(config) => {
            let first = config.front.keys[0].clone();
            let of = |number: u16| binance::ApiKey {
                api_key: key(number),
                account: AccountId(number.into()),
                ..first.clone()
            };
            config.front.keys = (0..HERD).map(of).collect();
        }
        VenueConfig::Bitget(config) => {
            let first = config.front.keys[0].clone();
            let of = |number: u16| bitget::ApiKey {
                api_key: key(number),
                account: AccountId(number.into()),
                ..first.clone()
            };
            config.front.keys = (0..HERD).map(of).collect();
        }
    }
    venue
}

impl Herd {
    /// All of them live, with an order each, and nothing of note used up.
    fn live(at: VenueKind, seed: u64) -> Self {
        let venue = venue(at);
        let mut world = World::new(WorldSetup { seed, venue, ..WorldSetup::default() });
        let registry = Arc::new(probe::registry());
        let setup = |number| {
            let strategies = vec![StrategySpec::new("probe", "feeds = [\"quote\", \"book\"]")];
            InstanceSetup {
                name: format!("bot-{number}"),
                disk: Some(DISK.to_owned()),
                first_slot: number,
                startup_timeout: MINUTE * 5,
                cancels_on_stop: false,
                seed: seed * 1_000 + u64::from(number),
                signer: Some(at.signer(&key(number))),
                scheduler: SchedulerConfig { share: HERD.into(), ..SchedulerConfig::default() },
                ..InstanceSetup::new(Arc::clone(&registry), strategies)
            }
        };
        let ids = (0..HERD).map(|number| world.spawn(setup(number)).unwrap()).collect();
        let mut herd = Self { at, world, ids };
        herd.world.run_for(MINUTE * 4);
        assert_eq!(herd.late(&herd.ids), [], "seed {seed}: not live after a start from cold");
        herd.place();
        told();
        herd
    }

    /// Each of them rests an order far below the market.
    fn place(&mut self) {
        for (number, id) in self.ids.iter().enumerate() {
            let slot = u16::try_from(number).unwrap();
            // As its strategy would have named it.
            let client_order_id = ClientOrderIds::new(slot, self.world.now()).next();
            let kind = post_only("50000".parse().unwrap(), qty("0.001"));
            let instrument = "BTC-USDT".into();
            let request = OrderRequest { instrument, side: Side::Buy, kind, tag: 0 };
            self.world.command(*id, "probe", Command::Submit { client_order_id, request });
        }
        self.world.run_for(SECOND * 10);
        let open: usize =
            self.world.ledger().accounts.iter().map(|account| account.open_orders.len()).sum();
        assert_eq!(open, usize::from(HERD));
    }

    /// Who does not trade.
    fn late(&self, ids: &[InstanceId]) -> Vec<InstanceId> {
        let now = self.world.now();
        let is_live = |id: &&InstanceId| {
            let seen = self.world.instance(**id).snapshot(now);
            seen.is_some_and(|seen| seen.status == VenueStatus::Live)
        };
        ids.iter().filter(|id| !is_live(id)).copied().collect()
    }

    /// Who has not found their order at the venue since then, be it as their own or as somebody's.
    fn unaware(&self, ids: &[InstanceId], since: Timestamp) -> Vec<InstanceId> {
        let is_told = |(at, incident): &(Timestamp, Incident)| {
            *at >= since && matches!(incident, Incident::ForeignOrders { count: 1 })
        };
        let is_aware = |id: &&InstanceId| {
            let instance = self.world.instance(**id);
            let seen = instance.snapshot(self.world.now());
            seen.is_some_and(|seen| seen.open_orders.len() == 1)
                || instance.incidents().iter().any(is_told)
        };
        ids.iter().filter(|id| !is_aware(id)).copied().collect()
    }

    /// Everybody dies in one moment, with four fifths of the minute gone, and is started again. The
    /// last of them dies a second after its first call, in each of its lives, until so much time is
    /// over.
    fn restart(&mut self, duration: Duration) -> Loop {
        let minute = Duration::from_secs(60);
        let is_of_it =
            |at: Timestamp| at.window_start(minute) == self.world.now().window_start(minute);
        let ledger = self.world.ledger();
        let arrivals = ledger.arrivals.iter().filter(|one| is_of_it(one.at));
        let used: u32 = arrivals.map(|one| one.weight).sum();
        self.world.at_venue(|venue, now| venue.burn(now, PEER, 4_800 - used.min(4_800)));
        for id in &self.ids {
            self.world.restart(*id).unwrap();
        }
        let begun = self.world.now();
        let id = *self.ids.last().unwrap();
        let mut looping = Loop { id, started: vec![(self.world.instance(id).life(), begun)] };
        while self.world.now() < begun + duration {
            self.world.run_for(SECOND / 4);
            told();
            if looping
                .first_calls(&self.world)
                .last()
                .is_some_and(|(_, at)| at.is_some_and(|at| self.world.now().since(at) >= SECOND))
            {
                self.world.restart(id).unwrap();
                looping.started.push((self.world.instance(id).life(), self.world.now()));
            }
        }
        looping
    }

    fn catalogs(&self) -> u64 {
        self.world.venue().requests(self.at.names().catalog)
    }
}

impl Loop {
    /// When each life was started, and when its first call left.
    fn first_calls(&self, world: &World) -> Vec<(Timestamp, Option<Timestamp>)> {
        let first = |life| {
            let mut trips = world.trips().filter(|trip| trip.instance == self.id);
            trips.find(|trip| trip.life == life).map(|trip| trip.sent_at)
        };
        self.started.iter().map(|(life, at)| (*at, first(*life))).collect()
    }

    /// For how many whole seconds each life waited that has made a call.
    fn held_back(&self, world: &World) -> Vec<u64> {
        let calls = self.first_calls(world).into_iter();
        calls.filter_map(|(started, first)| Some(first?.since(started).as_secs())).collect()
    }
}

/// What has to be true of them three minutes after they were started again.
fn are_back(herd: &Herd, since: Timestamp, context: &str) {
    let ledger = herd.world.ledger();
    assert_eq!((ledger.rate_limited, ledger.banned, ledger.bans), (0, 0, 0), "{context}");
    let others = &herd.ids[..usize::from(HERD) - 1];
    assert_eq!(herd.late(others), [], "{context}: not live within three minutes");
    assert_eq!(herd.unaware(others, since), [], "{context}: not reconciled");
    check_silence(&herd.world, true).unwrap();
    check_always(&herd.world).unwrap();
}

/// Where a path has ten requests a second for a whole address, a part of it for each of twenty is
/// more than there is, and what is tried again on such a day may be turned away once.
#[test]
fn a_herd_that_restarts_while_much_is_lost_on_the_way_is_not_turned_away_either() {
    let at = VenueKind::Binance;
    for seed in [11, 12] {
        let mut herd = Herd::live(at, seed);
        for id in herd.ids.clone() {
            let weather = Weather { cut_every: None, ..Weather::FOUL };
            herd.world.set_weather(id, weather);
        }
        let begun = herd.world.now();
        herd.restart(MINUTE * 3);
        are_back(&herd, begun, &format!("seed {seed}"));
    }
}

fn twenty_that_restart_with_little_left_are_not_turned_away_and_are_back_within_three_minutes(
    at: VenueKind,
) {
    // How far into the minute; whether the machine has lost the catalog as well.
    let scenes = [(1, 1, false), (2, 20, true), (3, 40, false), (4, 58, true)];
    for (seed, into_minute, is_cold) in scenes {
        let mut herd = Herd::live(at, seed);
        let start = herd.world.now().window_start(MINUTE) + MINUTE;
        herd.world.run_until(start + SECOND * into_minute, |_| false);
        if is_cold {
            herd.world.at_disk(DISK, |disk| disk.catalog = None);
        }
        let (catalogs, begun) = (herd.catalogs(), herd.world.now());
        assert_eq!(catalogs, 1, "seed {seed}: twenty from cold");
        let looping = herd.restart(MINUTE * 3);
        are_back(&herd, begun, &format!("seed {seed}"));
        assert_eq!(herd.catalogs() - catalogs, u64::from(is_cold), "seed {seed}");
        assert_eq!(looping.held_back(&herd.world), HELD_BACK[..7], "seed {seed}");
    }
}
