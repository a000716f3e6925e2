//! Bitget's own bad day: a login that is granted late, an account on which nothing happens, an
//! answer that is lost, more orders than a second holds, a refusal that names no end, and sockets
//! that are asked too often.

use std::ops::RangeInclusive;
use std::time::Duration;

use tradewind_engine::Incident;
use tradewind_lab::{Chance, Trip, Weather, check_silence};
use tradewind_model::call::CallKind;
use tradewind_model::market::Interval;
use tradewind_model::notice::{Command, VenueStatus};
use tradewind_model::order::OrderState;
use tradewind_model::stream::StreamKind;
use tradewind_model::time::Timestamp;
use tradewind_simulator::bitget::{BitgetConfig, Windows};
use tradewind_simulator::front::{Door, Fault, Pattern, Rule};
use tradewind_simulator::limits::Service;

use super::counter::{Counter, MINUTE, SECOND};
use super::probe::{self, Told};
use super::solo::{PEER, Setup, Solo};
use super::venue_kind::VenueKind;

const AT: VenueKind = VenueKind::Bitget;
const SEEDS: RangeInclusive<u64> = 1..=6;
const MILLI: Duration = Duration::from_millis(1);
/// How late a login is granted.
const LATE: Duration = Duration::from_secs(2);
/// The venue asks for a sign of life this often, and hangs up after four times as long.
const PING_EVERY: Duration = Duration::from_secs(30);
/// How long it shuts out an address that has asked too much.
const SHUT_OUT: Duration = Duration::from_secs(300);

impl Counter {
    /// Another moment for each seed.
    fn wait(&mut self, seed: u64, most: Duration) {
        self.run_for(Chance::new(seed, 15).up_to(most));
    }

    fn strike(&mut self, rule: Rule) {
        self.world.at_venue(|venue, _| venue.add_fault(rule));
    }

    fn strike_next(&mut self, what: &str, fault: Fault) {
        self.strike(Rule::once(Pattern::what(what), fault));
    }

    /// What has come to the venue by one door since then, by its clock.
    fn heard_by(&self, door: Door, since: Timestamp) -> Vec<(Timestamp, &'static str)> {
        let arrivals = self.world.venue().arrivals();
        let arrivals = arrivals.filter(|one| one.door == door && one.at >= since);
        arrivals.map(|one| (one.at, one.what)).collect()
    }

    /// When something has come to the venue since then.
    fn times_of(&self, what: &str, since: Timestamp) -> Vec<Timestamp> {
        let arrivals = self.world.venue().arrivals();
        arrivals.filter(|one| one.what == what && one.at >= since).map(|one| one.at).collect()
    }

    fn sent_since(&self, call: CallKind, since: Timestamp) -> Vec<Trip> {
        let trips = self.world.trips().filter(|trip| trip.call == call && trip.sent_at >= since);
        trips.copied().collect()
    }

    fn times_lost(&self) -> usize {
        self.incidents(|one| matches!(one, Incident::StreamLost { .. }))
    }

    fn connections(&self) -> u64 {
        self.world.ledger().connections_accepted
    }

    /// Orders in the venue's books, whatever has become of them.
    fn orders_taken(&self) -> usize {
        self.world.ledger().accounts[0].orders_accepted
    }

    /// Nobody was turned away, and no socket was closed for its manners.
    fn was_welcome(&self, context: &str) {
        let ledger = self.world.ledger();
        let told = (ledger.rate_limited, ledger.banned, ledger.forbidden, ledger.policy_closes);
        assert_eq!(told, (0, 0, 0, 0), "{context}");
    }
}

/// The ways in which an account comes to have another socket.
#[derive(Clone, Copy, Debug)]
enum Anew {
    /// The one it had is gone.
    Lost,
    /// Somebody wants another.
    Wanted,
    /// The process has begun again.
    Restarted,
}

