//! What outlives a process: lives that end in a ban, machines that start all at once, keys that
//! were refused, files that cannot be read.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tradewind_engine::{Event, Failure, Incident, ReadFailed, Urgency};
use tradewind_lab::{InstanceId, InstanceSetup, StrategySpec, Trip, World, WorldSetup};
use tradewind_model::Decimal;
use tradewind_model::call::{Call, CallKind};
use tradewind_model::id::{ClientOrderId, ClientOrderIds};
use tradewind_model::money::Price;
use tradewind_model::notice::{Command, VenueStatus};
use tradewind_model::order::{OrderRequest, Side};
use tradewind_model::outcome::Reply;
use tradewind_model::time::Timestamp;
use tradewind_scheduler::{SchedulerConfig, Shed};

use super::orders::{post_only, qty};
use super::probe;
use super::solo::PEER;
use super::venue_kind::{VenueKind, at_each_venue};

at_each_venue! {
    a_restart_into_a_ban_is_silent_for_the_rest_of_it,
    without_a_disk_the_same_restart_asks_into_the_ban,
    a_life_that_begins_after_the_ban_still_asks_with_one_probe_first,
    a_restart_in_a_ban_that_is_longer_than_a_start_may_take_waits_for_its_end,
    when_what_was_noted_cannot_be_read_one_probe_goes_before_everything,
    what_one_process_is_told_silences_those_beside_it_and_their_cancels_go_first,
    a_refused_key_is_not_tried_by_a_later_life_until_a_person_has_seen_to_it,
    another_key_is_not_held_up_by_a_refused_one,
    twenty_that_start_together_read_the_catalog_once_and_are_not_turned_away,
    the_catalog_is_read_by_another_when_the_one_who_should_dies,
    a_restart_within_the_hour_reads_no_catalog_and_a_running_machine_reads_one_an_hour,
    processes_that_were_started_together_do_not_read_the_clock_together,
    a_crash_loop_asks_less_and_less,
    nothing_that_is_asked_of_a_process_leaves_before_it_may_begin,
    what_a_process_beside_this_one_has_read_answers_whoever_asks_for_it_here,
}

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
/// The disk that all instances here are on.
const DISK: &str = "disk";

/// Instances of one machine, in the order of their slots.
struct Machine {
    world: World,
    ids: Vec<InstanceId>,
}

fn setup(slot: u16) -> InstanceSetup {
    let strategies = vec![StrategySpec::new("probe", "feeds = [\"quote\"]")];
    InstanceSetup {
        name: format!("instance-{slot}"),
        seed: 100 + u64::from(slot),
        first_slot: slot,
        disk: Some(DISK.to_owned()),
        ..InstanceSetup::new(Arc::new(probe::registry()), strategies)
    }
}

impl Machine {
    fn start(at: VenueKind, count: u16, change: impl Fn(InstanceSetup) -> InstanceSetup) -> Self {
        let mut world = World::new(WorldSetup { venue: at.config(), ..WorldSetup::default() });
        let ids = (0..count).map(|slot| world.spawn(change(setup(slot))).unwrap()).collect();
        Self { world, ids }
    }

    /// So many instances, live.
    fn live(at: VenueKind, count: u16) -> Self {
        let mut machine = Self::start(at, count, |setup| setup);
        machine.world.run_for(SECOND * 10);
        assert!(machine.are_live());
        machine
    }

    fn are_live(&self) -> bool {
        self.ids.iter().all(|id| self.status(*id) == VenueStatus::Live)
    }

    fn status(&self, id: InstanceId) -> VenueStatus {
        self.world.instance(id).snapshot(self.world.now()).unwrap().status
    }

    /// What an instance has sent since a time, in order.
    fn sent_since(&self, id: InstanceId, since: Timestamp) -> Vec<Trip> {
        let is_wanted = |trip: &&Trip| trip.instance == id && trip.sent_at >= since;
        self.world.trips().filter(is_wanted).copied().collect()
    }

    fn calls_since(&self, id: InstanceId, since: Timestamp) -> Vec<CallKind> {
        self.sent_since(id, since).into_iter().map(|trip| trip.call).collect()
    }

