//! A strategy with two venues, either of them at home: what moves when one shuts its door, and what
//! must not.

use std::time::Duration;

use tradewind_lab::{Chance, Weather};
use tradewind_model::Decimal;
use tradewind_model::call::{Call, CallKind};
use tradewind_model::money::Quantity;
use tradewind_model::notice::VenueStatus;
use tradewind_model::order::{Denied, OrderState};
use tradewind_model::stream::StreamKind;
use tradewind_router::{DecisionKind, OnOpen, OnShut, Policy};
use tradewind_simulator::exchange::SymbolConfig;
use tradewind_simulator::front::{Canned, Fault, Pattern, Rule};

use super::orders::qty;
use super::pair::{AWAY, HOME, Pair};
use super::probe::Told;
use super::solo::PEER;
use super::venue_kind::{VenueKind, at_each_venue};

at_each_venue! {
    while_one_venue_bans_new_orders_go_to_the_other_and_come_home_after_it_was_well_for_long,
    an_order_in_doubt_stays_where_it_is_though_its_venue_is_gone_and_new_ones_do_not,
    a_definite_refusal_moves_within_one_round_trip,
    an_outage_that_flaps_moves_at_most_once_in_a_window,
    a_process_that_is_killed_while_it_is_away_is_away_when_it_begins_again,
    what_rests_behind_a_shut_door_counts_and_is_canceled_before_anything_new_goes_there,
    a_mirror_stands_in_for_what_cannot_be_reached_and_goes_when_it_can,
    what_has_a_mirror_and_its_mirror_trade_no_more_than_the_cap,
    an_order_is_made_to_fit_the_other_venue_or_refused_by_the_rules_name,
}

fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

const MILLI: Duration = Duration::from_millis(1);
/// How long a venue is gone.
const GONE: Duration = Duration::from_secs(300);
/// How long it may take until everything is known again after that.
const KNOWN_WITHIN: Duration = Duration::from_secs(1_800);

/// How a venue is gone.
#[derive(Clone, Copy, Debug)]
enum Gone {
    /// It has banned our address.
    Banned,
    /// Its edge lets nothing through.
    ShutOut,
    /// Nothing comes through on the way there.
    Unreachable,
}

impl Gone {
    const ALL: [Self; 3] = [Self::Banned, Self::ShutOut, Self::Unreachable];

    fn begin(self, pair: &mut Pair, lasts: Duration) {
        match self {
            Self::Banned => {
                pair.at_venue(HOME, |venue, now| venue.ban_for(now, PEER, lasts));
            }
            Self::ShutOut => pair.at_venue(HOME, |venue, now| venue.shut_out(now, PEER, lasts)),
            Self::Unreachable => {
                let nothing = Weather { refused_permille: 1_000, ..Weather::FAIR };
                pair.crossing.at(HOME, |world, id| {
                    world.set_weather(id, nothing);
                    world.refuse_handshakes(id, true);
                });
            }
        }
        pair.crossing.at(HOME, |world, id| world.cut_streams(id, StreamKind::Account));
    }

    /// What does not end by itself ends.
    fn end(self, pair: &mut Pair) {
        match self {
            Self::Banned | Self::ShutOut => {}
            Self::Unreachable => pair.crossing.at(HOME, |world, id| {
                world.set_weather(id, Weather::FAIR);
                world.refuse_handshakes(id, false);
            }),
        }
    }
}

/// Another moment for each seed.
fn wait(pair: &mut Pair, seed: u64) {
    pair.run_for(Chance::new(seed, 14).up_to(secs(30)));
}