#[test]
fn a_socket_asks_for_nothing_before_its_login_is_granted_however_late_that_is() {
    for seed in SEEDS {
        for how in [Anew::Lost, Anew::Wanted, Anew::Restarted] {
            for fault in [Fault::RequestHeld(LATE), Fault::AnswerHeld(LATE)] {
                let context = format!("{how:?}, {fault:?}, seed {seed}");
                late_login(seed, how, fault, &context);
            }
        }
    }
}

fn late_login(seed: u64, how: Anew, fault: Fault, context: &str) {
    let mut counter =
        Counter::with(AT, seed, |_, instance| instance.disk = Some("disk".to_owned()));
    let resting = counter.buy(50_000, "0.5");
    counter.wait(seed, MINUTE);
    counter.strike_next("login", fault);
    let begun = counter.world.now();
    match how {
        Anew::Lost => counter.world.cut_streams(StreamKind::Account),
        Anew::Wanted => counter.world.reconnect(StreamKind::Account),
        Anew::Restarted => counter.world.restart(),
    }
    // It trades while the socket is not told of anything.
    counter.run_for(SECOND);
    counter.sell("BTCUSDT", "0.2");
    counter.run_for(SECOND * 20);
    let asked = counter.heard_by(Door::Socket(Service::PRIVATE), begun);
    let asked: Vec<_> = asked.into_iter().map(|(_, what)| what).collect();
    let first = &asked[..3.min(asked.len())];
    assert_eq!(first, ["handshake", "login", "subscribe"], "{context}: {asked:?}");
    let said_again = asked.iter().filter(|what| **what == "login").count();
    assert_eq!(said_again, 1, "{context}: {asked:?}");
    let login = counter.sent_since(CallKind::Authenticate, begun)[0];
    let subscription = counter.sent_since(CallKind::SubscribeAccount, begun)[0];
    assert!(subscription.sent_at >= login.sent_at + LATE, "{context}");
    assert!(subscription.sent_at < login.sent_at + LATE + MILLI * 100, "{context}: at once");
    assert!(counter.is_live(), "{context}: {:?}", counter.status());
    if !matches!(how, Anew::Restarted) {
        assert_eq!(counter.traded(resting), "0.2".parse().unwrap(), "{context}");
    }
    counter.honest(context);
    counter.was_welcome(context);
}

#[test]
fn an_account_on_which_nothing_happens_says_ping_in_time_and_its_stream_is_left_alone() {
    for seed in SEEDS {
        let context = format!("seed {seed}");
        let mut counter = Counter::open(AT, seed);
        // On one day of two an order rests.
        if seed % 2 == 0 {
            counter.buy(50_000, "0.5");
        }
        counter.wait(seed, MINUTE);
        let (begun, connections) = (counter.world.now(), counter.connections());
        counter.run_for(MINUTE * 10);
        let door = Door::Socket(Service::PRIVATE);
        let heard = counter.heard_by(door, begun - PING_EVERY);
        let pings = heard.iter().filter(|(_, what)| *what == "ping").map(|(at, _)| *at);
        let moments: Vec<_> = pings.chain([counter.world.now()]).collect();
        assert!(moments.len() > 20, "{context}: {} pings", moments.len());
        for pair in moments.windows(2) {
            let gap = pair[1].since(pair[0]);
            assert!(gap < PING_EVERY, "{context}: {gap:?} without a ping");
        }
        assert_eq!((counter.connections(), counter.times_lost()), (connections, 0), "{context}");
        assert!(counter.is_live(), "{context}");
        counter.honest(&context);
        counter.was_welcome(&context);
    }
}