    fn requests(&self, what: &str) -> u64 {
        self.world.ledger().requests.get(what).copied().unwrap_or_default()
    }

    /// Bans the address and has one instance find out. The time until which it was banned, by the
    /// venue, and the time at which the instance was told.
    fn ban(&mut self, id: InstanceId) -> (Timestamp, Timestamp) {
        let until = self.world.at_venue(|venue, now| venue.ban(now, PEER));
        self.world.inquire(id, Call::Ping);
        let is_told = |world: &World| {
            world.instance(id).incidents().iter().any(|(_, incident)| {
                matches!(incident, Incident::Throttled { throttle, .. } if throttle.is_ban)
            })
        };
        self.world.run_until(until, is_told);
        (until, self.world.now())
    }

    /// An instance that has just begun asks one thing, and waits for the answer; then it comes back
    /// slowly, and in the end it is live.
    fn begins_with_a_probe(&mut self, id: InstanceId, context: &str) {
        let begun = self.world.now();
        self.world.run_for(MINUTE);
        let sent = self.sent_since(id, begun);
        assert_eq!(sent[0].call, CallKind::ServerTime, "{context:?}");
        assert!(sent[1].sent_at >= sent[0].told_at.unwrap(), "{context:?}");
        // Without a ramp, a start takes less than a tenth of a second.
        let first = sent.iter().filter(|trip| trip.sent_at < sent[0].sent_at + SECOND).count();
        assert!(first < 8, "{context:?}: {first} in the first second");
        assert_eq!(self.status(id), VenueStatus::Live, "{context:?}");
    }

    /// Rests an order far below the market.
    fn rest(&mut self, id: InstanceId, slot: u16) -> ClientOrderId {
        let snapshot = self.world.instance(id).snapshot(self.world.now()).unwrap();
        let mid = snapshot.quotes.values().next().unwrap().mid().get();
        let price = Price::new((mid * Decimal::new(9, 1)).round()).unwrap();
        let client_order_id = ClientOrderIds::new(500 + slot, Timestamp::EPOCH).next();
        let kind = post_only(price, qty("0.01"));
        let request = OrderRequest { instrument: "BTC-USDT".into(), side: Side::Buy, kind, tag: 1 };
        self.world.command(id, "probe", Command::Submit { client_order_id, request });
        self.world.run_for(SECOND);
        client_order_id
    }
}

fn a_restart_into_a_ban_is_silent_for_the_rest_of_it(at: VenueKind) {
    let mut machine = Machine::live(at, 1);
    let me = machine.ids[0];
    let (until, _) = machine.ban(me);
    machine.world.run_for(SECOND * 10);
    machine.world.restart(me).unwrap();
    let begun = machine.world.now();
    assert!(until.since(begun) > MINUTE, "most of the ban is left");
    machine.world.run_until(until, |_| false);
    assert_eq!(machine.sent_since(me, begun), [], "nothing leaves during the ban");
    assert!(matches!(machine.status(me), VenueStatus::Shut { .. }));
    machine.world.run_for(MINUTE);
    let sent = machine.sent_since(me, begun);
    assert_eq!(sent[0].call, CallKind::ServerTime, "one probe");
    let answered = sent[0].told_at.unwrap();
    assert!(sent[1].sent_at >= answered, "and nothing before its answer: {sent:?}");
    assert_eq!(machine.status(me), VenueStatus::Live);
    assert_eq!(machine.world.instance(me).failure(), None);
    assert_eq!(machine.world.ledger().bans, 1, "the first one");
    // Nothing is left of it for a later life.
    machine.world.restart(me).unwrap();
    machine.world.run_for(SECOND * 10);
    assert_eq!(machine.status(me), VenueStatus::Live);
}

fn without_a_disk_the_same_restart_asks_into_the_ban(at: VenueKind) {
    let mut machine = Machine::start(at, 1, |setup| InstanceSetup { disk: None, ..setup });
    machine.world.run_for(SECOND * 10);
    let me = machine.ids[0];
    let (until, _) = machine.ban(me);
    machine.world.run_for(SECOND * 10);
    machine.world.restart(me).unwrap();
    let begun = machine.world.now();
    machine.world.run_until(until, |_| false);
    assert!(machine.sent_since(me, begun).iter().any(Trip::is_turned_away));
}