fn while_one_venue_bans_new_orders_go_to_the_other_and_come_home_after_it_was_well_for_long(
    at: VenueKind,
) {
    for seed in 1..=3 {
        let mut pair = Pair::new(at, seed, Policy { window: secs(300), ..Policy::default() });
        wait(&mut pair, seed);
        let resting = pair.buy("40000");
        pair.run_for(secs(1));
        assert_eq!(pair.state(resting), Some(OrderState::Open));
        assert_eq!((pair.taken(HOME), pair.taken(AWAY)), (1, 0));
        pair.ban();
        // The one that is told of the ban goes on to the other venue, under its own name.
        let told = pair.buy("40001");
        pair.run_for(secs(1));
        assert_eq!(pair.state(told), Some(OrderState::Open), "{:?}", pair.crossing.decisions());
        assert_eq!((pair.taken(HOME), pair.taken(AWAY)), (1, 1));
        assert_eq!((pair.failed_over(), pair.failed_back()), (1, 0));
        let next = pair.buy("40002");
        pair.run_for(secs(1));
        assert_eq!(pair.state(next), Some(OrderState::Open));
        assert_eq!((pair.taken(HOME), pair.taken(AWAY)), (1, 2));
        // Sockets may go with a ban; for whoever trades elsewhere nothing is shut.
        let statuses = pair.statuses();
        assert!(!statuses.iter().any(|status| matches!(status, VenueStatus::Shut { .. })));
        assert!(statuses.last().is_none_or(|last| *last == VenueStatus::Live), "{statuses:?}");
        // The ban ends; what rests there is asked about and canceled first, and later all is home.
        pair.run_for(secs(900));
        assert_eq!(pair.failed_back(), 1, "{:?}", pair.crossing.decisions());
        assert_eq!(
            pair.state(resting),
            Some(OrderState::Canceled),
            "what rested is canceled first"
        );
        let home = pair.buy("40003");
        pair.run_for(secs(1));
        assert_eq!(pair.state(home), Some(OrderState::Open));
        assert_eq!((pair.taken(HOME), pair.taken(AWAY)), (2, 2));
        assert_eq!(pair.open_at(AWAY), 2, "what rests at the other stays there");
        pair.check();
    }
}

/// What is true of an order that nobody knows anything of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Truth {
    FilledAtOnce,
    FilledMeanwhile,
    Rests,
    NeverPlaced,
}

fn an_order_in_doubt_stays_where_it_is_though_its_venue_is_gone_and_new_ones_do_not(at: VenueKind) {
    use Truth::{FilledAtOnce, FilledMeanwhile, NeverPlaced, Rests};
    for seed in 1..=3 {
        for gone in Gone::ALL {
            for truth in [FilledAtOnce, FilledMeanwhile, Rests, NeverPlaced] {
                doubt(at, seed, gone, truth);
            }
        }
    }
}

fn doubt(at: VenueKind, seed: u64, gone: Gone, truth: Truth) {
    let context = format!("{gone:?}, {truth:?}, seed {seed}");
    let mut pair = Pair::deserted(at, seed, Policy::default());
    wait(&mut pair, seed);
    let fault = match truth {
        Truth::NeverPlaced => Fault::Answered(at.timed_out()),
        Truth::FilledAtOnce | Truth::FilledMeanwhile | Truth::Rests => {
            Fault::Misreported(at.timed_out())
        }
    };
    pair.strike_next(HOME, at.names().place, fault);
    // What would tell more is lost until the venue is gone.
    for what in [at.names().query, at.names().open_orders, "push *"] {
        let rule = Rule::always(Pattern::what(what), Fault::RequestLost);
        pair.at_venue(HOME, |venue, _| venue.add_fault(rule));
    }
    let doubted = pair.buy("50000");
    pair.run_for(MILLI * 20);
    if truth == Truth::FilledAtOnce {
        pair.sell(HOME, "0.001");
    }
    gone.begin(&mut pair, GONE);
    pair.at_venue(HOME, |venue, _| venue.clear_faults());
    pair.run_for(secs(30));
    let fresh = pair.buy("49000");
    pair.run_for(secs(120));
    if truth == Truth::FilledMeanwhile {
        pair.sell(HOME, "0.001");
    }
    pair.run_for(GONE - secs(160));
    assert_eq!(pair.state(doubted), Some(OrderState::InDoubt), "{context}");
    assert_eq!(pair.state(fresh), Some(OrderState::Open), "{context}");
    let placed = usize::from(truth != Truth::NeverPlaced);
    assert_eq!((pair.taken(HOME), pair.taken(AWAY)), (placed, 1), "{context}");
    gone.end(&mut pair);
    let is_known = |pair: &Pair| pair.state(doubted) != Some(OrderState::InDoubt);
    let until = pair.crossing.now() + KNOWN_WITHIN;
    while !is_known(&pair) && pair.crossing.now() < until {
        pair.run_for(secs(5));
    }
    pair.run_for(secs(10));
    let fills: Vec<_> = pair.news(doubted).into_iter().filter_map(|update| update.fill).collect();
    let traded = fills.iter().fold(Quantity::ZERO, |sum, fill| sum + fill.qty);
    match truth {
        Truth::FilledAtOnce | Truth::FilledMeanwhile => {
            assert_eq!(pair.state(doubted), Some(OrderState::Filled), "{context}");
            assert_eq!((fills.len(), traded), (1, qty("0.001")), "{context}: the late fill");
        }
        // What is found there has rested behind a shut door, and goes. The way there is no door.
        Truth::Rests => {
            let expected = match gone {
                Gone::Banned | Gone::ShutOut => OrderState::Canceled,
                Gone::Unreachable => OrderState::Open,
            };
            assert_eq!(pair.state(doubted), Some(expected), "{context}");
            assert_eq!(traded, Quantity::ZERO, "{context}");
        }
        // Whether it is wanted still, its strategy knows.
        Truth::NeverPlaced => {
            let denied = pair.news(doubted).pop().and_then(|update| update.denied);
            assert_eq!(denied, Some(Denied::NotPlaced), "{context}");
        }
    }
    assert_eq!(pair.traded(), traded.get(), "{context}");
    assert!(!pair.names_at(AWAY).contains(doubted.as_str()), "{context}");
    assert_eq!((pair.taken(HOME), pair.taken(AWAY)), (placed, 1), "{context}");
    pair.check();
}