#[test]
fn a_pong_that_is_missed_is_a_new_socket_at_once_and_one_that_is_late_is_none() {
    let ping = || Pattern { door: Some(Door::Socket(Service::PRIVATE)), ..Pattern::what("ping") };
    for seed in SEEDS {
        for fault in [Fault::RequestLost, Fault::AnswerLost] {
            let context = format!("{fault:?}, seed {seed}");
            let mut counter = Counter::open(AT, seed);
            let resting = counter.buy(50_000, "0.5");
            counter.wait(seed, MINUTE);
            counter.strike(Rule::once(ping(), fault));
            let (begun, connections) = (counter.world.now(), counter.connections());
            while counter.times_lost() == 0 {
                counter.run_for(MILLI * 10);
                let waited = counter.world.now().since(begun);
                assert!(waited < MINUTE, "{context}: nobody minds");
            }
            // What happens before the next one stands is known too.
            counter.sell("BTCUSDT", "0.2");
            counter.run_for(SECOND * 15);
            assert!(counter.is_live(), "{context}: {:?}", counter.status());
            assert_eq!(counter.traded(resting), "0.2".parse().unwrap(), "{context}");
            counter.run_for(MINUTE * 3);
            let (again, lost) = (counter.connections() - connections, counter.times_lost());
            assert_eq!((again, lost), (1, 1), "{context}");
            counter.honest(&context);
            counter.was_welcome(&context);
        }
        let mut counter = Counter::open(AT, seed);
        counter.wait(seed, MINUTE);
        let connections = counter.connections();
        counter.strike(Rule::always(ping(), Fault::AnswerHeld(SECOND * 3)));
        counter.run_for(MINUTE * 5);
        let (again, lost) = (counter.connections() - connections, counter.times_lost());
        assert_eq!((again, lost), (0, 0), "late, seed {seed}");
        counter.was_welcome(&format!("late, seed {seed}"));
    }
}

/// Ways in which the venue takes an order and says nothing of it, or that it has it already.
fn unsaid() -> [Fault; 5] {
    [
        Fault::AnswerLost,
        Fault::AnswerReset,
        Fault::AnswerCut(40),
        Fault::Misreported(AT.timed_out()),
        Fault::Misreported(AT.duplicate()),
    ]
}

#[test]
fn an_order_behind_a_lost_answer_is_asked_for_by_its_name_and_adopted() {
    for seed in SEEDS {
        for fault in unsaid() {
            for is_filled in [false, true] {
                let context = format!("{fault:?}, filled: {is_filled}, seed {seed}");
                let mut counter = Counter::open(AT, seed);
                counter.wait(seed, SECOND * 30);
                counter.strike_next(AT.names().place, fault.clone());
                // Whatever is asked for again is there already.
                let again =
                    Rule::always(Pattern::what(AT.names().place), Fault::Answered(AT.duplicate()));
                counter.strike(again);
                counter.strike(Rule::always(Pattern::what("push orders"), Fault::RequestLost));
                counter.strike(Rule::always(Pattern::what("push fill"), Fault::RequestLost));
                let begun = counter.world.now();
                let id = counter.buy(50_000, "0.5");
                counter.run_for(MILLI * 100);
                if is_filled {
                    counter.sell("BTCUSDT", "0.5");
                }
                counter.run_for(SECOND * 30);
                let expected = if is_filled { OrderState::Filled } else { OrderState::Open };
                assert_eq!(counter.state(id), Some(expected), "{context}");
                let asked = counter.times_of(AT.names().query, begun);
                assert!(!asked.is_empty(), "{context}: it is asked for");
                assert_eq!(counter.times_of(AT.names().place, begun).len(), 1, "{context}");
                assert_eq!(counter.orders_taken(), 1, "{context}");
                counter.honest(&context);
            }
        }
    }
}