fn a_life_that_begins_after_the_ban_still_asks_with_one_probe_first(at: VenueKind) {
    let mut machine = Machine::live(at, 1);
    let me = machine.ids[0];
    let (until, _) = machine.ban(me);
    machine.world.kill(me);
    machine.world.run_until(until + MINUTE * 10, |_| false);
    machine.world.restart(me).unwrap();
    machine.begins_with_a_probe(me, "after the ban");
}

fn a_restart_in_a_ban_that_is_longer_than_a_start_may_take_waits_for_its_end(at: VenueKind) {
    let mut machine =
        Machine::start(at, 1, |setup| InstanceSetup { startup_timeout: SECOND * 30, ..setup });
    machine.world.run_for(SECOND * 10);
    let me = machine.ids[0];
    let (until, _) = machine.ban(me);
    machine.world.restart(me).unwrap();
    machine.world.run_until(until + MINUTE, |_| false);
    assert_eq!(machine.world.instance(me).failure(), None);
    assert_eq!(machine.status(me), VenueStatus::Live);
}

fn when_what_was_noted_cannot_be_read_one_probe_goes_before_everything(at: VenueKind) {
    for damage in ["", "{\"schema\": 1, \"wri", "{\"schema\": 9}", "\u{1F4A5}"] {
        let mut machine = Machine::live(at, 1);
        let me = machine.ids[0];
        machine.world.kill(me);
        machine.world.at_disk(DISK, |disk| disk.shut = Some(damage.as_bytes().to_vec()));
        machine.world.run_for(MINUTE * 5);
        machine.world.restart(me).unwrap();
        machine.begins_with_a_probe(me, damage);
    }
}

fn what_one_process_is_told_silences_those_beside_it_and_their_cancels_go_first(at: VenueKind) {
    let mut machine = Machine::live(at, 3);
    let [told, trading, idle] = machine.ids[..] else { panic!() };
    let order = machine.rest(trading, 1);
    // The venue hangs up on an address that it bans. Were they to knock at once, each of them would
    // be told.
    for id in [trading, idle] {
        machine.world.refuse_handshakes(id, true);
    }
    let (until, learnt) = machine.ban(told);
    machine.world.run_for(SECOND);
    for id in [trading, idle] {
        machine.world.refuse_handshakes(id, false);
    }
    // All that comes up while the address is shut.
    machine.world.inquire(trading, Call::Account);
    machine.world.inquire(idle, Call::Ping);
    machine.world.command(trading, "probe", Command::Cancel { client_order_id: order });
    machine.world.run_until(until, |_| false);
    for id in [told, trading, idle] {
        assert_eq!(machine.sent_since(id, learnt + SECOND / 2), [], "{id:?}");
    }
    let told_elsewhere = |id| {
        let incidents = machine.world.instance(id).incidents();
        let is_it = |one: &&(_, Incident)| matches!(one.1, Incident::ShutElsewhere { .. });
        incidents.iter().filter(is_it).count()
    };
    assert_eq!([told, trading, idle].map(told_elsewhere), [0, 1, 1]);
    assert_eq!(machine.world.ledger().banned, 1, "only one has been turned away");
    machine.world.run_for(MINUTE * 2);
    let calls = machine.calls_since(trading, until);
    assert_eq!(calls[..2], [CallKind::ServerTime, CallKind::CancelOrder], "{calls:?}");
    assert!(machine.are_live());
    // Their probes did not go in one moment.
    let probed = |id| machine.sent_since(id, until)[0].sent_at;
    let probes = [told, trading, idle].map(probed);
    assert!(probes[0] != probes[1] && probes[1] != probes[2], "{probes:?}");
}

