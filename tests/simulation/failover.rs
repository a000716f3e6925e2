//! A strategy with two venues: what moves when one shuts its door, and what must not.

use std::sync::Arc;
use std::time::Duration;

use tradewind_engine::Route;
use tradewind_lab::{
    Crossing, CrossingSetup, InstanceSetup, StrategySpec, WorldSetup, check_always,
};
use tradewind_model::Decimal;
use tradewind_model::id::{ClientOrderId, ClientOrderIds, VenueId};
use tradewind_model::notice::{Command, VenueStatus};
use tradewind_model::order::{
    Denied, OrderKind, OrderRequest, OrderState, OrderUpdate, Side, TimeInForce,
};
use tradewind_model::stream::StreamKind;
use tradewind_router::{DecisionKind, OnOpen, OnShut, Policy};
use tradewind_simulator::bitget::BitgetConfig;
use tradewind_simulator::front::{Canned, Fault, Pattern, Rule};

use super::probe::{Told, of_order, told};
use super::solo::PEER;

const BINANCE: usize = 0;
const BITGET: usize = 1;
const PLACE: &str = "POST /api/v3/order";

fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

/// A process that trades BTC-USDT at both venues, with nobody else in either.
struct Pair {
    crossing: Crossing,
    ids: ClientOrderIds,
    heard: Vec<Told>,
}

impl Pair {
    fn new(policy: Policy) -> Self {
        Self::with(policy, |_| {})
    }

    /// One whose second venue takes quantities in such steps, and no order of less value.
    fn coarse(decimals: u32, least: &str) -> Self {
        Self::with(Policy::default(), |bitget| {
            for symbol in &mut bitget.venue.exchange_mut().symbols {
                let step = Decimal::new(1, decimals);
                symbol.base_precision = decimals;
                let filters = &mut symbol.filters;
                if let Some(lot) = &mut filters.lot_size {
                    (lot.min_qty, lot.step_size) = (step, step);
                }
                if let Some(notional) = &mut filters.notional {
                    notional.min_notional = least.parse().unwrap();
                }
            }
        })
    }

    fn with(policy: Policy, change: impl FnOnce(&mut WorldSetup)) -> Self {
        let venue = |name: &str, seed, world: WorldSetup| {
            let mut world = WorldSetup { seed, name: VenueId::new(name).unwrap(), ..world };
            for symbol in &mut world.venue.exchange_mut().symbols {
                symbol.market = symbol.market.still();
            }
            let registry = Arc::new(super::probe::registry());
            (
                world,
                InstanceSetup {
                    name: name.to_owned(),
                    seed,
                    ..InstanceSetup::new(registry, Vec::new())
                },
            )
        };
        let mut bitget =
            WorldSetup { venue: BitgetConfig::default().into(), ..WorldSetup::default() };
        change(&mut bitget);
        let setup = CrossingSetup {
            seed: 1,
            venues: vec![venue("binance", 1, WorldSetup::default()), venue("bitget", 2, bitget)],
            policy,
            registry: Arc::new(super::probe::registry()),
            strategies: vec![StrategySpec::new("probe", "feeds = [\"quote\"]")],
        };
        let mut crossing = Crossing::new(setup).unwrap();
        crossing.run_for(secs(10));
        let ids = ClientOrderIds::new(0, crossing.now());
        let mut pair = Self { crossing, ids, heard: Vec::new() };
        pair.listen();
        let last = pair.statuses().pop();
        assert_eq!(last, Some(VenueStatus::Live), "{:?}", pair.heard);
        pair.heard.clear();
        pair
    }

    fn listen(&mut self) {
        self.heard.extend(told());
    }

    fn run_for(&mut self, duration: Duration) {
        self.crossing.run_for(duration);
        self.listen();
    }

    /// How far the venue can be trusted, as it was told.
    fn statuses(&self) -> Vec<VenueStatus> {
        let statuses = self.heard.iter().filter_map(|one| {
            let Told::Venue(status) = one else { return None };
            Some(status.clone()).filter(|status| !matches!(status, VenueStatus::Moved { .. }))
        });
        statuses.collect()
    }

    /// Places an order that rests far below the market, or one that trades at once.
    fn buy(&mut self, price: &str) -> ClientOrderId {
        self.buy_some(price, "0.001")
    }