#[test]
fn an_order_that_is_sent_again_by_leave_and_was_there_all_along_is_one_order() {
    for seed in SEEDS {
        let context = format!("seed {seed}");
        let mut counter = Counter::with(AT, seed, |_, instance| {
            instance.order_deadline = MINUTE * 5;
        });
        counter.wait(seed, SECOND * 30);
        counter.strike_next(AT.names().place, Fault::AnswerLost);
        // The venue has it, and for longer than it ever needed knows nothing of it.
        let blind = [AT.names().query, AT.names().open_orders, "GET /api/v2/spot/trade/history*"];
        for what in blind {
            counter.strike(Rule::always(Pattern::what(what), Fault::Answered(AT.not_found())));
        }
        let cancel =
            Rule::always(Pattern::what(AT.names().cancel), Fault::Answered(AT.nothing_to_cancel()));
        counter.strike(cancel);
        counter.strike(Rule::always(Pattern::what("push orders"), Fault::RequestLost));
        let begun = counter.world.now();
        let id = counter.buy(50_000, "0.5");
        counter.world.command("probe", Command::AllowResend { client_order_id: id });
        while counter.times_of(AT.names().place, begun).len() < 2 {
            counter.run_for(MILLI * 5);
            let waited = counter.world.now().since(begun);
            assert!(waited < MINUTE * 3, "{context}: {:?}", counter.news(id));
        }
        counter.world.at_venue(|venue, _| venue.clear_faults());
        counter.run_for(SECOND * 30);
        let refused = counter.world.ledger().accounts[0].orders_rejected;
        assert_eq!((counter.orders_taken(), refused), (1, 1), "{context}: its name is taken");
        assert_eq!(counter.state(id), Some(OrderState::Open), "{context}: {:?}", counter.news(id));
        counter.sell("BTCUSDT", "0.5");
        counter.run_for(SECOND * 5);
        assert_eq!(counter.state(id), Some(OrderState::Filled), "{context}");
        counter.honest(&context);
    }
}

#[test]
fn orders_beyond_what_a_second_holds_wait_and_are_taken() {
    for seed in SEEDS {
        for windows in [Windows::Fixed, Windows::Sliding] {
            for count in [11, 35] {
                let context = format!("{count} orders, {windows:?}, seed {seed}");
                let mut counter = Counter::with(AT, seed, |world, _| {
                    world.venue.bitget().unwrap().front.limits.windows = windows;
                });
                // At any moment of the venue's second.
                counter.wait(seed, SECOND * 2);
                let begun = counter.world.now();
                let ids: Vec<_> =
                    (0..count).map(|step| counter.buy(50_000 - step, "0.1")).collect();
                counter.run_for(SECOND * (u32::from(count > 11) * 3 + 2));
                for id in &ids {
                    assert_eq!(counter.state(*id), Some(OrderState::Open), "{context}");
                }
                let arrived = counter.times_of(AT.names().place, begun);
                assert_eq!(arrived.len(), ids.len(), "{context}: each once");
                for eleven in arrived.windows(11) {
                    let within = eleven[10].since(eleven[0]);
                    assert!(within >= SECOND, "{context}: eleven within {within:?}");
                }
                // Two of ten are kept for orders that close a position.
                assert!(arrived[7].since(begun) < MILLI * 100, "{context}: eight need not wait");
                assert!(arrived[10].since(begun) < SECOND * 2, "{context}: nor any for long");
                counter.was_welcome(&context);
                counter.honest(&context);
            }
        }
    }
}

