//! What is written down before it is done: no order leaves unwritten, and none is stuck for it.

use std::time::Duration;

use tradewind_engine::Incident;
use tradewind_engine::journal::{Ending, FaultKind, Recovered};
use tradewind_journal::{Remains, SyncMode};
use tradewind_lab::{InstanceId, InstanceSetup, StrategySpec, World, WorldSetup};
use tradewind_model::Decimal;
use tradewind_model::call::CallKind;
use tradewind_model::id::{ClientOrderId, ClientOrderIds};
use tradewind_model::market::Quote;
use tradewind_model::money::{Price, Quantity};
use tradewind_model::notice::{Command, VenueStatus};
use tradewind_model::order::{Denied, OrderKind, OrderRequest, OrderState, OrderUpdate, Side};
use tradewind_model::time::Timestamp;
use tradewind_simulator::venue::VenueConfig;

use super::orders::{post_only, qty};
use super::probe::{self, of_order, told};
use super::venue_kind::{VenueKind, at_each_venue};

at_each_venue! {
    an_order_leaves_once_its_intent_is_durable_and_no_sooner,
    killed_at_any_moment_what_may_have_left_is_found_written_down,
    what_becomes_of_an_order_is_written_down_to_its_end,
    an_order_that_is_canceled_while_it_is_written_down_never_leaves,
    an_order_that_the_disk_keeps_for_too_long_is_denied_by_its_deadline,
    a_cancel_waits_for_no_disk,
    when_the_storage_fails_new_orders_are_denied_cancels_pass_and_one_alert_is_given,
    orders_that_wait_for_leave_when_the_storage_fails_do_not_leave,
}

pub(crate) const SECOND: Duration = Duration::from_secs(1);
pub(crate) const MILLI: Duration = Duration::from_millis(1);

/// A world that is live, whose instance has a disk that takes its time, and what it is asked.
pub(crate) struct Desk {
    pub(crate) world: World,
    pub(crate) me: InstanceId,
    pub(crate) at: VenueKind,
    ids: ClientOrderIds,
}

impl Desk {
    pub(crate) fn open(at: VenueKind, takes: Duration) -> Self {
        Self::open_with(at, takes, |_| {})
    }

    /// The same, with something else about the venue.
    pub(crate) fn open_with(
        at: VenueKind,
        takes: Duration,
        change: impl FnOnce(&mut VenueConfig),
    ) -> Self {
        Self::open_as(at, takes, change, |_| {})
    }

    /// The same, with something else about the instance, too.
    pub(crate) fn open_as(
        at: VenueKind,
        takes: Duration,
        change: impl FnOnce(&mut VenueConfig),
        adapt: impl FnOnce(&mut InstanceSetup),
    ) -> Self {
        let mut setup = WorldSetup { venue: at.config(), ..WorldSetup::default() };
        change(&mut setup.venue);
        let mut world = World::new(setup);
        let strategies = vec![StrategySpec::new("probe", "feeds = [\"quote\"]")];
        let mut setup = InstanceSetup {
            disk: Some("disk".to_owned()),
            journal_takes: Some(takes),
            ..InstanceSetup::new(std::sync::Arc::new(probe::registry()), strategies)
        };
        adapt(&mut setup);
        let me = world.spawn(setup).unwrap();
        world.run_for(SECOND * 5);
        told();
        let desk = Self { world, me, at, ids: ClientOrderIds::new(0, Timestamp::EPOCH) };
        assert_eq!(desk.status(), VenueStatus::Live);
        desk
    }

    fn status(&self) -> VenueStatus {
        self.world.instance(self.me).snapshot(self.world.now()).unwrap().status
    }

    pub(crate) fn quote(&self) -> Quote {
        let snapshot = self.world.instance(self.me).snapshot(self.world.now()).unwrap();
        snapshot.quotes.values().next().unwrap().clone()
    }

    /// A price so many percent from the middle.
    pub(crate) fn price(&self, percent: i64) -> Price {
        let mid = self.quote().mid().get();
        let factor = Decimal::from(100 + percent) / Decimal::ONE_HUNDRED;
        Price::new((mid * factor).round()).unwrap()
    }

    /// A name that was never used.
    pub(crate) fn name(&mut self) -> ClientOrderId {
        self.ids.next()
    }

    pub(crate) fn submit(&mut self, kind: OrderKind) -> ClientOrderId {
        self.order(Side::Buy, kind)
    }

    /// A buy of so much that trades at once.
    pub(crate) fn at_once(&self, quantity: &str) -> OrderKind {
        self.at.at_once(Side::Buy, qty(quantity), self.price(3))
    }