/// Answers that say that there is no order and will be none.
fn refusals(at: VenueKind) -> Vec<Canned> {
    let unfit = match at {
        VenueKind::Binance => Canned::error(400, -1013, "Filter failure: MAX_POSITION"),
        VenueKind::Bitget => {
            tradewind_simulator::bitget::canned::error(400, "45110", "less than the minimum")
        }
    };
    vec![at.no_money(), unfit]
}

fn a_definite_refusal_moves_within_one_round_trip(at: VenueKind) {
    for seed in 1..=4 {
        for no in refusals(at) {
            let mut pair = Pair::new(at, seed, Policy::default());
            wait(&mut pair, seed);
            pair.strike_next(HOME, at.names().place, Fault::Answered(no.clone()));
            let refused = pair.buy("40000");
            pair.run_for(secs(1));
            let of = |venue| {
                let mut trips = pair.crossing.world(venue).trips();
                trips.find(|trip| trip.call == CallKind::PlaceOrder).copied().expect("an order")
            };
            let (no, yes) = (of(HOME), of(AWAY));
            let took = yes.sent_at.since(no.told_at.unwrap());
            assert!(took < MILLI, "{took:?} after the answer");
            assert!(no.told_at.unwrap().since(no.sent_at) < MILLI * 20, "one round trip");
            assert_eq!(pair.state(refused), Some(OrderState::Open));
            assert_eq!(pair.failed_over(), 0, "the venue is well; one order has moved");
            assert_eq!((pair.taken(HOME), pair.taken(AWAY)), (0, 1));
            // The next one is tried at home again.
            let next = pair.buy("40001");
            pair.run_for(secs(1));
            assert_eq!(pair.state(next), Some(OrderState::Open));
            assert_eq!((pair.taken(HOME), pair.taken(AWAY)), (1, 1));
            pair.check();
        }
    }
}

fn an_outage_that_flaps_moves_at_most_once_in_a_window(at: VenueKind) {
    for seed in 1..=2 {
        for gone in Gone::ALL {
            let window = secs(300);
            let mut pair = Pair::new(at, seed, Policy { window, ..Policy::default() });
            wait(&mut pair, seed);
            for _ in 0..45 {
                gone.begin(&mut pair, secs(10));
                pair.buy("40000");
                pair.run_for(secs(10));
                gone.end(&mut pair);
                pair.run_for(secs(10));
            }
            let is_move = |kind: &DecisionKind| {
                matches!(kind, DecisionKind::FailedOver(_) | DecisionKind::FailedBack(_))
            };
            let moves = pair.decided(is_move);
            for two in moves.windows(2) {
                assert!(two[1] >= two[0] + window, "{gone:?}, seed {seed}: {two:?}");
            }
            assert!(pair.failed_over() >= 1, "{gone:?}, seed {seed}: it is left");
            assert!(moves.len() <= 4, "{gone:?}, seed {seed}: {moves:?} in 15 minutes");
            pair.run_for(secs(1_200));
            pair.check();
        }
    }
}