    fn buy_some(&mut self, price: &str, qty: &str) -> ClientOrderId {
        let id = self.ids.next();
        let request = OrderRequest {
            instrument: "BTC-USDT".into(),
            side: Side::Buy,
            kind: OrderKind::Limit {
                price: price.parse().unwrap(),
                qty: qty.parse().unwrap(),
                time_in_force: TimeInForce::GoodTillCanceled,
            },
            tag: 7,
        };
        self.crossing.command("probe", Command::Submit { client_order_id: id, request });
        id
    }

    fn news(&self, id: ClientOrderId) -> Vec<OrderUpdate> {
        of_order(&self.heard, id)
    }

    fn state(&self, id: ClientOrderId) -> Option<OrderState> {
        self.news(id).last().map(|update| update.state)
    }

    fn ban(&mut self) {
        self.crossing.at(BINANCE, |world, _| {
            world.at_venue(|venue, now| venue.ban(now, PEER));
        });
    }

    /// Orders that a venue has taken.
    fn taken(&self, venue: usize) -> usize {
        self.crossing.world(venue).ledger().accounts.iter().map(|one| one.orders_accepted).sum()
    }

    fn open_at(&self, venue: usize) -> usize {
        self.crossing.world(venue).ledger().accounts.iter().map(|one| one.open_orders.len()).sum()
    }

    fn venue_position(&self) -> Decimal {
        let worlds = [BINANCE, BITGET].map(|venue| self.crossing.world(venue).ledger());
        let accounts = worlds.iter().flat_map(|ledger| &ledger.accounts);
        let positions = accounts.flat_map(|account| &account.position);
        positions.filter(|(asset, _)| asset == "BTC").map(|(_, qty)| *qty).sum()
    }

    fn decided(
        &self,
        is_it: impl Fn(&DecisionKind) -> bool,
    ) -> Vec<(Option<Route>, Option<Route>)> {
        let decisions = self.crossing.decisions().iter();
        decisions.filter(|one| is_it(&one.kind)).map(|one| (one.from, one.to)).collect()
    }

    fn failed_over(&self) -> usize {
        self.decided(|kind| matches!(kind, DecisionKind::FailedOver(_))).len()
    }

    fn failed_back(&self) -> usize {
        self.decided(|kind| matches!(kind, DecisionKind::FailedBack(_))).len()
    }

    /// Nobody holds two orders for one wish, and everybody agrees on what is held.
    fn check(&self) {
        for venue in [BINANCE, BITGET] {
            check_always(self.crossing.world(venue)).unwrap_or_else(|broken| panic!("{broken}"));
        }
        let id = "probe".parse().unwrap();
        let holding = tradewind_router::Holding { strategy: id, instrument: "BTC-USDT".into() };
        let held = self.crossing.board().unwrap().router().exposure(&holding).held;
        assert_eq!(held, self.venue_position());
    }
}

#[test]
fn while_one_venue_bans_new_orders_go_to_the_other_and_come_home_after_it_was_well_for_long() {
    let mut pair = Pair::new(Policy { window: secs(300), ..Policy::default() });
    let resting = pair.buy("40000");
    pair.run_for(secs(1));
    assert_eq!(pair.state(resting), Some(OrderState::Open));
    assert_eq!((pair.taken(BINANCE), pair.taken(BITGET)), (1, 0));
    pair.ban();
    // The one that is told of the ban goes on to the other venue, under its own name.
    let told = pair.buy("40001");
    pair.run_for(secs(1));
    assert_eq!(pair.state(told), Some(OrderState::Open), "{:?}", pair.crossing.decisions());
    assert_eq!((pair.taken(BINANCE), pair.taken(BITGET)), (1, 1));
    assert_eq!((pair.failed_over(), pair.failed_back()), (1, 0));
    let next = pair.buy("40002");
    pair.run_for(secs(1));
    assert_eq!(pair.state(next), Some(OrderState::Open));
    assert_eq!((pair.taken(BINANCE), pair.taken(BITGET)), (1, 2));
    // With the ban its sockets went; for whoever trades elsewhere nothing is shut.
    let statuses = pair.statuses();
    assert!(!statuses.iter().any(|status| matches!(status, VenueStatus::Shut { .. })));
    assert!(statuses.last().is_none_or(|last| *last == VenueStatus::Live), "{statuses:?}");
    // The ban ends; what rests there is asked about and canceled first, and later all is home.
    pair.run_for(secs(700));
    assert_eq!(pair.failed_back(), 1, "{:?}", pair.crossing.decisions());
    assert_eq!(pair.state(resting), Some(OrderState::Canceled), "what rested is canceled first");
    let home = pair.buy("40003");
    pair.run_for(secs(1));
    assert_eq!(pair.state(home), Some(OrderState::Open));
    assert_eq!((pair.taken(BINANCE), pair.taken(BITGET)), (2, 2));
    assert_eq!(pair.open_at(BITGET), 2, "what rests at the other stays there");
    pair.check();
}