    /// Buys so much at once.
    pub(crate) fn take(&mut self, quantity: &str) -> ClientOrderId {
        let kind = self.at_once(quantity);
        self.submit(kind)
    }

    pub(crate) fn order(&mut self, side: Side, kind: OrderKind) -> ClientOrderId {
        let client_order_id = self.ids.next();
        let instrument = "BTC-USDT".into();
        let request = OrderRequest { instrument, side, kind, tag: 7 };
        self.world.command(self.me, "probe", Command::Submit { client_order_id, request });
        client_order_id
    }

    pub(crate) fn rest(&mut self) -> ClientOrderId {
        let kind = post_only(self.price(-10), qty("0.01"));
        self.submit(kind)
    }

    pub(crate) fn cancel(&mut self, client_order_id: ClientOrderId) {
        self.world.command(self.me, "probe", Command::Cancel { client_order_id });
    }

    pub(crate) fn news(&mut self, id: ClientOrderId, lasting: Duration) -> Vec<OrderUpdate> {
        self.world.run_for(lasting);
        of_order(&told(), id)
    }

    pub(crate) fn sent(&self, call: CallKind) -> Vec<Timestamp> {
        self.world.trips().filter(|trip| trip.call == call).map(|trip| trip.sent_at).collect()
    }

    pub(crate) fn incidents(&self, is_it: impl Fn(&Incident) -> bool) -> usize {
        self.world.instance(self.me).incidents().iter().filter(|one| is_it(&one.1)).count()
    }

    /// What another life would find, were this one killed now.
    pub(crate) fn killed(mut self) -> Recovered {
        self.world.kill(self.me);
        let disk = self.world.journal(self.me).unwrap();
        let (_journal, recovered) = disk.open(SyncMode::Normal).unwrap();
        recovered
    }
}

const fn is_failed(incident: &Incident) -> bool {
    matches!(incident, Incident::StorageFailed { .. })
}

pub(crate) fn states(updates: &[OrderUpdate]) -> Vec<OrderState> {
    updates.iter().map(|update| update.state).collect()
}

fn an_order_leaves_once_its_intent_is_durable_and_no_sooner(at: VenueKind) {
    let mut desk = Desk::open(at, MILLI * 40);
    let asked = desk.world.now();
    let id = desk.rest();
    desk.world.run_for(MILLI * 39);
    assert_eq!(desk.sent(CallKind::PlaceOrder), []);
    let updates = desk.news(id, SECOND);
    assert_eq!(states(&updates), [OrderState::Open]);
    assert_eq!(desk.sent(CallKind::PlaceOrder), [asked + MILLI * 40]);
}

fn killed_at_any_moment_what_may_have_left_is_found_written_down(at: VenueKind) {
    for millis in 0..12 {
        let mut desk = Desk::open(at, MILLI * 3);
        let id = desk.rest();
        desk.world.run_for(MILLI * millis);
        let has_left = !desk.sent(CallKind::PlaceOrder).is_empty();
        let recovered = desk.killed();
        let order = recovered.orders.get(&id);
        assert!(order.is_some() || !has_left, "{millis} ms");
        if let Some(order) = order {
            assert_eq!((order.intent.request.tag, order.intent.attempt), (7, 1));
            assert_eq!(order.intent.recv_window, SECOND * 2);
        }
    }
}

fn what_becomes_of_an_order_is_written_down_to_its_end(at: VenueKind) {
    let mut desk = Desk::open(at, MILLI);
    let canceled = desk.rest();
    let qty = qty("0.9");
    let filled = desk.take("0.9");
    let crossing = post_only(desk.price(2), Quantity::new(Decimal::new(1, 2)).unwrap());
    let rejected = desk.submit(crossing);
    desk.world.run_for(SECOND * 3);
    desk.cancel(canceled);
    desk.world.run_for(SECOND);
    let trades = desk.world.ledger().accounts[0].fills.clone();
    let recovered = desk.killed();
    assert_eq!(recovered.orders.len(), 0);
    let ending = |id| recovered.closed[&id].over.as_ref().unwrap().ending;
    assert_eq!(ending(canceled), Ending::Canceled);
    assert_eq!(ending(filled), Ending::Filled);
    // What may only make and would take is refused, or taken and ended at once.
    let crossed = if at.ends_crossing_makers() { Ending::Canceled } else { Ending::Rejected };
    assert_eq!(ending(rejected), crossed);
    assert!(recovered.closed[&canceled].cancel_asked_at.is_some(), "a later life goes on with it");
    assert_eq!(recovered.closed[&filled].cum_qty(), qty);
    assert_eq!(recovered.closed[&filled].fills.len(), trades.len());
    let (_, turnover) = recovered.turnovers.first_key_value().unwrap();
    assert_eq!((turnover.bought, turnover.fills), (qty.get(), trades.len() as u64));
    assert_eq!(recovered.last_trades.len(), 1);
}