fn a_process_that_is_killed_while_it_is_away_is_away_when_it_begins_again(at: VenueKind) {
    for seed in 1..=3 {
        let mut pair = Pair::new(at, seed, Policy::default());
        wait(&mut pair, seed);
        pair.ban();
        let away = pair.buy("40000");
        pair.run_for(secs(2));
        assert_eq!(pair.state(away), Some(OrderState::Open));
        pair.restart();
        pair.run_for(secs(60));
        let started = pair.heard.iter().rev().find_map(|one| {
            let Told::Started(found) = one else { return None };
            Some(found.clone())
        });
        let found = started.expect("it began though one venue is shut");
        let known: Vec<_> = found.orders.iter().map(|order| order.client_order_id).collect();
        assert_eq!(known, [away], "it finds its orders wherever they are");
        let next = pair.buy("40001");
        pair.run_for(secs(2));
        assert_eq!(pair.state(next), Some(OrderState::Open));
        assert_eq!((pair.taken(HOME), pair.taken(AWAY)), (0, 2));
        assert_eq!(pair.failed_over(), 1, "nothing was decided twice");
        pair.check();
    }
}

fn what_rests_behind_a_shut_door_counts_and_is_canceled_before_anything_new_goes_there(
    at: VenueKind,
) {
    for seed in 1..=3 {
        let most = Some(qty("0.0025"));
        let mut pair = Pair::new(at, seed, Policy { most, ..Policy::default() });
        wait(&mut pair, seed);
        let [first, second] = ["40000", "40001"].map(|price| pair.buy(price));
        pair.run_for(secs(1));
        let until = pair.ban();
        // Somebody asks for something, and so it is learnt.
        let told = pair.buy("39999");
        pair.run_for(secs(5));
        let third = pair.buy("40002");
        pair.run_for(secs(1));
        assert_eq!([first, second].map(|id| pair.state(id)), [Some(OrderState::Open); 2]);
        for one_more in [told, third] {
            assert_eq!(pair.state(one_more), Some(OrderState::Denied));
            let denied = pair.news(one_more).pop().and_then(|update| update.denied).unwrap();
            assert!(denied.to_string().contains("0.003"), "{denied}");
        }
        assert_eq!(pair.taken(AWAY), 0);
        // What rests there is canceled as soon as it can be, and leaves room; nothing new goes there
        // before, however much is wanted.
        while pair.crossing.now() < until + secs(700) {
            let id = pair.buy("40003");
            pair.run_for(secs(5));
            if pair.state(id) == Some(OrderState::Open) {
                pair.cancel(id);
            }
            pair.run_for(secs(5));
        }
        assert_eq!([first, second].map(|id| pair.state(id)), [Some(OrderState::Canceled); 2]);
        let after = pair.arrivals_since(HOME, until);
        let place = |what: &str| after.iter().position(|(_, one)| *one == what);
        let canceled = place(at.names().cancel).expect("it is canceled");
        let placed = place(at.names().place).expect("it comes home");
        assert!(canceled < placed, "{after:?}");
        assert_eq!(pair.failed_back(), 1);
        pair.check();
    }
}

fn a_mirror_stands_in_for_what_cannot_be_reached_and_goes_when_it_can(at: VenueKind) {
    for seed in 1..=3 {
        let on_shut = OnShut::Mirror { cap: qty("0.01") };
        let policy = Policy { on_shut, on_open: OnOpen::Keep, ..Policy::default() };
        let mut pair = Pair::new(at, seed, policy);
        wait(&mut pair, seed);
        let resting = pair.buy("40000");
        pair.run_for(secs(1));
        pair.ban();
        pair.buy("40001");
        pair.run_for(secs(5));
        assert_eq!((pair.open_at(HOME), pair.open_at(AWAY)), (1, 2), "it stands at both");
        pair.run_for(secs(800));
        assert_eq!((pair.open_at(HOME), pair.open_at(AWAY)), (1, 1), "and then at home alone");
        assert_eq!(pair.state(resting), Some(OrderState::Open));
        pair.check();
    }
}