#[test]
fn a_path_that_turns_an_order_away_is_left_alone_for_its_second_and_cancels_pass() {
    for seed in SEEDS {
        let context = format!("seed {seed}");
        let mut counter = Counter::open(AT, seed);
        let resting = counter.buy(50_000, "0.5");
        counter.wait(seed, SECOND * 30);
        counter.strike_next(AT.names().place, Fault::Answered(AT.turned_away()));
        let begun = counter.world.now();
        let turned_away = counter.buy(49_000, "0.1");
        counter.run_for(MILLI * 50);
        let told = counter.sent_since(CallKind::PlaceOrder, begun)[0].told_at.expect("an answer");
        let later: Vec<_> = (0..5).map(|step| counter.buy(48_000 - step, "0.1")).collect();
        counter.cancel(resting);
        counter.run_for(SECOND * 2);
        assert_eq!(counter.state(resting), Some(OrderState::Canceled), "{context}");
        let canceled = counter.times_of(AT.names().cancel, begun);
        assert!(canceled[0].since(told) < MILLI * 100, "{context}: a cancel waits for no order");
        counter.run_for(SECOND * 10);
        let placed = counter.times_of(AT.names().place, begun);
        assert!(placed[1].since(told) >= SECOND, "{context}: {:?}", placed[1].since(told));
        // What was turned away is not lost: it goes again under its own name, or is told of.
        let ends = [OrderState::Open, OrderState::Denied];
        for id in later.iter().chain([&turned_away]) {
            assert!(
                ends.contains(&counter.state(*id).unwrap()),
                "{context}: {:?}",
                counter.news(*id)
            );
        }
        let after = counter.buy(47_000, "0.1");
        counter.run_for(SECOND);
        assert_eq!(counter.state(after), Some(OrderState::Open), "{context}");
        check_silence(&counter.world, false).unwrap();
        counter.honest(&context);
    }
}

#[test]
fn an_address_that_is_turned_away_is_not_heard_of_for_five_minutes_by_any_way() {
    for seed in SEEDS {
        let context = format!("seed {seed}");
        let mut counter = Counter::open(AT, seed);
        let resting = counter.buy(50_000, "0.5");
        counter.wait(seed, SECOND * 50);
        counter.world.at_venue(|venue, now| venue.burn(now, PEER, 6_000));
        let first = counter.buy(49_000, "0.1");
        let begun = counter.world.now();
        counter.run_for(MILLI * 100);
        let told = counter.sent_since(CallKind::PlaceOrder, begun)[0].told_at.expect("an answer");
        let until = counter.world.at_venue(|venue, now| venue.banned_until(now, PEER)).unwrap();
        assert!(until.since(told) > SHUT_OUT - SECOND, "{context}");
        // Everything wants to leave: orders, cancels, questions, signs of life and handshakes.
        let denied: Vec<_> = (0..5).map(|step| counter.buy(48_000 - step, "0.1")).collect();
        counter.cancel(resting);
        let (instrument, interval) = ("BTC-USDT".into(), Interval::Minute1);
        counter.world.command("probe", Command::History { instrument, interval, bars: 50 });
        counter.run_for(SECOND * 5);
        if seed % 2 == 0 {
            counter.world.cut_streams(StreamKind::Account);
        }
        counter.world.run_until(until, |_| false);
        counter.run_for(Duration::ZERO);
        let arrived = counter.world.arrivals_since(told + MILLI * 50);
        assert_eq!(arrived, [], "{context}");
        for id in denied.iter().chain([&first]) {
            assert_eq!(counter.state(*id), Some(OrderState::Denied), "{context}");
        }
        counter.run_for(MINUTE * 2);
        let after = counter.world.arrivals_since(until);
        assert_eq!(after[0].1, AT.names().time, "{context}: {after:?}");
        assert!(after[1].0.since(after[0].0) > Duration::ZERO, "{context}: alone");
        assert_eq!(counter.state(resting), Some(OrderState::Canceled), "{context}");
        assert!(counter.is_live(), "{context}: {:?}", counter.status());
        let ledger = counter.world.ledger();
        assert_eq!((ledger.bans, ledger.banned, ledger.knocks), (1, 0, 0), "{context}");
        check_silence(&counter.world, false).unwrap();
        counter.honest(&context);
    }
}

/// A market that moves, and a strategy that follows its book; of what is told of that so many of a
/// thousand are lost.
fn gappy(seed: u64, permille: u64, subscribes_per_hour: usize) -> Solo {
    let mut venue = BitgetConfig::default();
    venue.exchange.symbols.truncate(1);
    venue.exchange.symbols[0].market.step = SECOND;
    venue.front.sockets.subscribes_per_hour = subscribes_per_hour;
    let mut world = Solo::new(Setup {
        seed,
        weather: Weather::FAIR,
        venue: venue.into(),
        skew_ms: 0,
        cancels_on_stop: true,
        registry: probe::registry(),
        strategy: ("probe", "feeds = [\"quote\", \"book\"]"),
    });
    world.run_for(SECOND * 10);
    let lost = Rule::sometimes(Pattern::what("push books BTC*"), permille, Fault::RequestLost);
    world.at_venue(|venue, _| venue.add_fault(lost));
    world
}