fn a_refused_key_is_not_tried_by_a_later_life_until_a_person_has_seen_to_it(at: VenueKind) {
    let mut machine = Machine::live(at, 2);
    let [first, beside] = machine.ids[..] else { panic!() };
    machine.world.at_venue(|venue, _| venue.revoke(at.api_key()));
    machine.world.inquire(first, Call::Account);
    machine.world.run_for(SECOND);
    let latched = machine.world.now();
    machine.world.restart(first).unwrap();
    machine.world.run_for(MINUTE * 5);
    let is_signed = |trip: &&Trip| trip.call.is_signed();
    for id in [first, beside] {
        assert_eq!(machine.sent_since(id, latched).iter().filter(is_signed).count(), 0, "{id:?}");
    }
    let failure = machine.world.instance(first).failure();
    assert!(matches!(failure, Some(Failure::Auth { .. })), "{failure:?}");
    // A person has seen to it, for those that run and those that begin.
    let cleared = machine.world.now();
    let hash = at.signer(at.api_key()).account_hash();
    machine.world.at_disk(DISK, |disk| disk.clear_key(cleared, hash));
    machine.world.restart(first).unwrap();
    machine.world.run_for(SECOND * 10);
    for id in [first, beside] {
        let tried = machine.sent_since(id, cleared).iter().filter(is_signed).count();
        assert!(tried >= 1, "{id:?}");
    }
}

fn another_key_is_not_held_up_by_a_refused_one(at: VenueKind) {
    let mut machine = Machine::live(at, 1);
    let me = machine.ids[0];
    machine.world.at_venue(|venue, _| venue.revoke(at.api_key()));
    machine.world.inquire(me, Call::Account);
    machine.world.run_for(SECOND);
    let other = Some(at.signer("another-key"));
    let id = machine.world.spawn(InstanceSetup { signer: other, ..setup(1) }).unwrap();
    let begun = machine.world.now();
    machine.world.run_for(SECOND * 10);
    let tried = machine.calls_since(id, begun);
    let is_tried = |call: &CallKind| call.is_signed();
    assert!(tried.iter().any(is_tried), "it is tried: {tried:?}");
}

fn twenty_that_start_together_read_the_catalog_once_and_are_not_turned_away(at: VenueKind) {
    let mut machine = Machine::start(at, 20, |setup| InstanceSetup {
        start_jitter: SECOND * 2,
        scheduler: SchedulerConfig { share: 20, ..SchedulerConfig::default() },
        startup_timeout: MINUTE * 3,
        ..setup
    });
    machine.world.at_venue(|venue, now| venue.burn(now, PEER, 4_800));
    machine.world.run_for(MINUTE * 3);
    assert!(machine.are_live());
    let ledger = machine.world.ledger();
    assert_eq!((ledger.rate_limited, ledger.banned), (0, 0));
    assert_eq!(machine.requests(at.names().catalog), 1);
    // They have begun at times of their own.
    let first = |id: &InstanceId| machine.sent_since(*id, Timestamp::EPOCH)[0].sent_at;
    let mut begun: Vec<_> = machine.ids.iter().map(first).collect();
    begun.sort_unstable();
    let gaps = begun.windows(2).filter(|pair| pair[1].since(pair[0]) > Duration::ZERO).count();
    assert_eq!(gaps, 19, "{begun:?}");
    assert!(begun[19].since(begun[0]) > SECOND, "{begun:?}");
}

fn the_catalog_is_read_by_another_when_the_one_who_should_dies(at: VenueKind) {
    let mut machine = Machine::start(at, 3, |setup| setup);
    machine.world.run_until(machine.world.now() + MINUTE, |world| {
        world.trips().any(|trip| trip.call == CallKind::Catalog)
    });
    let asks = machine.world.trips().find(|trip| trip.call == CallKind::Catalog).unwrap();
    let dead = asks.instance;
    machine.world.kill(dead);
    machine.world.run_for(SECOND * 10);
    machine.ids.retain(|id| *id != dead);
    assert!(machine.are_live());
    assert_eq!(machine.requests(at.names().catalog), 2);
}

fn a_restart_within_the_hour_reads_no_catalog_and_a_running_machine_reads_one_an_hour(
    at: VenueKind,
) {
    let strategies = || vec![StrategySpec::new("probe", "feeds = []")];
    let mut machine =
        Machine::start(at, 4, |setup| InstanceSetup { strategies: strategies(), ..setup });
    machine.world.run_for(MINUTE * 10);
    machine.world.restart(machine.ids[0]).unwrap();
    machine.world.run_for(MINUTE * 10);
    assert!(machine.are_live());
    assert_eq!(machine.requests(at.names().catalog), 1);
    machine.world.run_for(MINUTE * 60 * 5);
    let read = machine.requests(at.names().catalog);
    assert!((5..=9).contains(&read), "{read} times in five hours and a half, by four");
    assert!(machine.are_live());
}