#[test]
fn an_order_whose_answer_was_lost_stays_though_its_venue_dies_and_new_ones_do_not() {
    let mut pair = Pair::new(Policy::default());
    let lost = Rule::once(Pattern::what(PLACE), Fault::AnswerLost);
    pair.crossing.at(BINANCE, |world, _| world.at_venue(|venue, _| venue.add_fault(lost)));
    // It trades at once, and nobody hears of that: the stream is mute, and then the venue is gone.
    pair.crossing.at(BINANCE, |world, id| world.mute_account_stream(id, true));
    let doubted = pair.buy("90000");
    pair.run_for(secs(2));
    pair.ban();
    pair.crossing.at(BINANCE, |world, id| {
        world.mute_account_stream(id, false);
        world.cut_streams(id, StreamKind::Account);
        world.refuse_handshakes(id, true);
    });
    pair.run_for(secs(20));
    let fresh = pair.buy("40000");
    pair.run_for(secs(100));
    assert_eq!(pair.state(doubted), Some(OrderState::InDoubt), "{:?}", pair.news(doubted));
    assert_eq!(pair.state(fresh), Some(OrderState::Open));
    assert_eq!((pair.taken(BINANCE), pair.taken(BITGET)), (1, 1), "only the new one went there");
    pair.crossing.at(BINANCE, |world, id| world.refuse_handshakes(id, false));
    pair.run_for(secs(300));
    assert_eq!(pair.state(doubted), Some(OrderState::Filled));
    let fills = pair.news(doubted).into_iter().filter(|update| update.fill.is_some());
    assert!(fills.count() > 0, "the late fill is told");
    pair.check();
    assert!(pair.venue_position() > Decimal::ZERO);
}

#[test]
fn a_definite_refusal_moves_within_one_round_trip() {
    let mut pair = Pair::new(Policy::default());
    // All its money is elsewhere: the venue itself says so.
    pair.crossing.at(BINANCE, |world, _| {
        let words = "Account has insufficient balance for requested action.";
        let no = Canned::error(400, -2010, words);
        world.at_venue(|venue, _| {
            venue.add_fault(Rule::once(Pattern::what(PLACE), Fault::Answered(no)))
        });
    });
    let refused = pair.buy("40000");
    let began = pair.crossing.now();
    let until = began + secs(1);
    pair.crossing.run_until(until, |crossing| {
        let accounts = crossing.world(BITGET).ledger().accounts;
        accounts.iter().any(|account| account.orders_accepted > 0)
    });
    let took = pair.crossing.now().since(began);
    assert!(took < Duration::from_millis(100), "{took:?}");
    pair.run_for(secs(1));
    assert_eq!(pair.state(refused), Some(OrderState::Open));
    assert_eq!(pair.failed_over(), 0, "the venue is well; one order has moved");
    assert_eq!((pair.taken(BINANCE), pair.taken(BITGET)), (0, 1));
    pair.check();
}

#[test]
fn an_outage_that_flaps_moves_at_most_once_in_a_window() {
    let mut pair = Pair::new(Policy { window: secs(300), ..Policy::default() });
    for _ in 0..30 {
        pair.crossing.at(BINANCE, |world, _| {
            world.at_venue(|venue, now| venue.shut_out(now, PEER, secs(10)));
        });
        pair.buy("40000");
        pair.run_for(secs(20));
    }
    let moves = pair.failed_over() + pair.failed_back();
    assert!(moves <= 3, "{moves} moves in ten minutes: {:?}", pair.crossing.decisions());
    assert!(pair.failed_over() >= 1);
    pair.check();
}