/// When the market's socket was asked for feeds, or to let them go.
fn subscriptions(world: &Solo) -> Vec<Timestamp> {
    let door = Door::Socket(Service::PUBLIC);
    let arrivals = world.venue().arrivals().filter(|one| one.door == door);
    let asked = arrivals.filter(|one| ["subscribe", "unsubscribe"].contains(&one.what));
    asked.map(|one| one.at).collect()
}

#[test]
fn a_book_that_never_stays_whole_asks_a_socket_for_no_more_than_it_bears_in_an_hour() {
    let hour = MINUTE * 60;
    for (seed, permille) in [(1, 150), (2, 400)] {
        let context = format!("{permille} of a thousand, seed {seed}");
        let mut world = gappy(seed, permille, 240);
        let connections = world.ledger().connections_accepted;
        world.run_for(hour + MINUTE * 10);
        let asked = subscriptions(&world);
        assert!(asked.len() > 100, "{context}: {} messages", asked.len());
        let in_an_hour = asked
            .iter()
            .map(|from| asked.iter().filter(|at| **at >= *from && at.since(*from) < hour).count());
        let most = in_an_hour.max().unwrap();
        assert!(most <= 240, "{context}: {most} in an hour");
        let ledger = world.ledger();
        assert_eq!((ledger.policy_closes, ledger.rate_limited), (0, 0), "{context}");
        assert_eq!(ledger.connections_accepted, connections, "{context}");
        check_silence(&world, false).unwrap();
        // It is no lost cause: when nothing is lost any more, the book comes back within the hour.
        world.at_venue(|venue, _| venue.clear_faults());
        probe::told();
        world.run_for(hour);
        let last = probe::told();
        assert!(last.iter().any(|one| matches!(one, Told::Book(_))), "{context}");
    }
}

#[test]
fn a_socket_that_is_closed_for_asking_too_often_comes_back_once_and_asks_once() {
    for seed in SEEDS {
        let context = format!("seed {seed}");
        // The venue bears less than it says.
        let mut world = gappy(seed, 300, 12);
        let begun = world.now();
        world.run_until(begun + MINUTE * 60, |world| world.ledger().policy_closes > 0);
        assert_eq!(world.ledger().policy_closes, 1, "{context}");
        world.at_venue(|venue, _| venue.clear_faults());
        let (closed, asked) = (world.now(), subscriptions(&world).len());
        let connections = world.ledger().connections_accepted;
        probe::told();
        world.run_for(MINUTE * 2);
        let ledger = world.ledger();
        assert_eq!(ledger.connections_accepted, connections + 1, "{context}: opened once");
        assert_eq!(subscriptions(&world).len(), asked + 1, "{context}: all in one message");
        assert_eq!((ledger.policy_closes, ledger.rate_limited), (1, 0), "{context}");
        let told = probe::told();
        assert!(
            told.iter().any(|one| matches!(one, Told::Book(_))),
            "{context}: it is heard again"
        );
        assert!(told.iter().any(|one| matches!(one, Told::Quote(_))), "{context}");
        assert_eq!(world.snapshot().status, VenueStatus::Live, "{context}");
        // The account's has nothing to do with it.
        let private = Door::Socket(Service::PRIVATE);
        let mut account = world.venue().arrivals().filter(|one| one.door == private);
        assert!(account.all(|one| one.at < closed || one.what == "ping"), "{context}");
        check_silence(&world, false).unwrap();
    }
}