fn an_order_that_is_canceled_while_it_is_written_down_never_leaves(at: VenueKind) {
    let mut desk = Desk::open(at, MILLI * 40);
    let id = desk.rest();
    desk.world.run_for(MILLI * 10);
    desk.cancel(id);
    let updates = desk.news(id, SECOND);
    assert_eq!(states(&updates), [OrderState::Canceled]);
    assert_eq!(desk.sent(CallKind::PlaceOrder), []);
    let recovered = desk.killed();
    assert_eq!(recovered.closed[&id].over.as_ref().unwrap().ending, Ending::Unsent);
}

fn an_order_that_the_disk_keeps_for_too_long_is_denied_by_its_deadline(at: VenueKind) {
    let mut desk = Desk::open(at, SECOND * 15);
    let asked = desk.world.now();
    let id = desk.rest();
    desk.world.run_until(asked + SECOND * 20, |_| false);
    let updates = of_order(&told(), id);
    assert_eq!(states(&updates), [OrderState::Denied]);
    assert_eq!(updates[0].at, asked + SECOND * 10);
    assert!(matches!(updates[0].denied, Some(Denied::Deadline { waited_ms: 10_000 })));
    desk.world.run_for(SECOND * 20);
    assert_eq!(desk.sent(CallKind::PlaceOrder), []);
}

fn a_cancel_waits_for_no_disk(at: VenueKind) {
    let mut desk = Desk::open(at, MILLI * 300);
    let id = desk.rest();
    assert_eq!(states(&desk.news(id, SECOND)), [OrderState::Open]);
    let asked = desk.world.now();
    desk.cancel(id);
    desk.world.run_for(SECOND);
    assert_eq!(desk.sent(CallKind::CancelOrder), [asked]);
}

fn when_the_storage_fails_new_orders_are_denied_cancels_pass_and_one_alert_is_given(at: VenueKind) {
    let mut desk = Desk::open(at, MILLI);
    let resting = desk.rest();
    desk.world.run_for(SECOND);
    told();
    desk.world.journal(desk.me).unwrap().damage(FaultKind::NoSpace);
    // The first finds out, and the others are told.
    for _ in 0..3 {
        let id = desk.rest();
        let updates = desk.news(id, SECOND);
        assert_eq!(states(&updates), [OrderState::Denied]);
        let Some(Denied::Unrecorded(words)) = &updates[0].denied else { panic!("{updates:?}") };
        assert!(words.contains("space"), "{words}");
    }
    desk.cancel(resting);
    assert_eq!(states(&desk.news(resting, SECOND)), [OrderState::Canceled]);
    assert_eq!(desk.sent(CallKind::PlaceOrder).len(), 1);
    desk.world.run_for(SECOND * 120);
    assert_eq!(desk.incidents(is_failed), 1, "it is tried again, and the same is not said again");
    // Somebody makes room.
    desk.world.journal(desk.me).unwrap().repair();
    desk.world.run_for(SECOND * 60);
    assert_eq!(desk.incidents(|one| *one == Incident::StorageRestored), 1);
    let id = desk.rest();
    assert_eq!(states(&desk.news(id, SECOND)), [OrderState::Open]);
    // What happened meanwhile is written down by now.
    let recovered = desk.killed();
    assert_eq!(recovered.closed[&resting].over.as_ref().unwrap().ending, Ending::Canceled);
    assert_eq!(recovered.orders.keys().copied().collect::<Vec<_>>(), [id]);
}

fn orders_that_wait_for_leave_when_the_storage_fails_do_not_leave(at: VenueKind) {
    let mut desk = Desk::open(at, MILLI);
    // More at once than orders have slots: the last ones wait in the queue.
    let price = desk.price(-10);
    let ids: Vec<_> = (0..30).map(|_| desk.submit(post_only(price, qty("0.001")))).collect();
    desk.world.run_for(MILLI + MILLI / 2);
    let before = desk.sent(CallKind::PlaceOrder).len();
    assert!(before > 0 && before < 30, "{before}");
    desk.world.journal(desk.me).unwrap().fail_commit(1, FaultKind::Io, Remains::Nothing);
    desk.world.run_for(SECOND * 3);
    assert_eq!(desk.sent(CallKind::PlaceOrder).len(), before);
    let told = told();
    let denied = ids.iter().filter(|id| {
        of_order(&told, **id).iter().any(|one| matches!(one.denied, Some(Denied::Unrecorded(_))))
    });
    assert_eq!(denied.count(), 30 - before);
}