#[test]
fn a_process_that_is_killed_while_it_is_away_is_away_when_it_begins_again() {
    let mut pair = Pair::new(Policy::default());
    pair.ban();
    let away = pair.buy("40000");
    pair.run_for(secs(2));
    assert_eq!(pair.state(away), Some(OrderState::Open));
    pair.crossing.restart().unwrap();
    pair.run_for(secs(60));
    let started = pair.heard.iter().rev().find_map(|one| {
        let Told::Started(found) = one else { return None };
        Some(found.clone())
    });
    let found = started.expect("it began though one venue is shut");
    let known: Vec<_> = found.orders.iter().map(|order| order.client_order_id).collect();
    assert_eq!(known, [away], "it finds its orders wherever they are");
    pair.ids = ClientOrderIds::new(0, pair.crossing.now());
    let next = pair.buy("40001");
    pair.run_for(secs(2));
    assert_eq!(pair.state(next), Some(OrderState::Open));
    assert_eq!((pair.taken(BINANCE), pair.taken(BITGET)), (0, 2));
    assert_eq!(pair.failed_over(), 1, "nothing was decided twice");
    pair.check();
}

#[test]
fn what_rests_behind_a_shut_door_counts_for_the_limit_over_all_venues() {
    let most = Some("0.0025".parse().unwrap());
    let mut pair = Pair::new(Policy { most, ..Policy::default() });
    let [first, second] = ["40000", "40001"].map(|price| pair.buy(price));
    pair.run_for(secs(1));
    pair.ban();
    pair.run_for(secs(5));
    let third = pair.buy("40002");
    pair.run_for(secs(1));
    assert_eq!(
        [first, second, third].map(|id| pair.state(id)),
        [Some(OrderState::Open), Some(OrderState::Open), Some(OrderState::Denied),]
    );
    let denied = pair.news(third).pop().and_then(|update| update.denied).unwrap();
    assert!(denied.to_string().contains("0.003"), "{denied}");
    assert_eq!(pair.taken(BITGET), 0);
    // What rests there is canceled once it can be, and leaves room.
    pair.run_for(secs(600));
    assert_eq!(pair.state(first), Some(OrderState::Canceled));
    let fourth = pair.buy("40003");
    pair.run_for(secs(1));
    assert_eq!(pair.state(fourth), Some(OrderState::Open));
    pair.check();
}

#[test]
fn a_mirror_stands_in_for_what_cannot_be_reached_and_goes_when_it_can() {
    let cap = "0.01".parse().unwrap();
    let policy =
        Policy { on_shut: OnShut::Mirror { cap }, on_open: OnOpen::Keep, ..Policy::default() };
    let mut pair = Pair::new(policy);
    let resting = pair.buy("40000");
    pair.run_for(secs(1));
    pair.ban();
    pair.buy("40001");
    pair.run_for(secs(5));
    assert_eq!((pair.open_at(BINANCE), pair.open_at(BITGET)), (1, 2), "it stands at both");
    pair.run_for(secs(600));
    assert_eq!((pair.open_at(BINANCE), pair.open_at(BITGET)), (1, 1), "and then at home alone");
    assert_eq!(pair.state(resting), Some(OrderState::Open));
    pair.check();
}

#[test]
fn an_order_is_made_to_fit_the_other_venue_or_refused_by_the_rules_name() {
    let mut pair = Pair::coarse(3, "30");
    pair.ban();
    pair.run_for(secs(5));
    let fits = pair.buy_some("40000.07", "0.0019");
    pair.run_for(secs(1));
    let ledger = pair.crossing.world(BITGET).ledger();
    let open: Vec<_> = ledger.accounts.iter().flat_map(|account| &account.open_orders).collect();
    let [order] = open[..] else { panic!("{open:?}, {:?}", pair.news(fits)) };
    assert_eq!(order.orig_qty.normalize().to_string(), "0.001", "down to its step");
    let mut pair = Pair::coarse(3, "50");
    pair.ban();
    pair.run_for(secs(5));
    let unfit = pair.buy_some("40000.07", "0.0019");
    pair.run_for(secs(1));
    assert_eq!(pair.state(unfit), Some(OrderState::Denied));
    let denied = pair.news(unfit).pop().and_then(|update| update.denied).unwrap();
    assert!(matches!(denied, Denied::Filter(_)), "{denied}");
    assert_eq!(pair.taken(BITGET), 0);
}