fn processes_that_were_started_together_do_not_read_the_clock_together(at: VenueKind) {
    let strategies = || vec![StrategySpec::new("probe", "feeds = []")];
    let mut machine =
        Machine::start(at, 20, |setup| InstanceSetup { strategies: strategies(), ..setup });
    machine.world.run_for(SECOND * 30);
    let since = machine.world.now();
    machine.world.run_for(MINUTE * 10);
    let mut by_second: BTreeMap<u64, usize> = BTreeMap::new();
    let reads = machine.world.trips().filter(|trip| trip.call == CallKind::ServerTime);
    let mut count = 0;
    for trip in reads.filter(|trip| trip.sent_at > since) {
        *by_second.entry(trip.sent_at.as_secs()).or_default() += 1;
        count += 1;
    }
    assert!(count >= 200, "{count}");
    let most = by_second.values().max().copied().unwrap();
    assert!(most <= 5, "{most} of 20 in one second");
}

fn a_crash_loop_asks_less_and_less(at: VenueKind) {
    let mut machine = Machine::start(at, 1, |setup| setup);
    let me = machine.ids[0];
    // Whatever watches over it starts it again every five seconds, for ten minutes.
    for _ in 0..120 {
        machine.world.run_for(SECOND * 5);
        machine.world.restart(me).unwrap();
    }
    let sent = machine.world.trips().count();
    let alone = Machine::live(at, 1).world.trips().count();
    assert!(sent <= alone * 6, "{sent} calls by 120 starts, {alone} by one");
    // It begins all the same, once it is let.
    machine.world.run_for(MINUTE * 6);
    assert!(machine.are_live());
}

fn nothing_that_is_asked_of_a_process_leaves_before_it_may_begin(at: VenueKind) {
    let mut machine = Machine::start(at, 1, |setup| setup);
    let me = machine.ids[0];
    for _ in 0..4 {
        machine.world.run_for(SECOND * 2);
        machine.world.restart(me).unwrap();
    }
    let begun = machine.world.now();
    let symbol = || "BTCUSDT".into();
    let ask = |machine: &mut Machine, call, patience| {
        machine.world.ask(me, call, Urgency::Query, patience)
    };
    let patient = ask(&mut machine, Call::Depth { symbol: symbol(), levels: 5 }, MINUTE);
    let signed = ask(&mut machine, Call::Account, MINUTE);
    let impatient = ask(&mut machine, Call::Ticker { symbol: symbol() }, SECOND * 10);
    // Its machine slept meanwhile, which makes it want the venue's clock.
    machine.world.tell(me, Event::ClockJumped { nanos: 1 });
    machine.world.run_for(SECOND * 15);
    assert_eq!(machine.sent_since(me, begun), [], "it holds back for twenty seconds");
    let answer = |machine: &Machine, one| machine.world.instance(me).answer(one).cloned();
    let late = answer(&machine, impatient);
    assert!(matches!(late, Some(Err(ReadFailed::Shed(Shed::TooLate { .. })))), "{late:?}");
    machine.world.run_for(SECOND * 15);
    for asked in [patient, signed] {
        let answer = answer(&machine, asked);
        assert!(matches!(answer, Some(Ok(_))), "{answer:?}");
    }
    let first = machine.sent_since(me, begun)[0].sent_at;
    assert!(first >= begun + SECOND * 20, "{first} after {begun}");
    assert!(machine.are_live());
}

fn what_a_process_beside_this_one_has_read_answers_whoever_asks_for_it_here(at: VenueKind) {
    let mut machine = Machine::live(at, 2);
    let second = machine.ids[1];
    let call = Call::Catalog { symbols: vec!["BTCUSDT".into()] };
    let asked = machine.world.inquire(second, call);
    machine.world.run_for(SECOND);
    let answer = machine.world.instance(second).answer(asked);
    assert!(matches!(answer.map(Result::as_deref), Some(Ok(Reply::Catalog { .. }))), "{answer:?}");
    assert_eq!(machine.requests(at.names().catalog), 1);
}