fn what_has_a_mirror_and_its_mirror_trade_no_more_than_the_cap(at: VenueKind) {
    for seed in 1..=3 {
        for is_kept in [true, false] {
            let context = format!("kept: {is_kept}, seed {seed}");
            let cap = qty("0.004");
            let on_open = if is_kept { OnOpen::Keep } else { OnOpen::CancelFirst };
            let policy = Policy { on_shut: OnShut::Mirror { cap }, on_open, ..Policy::default() };
            let mut pair = Pair::deserted(at, seed, policy);
            wait(&mut pair, seed);
            // Three of which one can have a mirror: the worst that can come of it is the cap.
            let resting = ["50000", "49000", "48000"].map(|price| pair.buy(price));
            pair.run_for(secs(1));
            let until = pair.ban();
            pair.crossing.at(HOME, |world, id| world.cut_streams(id, StreamKind::Account));
            // A question asks, and so it is learnt.
            pair.crossing.at(HOME, |world, id| world.inquire(id, Call::Account));
            pair.run_for(secs(20));
            assert_eq!((pair.open_at(HOME), pair.open_at(AWAY)), (3, 1), "{context}");
            let is_not = |kind: &DecisionKind| matches!(kind, DecisionKind::NotMirrored(_));
            assert!(pair.decided(is_not).len() >= 2, "{context}: the others are over the cap");
            // Everything trades in full, at both.
            for (venue, all) in [(HOME, "0.003"), (AWAY, "0.001")] {
                pair.sell(venue, all);
            }
            pair.run_for(secs(10));
            assert_eq!(pair.traded(), cap.get(), "{context}");
            pair.run_for(until.since(pair.crossing.now()) + secs(400));
            assert_eq!((pair.open_at(HOME), pair.open_at(AWAY)), (0, 0), "{context}");
            assert_eq!(pair.traded(), cap.get(), "{context}: and no more");
            for id in resting {
                assert_eq!(pair.state(id), Some(OrderState::Filled), "{context}");
            }
            pair.check();
        }
    }
}

/// A symbol in steps of a thousandth, at whole prices, and with no order of less value than this.
fn coarsen(symbol: &mut SymbolConfig, least: &str) {
    let step = Decimal::new(1, 3);
    symbol.base_precision = 3;
    let filters = &mut symbol.filters;
    if let Some(lot) = &mut filters.lot_size {
        (lot.min_qty, lot.step_size) = (step, step);
    }
    if let Some(price) = &mut filters.price {
        (price.min_price, price.tick_size) = (Decimal::ONE, Decimal::ONE);
    }
    if let Some(notional) = &mut filters.notional {
        notional.min_notional = least.parse().unwrap();
    }
}

fn an_order_is_made_to_fit_the_other_venue_or_refused_by_the_rules_name(at: VenueKind) {
    for (seed, least, quantity, expected) in [
        (1, "30", "0.0019", Ok("0.001")),
        (2, "30", "0.0021", Ok("0.002")),
        (3, "50", "0.0019", Err("NOTIONAL")),
        (4, "30", "0.0009", Err("LOT_SIZE")),
    ] {
        let mut pair = Pair::with(at, seed, Policy::default(), |_, away| {
            away.venue.exchange_mut().symbols.iter_mut().for_each(|one| coarsen(one, least));
        });
        pair.ban();
        pair.crossing.at(HOME, |world, id| world.inquire(id, Call::Account));
        pair.run_for(secs(5));
        let wanted = pair.buy_some("40000.7", quantity);
        pair.run_for(secs(1));
        match expected {
            Ok(fitted) => {
                let open = pair.account(AWAY).open_orders;
                let [order] = &open[..] else { panic!("{open:?}, {:?}", pair.news(wanted)) };
                assert_eq!(order.orig_qty.normalize().to_string(), fitted, "down to its step");
                assert_eq!(order.price.normalize().to_string(), "40000", "no dearer than wanted");
            }
            Err(rule) => {
                assert_eq!(pair.state(wanted), Some(OrderState::Denied));
                let denied = pair.news(wanted).pop().and_then(|update| update.denied).unwrap();
                assert!(matches!(denied, Denied::Filter(_)), "{denied}");
                assert!(denied.to_string().contains(rule), "{denied}");
                assert_eq!(pair.taken(AWAY), 0);
            }
        }
        pair.check();
    }
}
