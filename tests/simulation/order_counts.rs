//! The limit on orders: what waits for it, what is denied for it, and what gives it back.

use std::collections::BTreeMap;
use std::time::Duration;

use tradewind_model::id::{ClientOrderId, ClientOrderIds, InstrumentId};
use tradewind_model::notice::Command;
use tradewind_model::order::{Denied, MarketQuantity, OrderKind, OrderRequest, OrderState, Side};
use tradewind_model::time::Timestamp;
use tradewind_scheduler::QueueCapacity;

use super::orders::{post_only, qty};
use super::probe::{Told, told};
use super::solo::Solo;
use super::venue_kind::VenueKind;

struct Hasty {
    world: Solo,
    ids: ClientOrderIds,
    ends: BTreeMap<ClientOrderId, (OrderState, Option<Denied>)>,
}

impl Hasty {
    fn new(world: Solo) -> Self {
        Self { world, ids: ClientOrderIds::new(99, Timestamp::EPOCH), ends: BTreeMap::new() }
    }

    fn submit(&mut self, side: Side, kind: OrderKind) -> ClientOrderId {
        let client_order_id = self.ids.next();
        let instrument = InstrumentId::from("BTC-USDT");
        let request = OrderRequest { instrument, side, kind, tag: 0 };
        self.world.command("probe", Command::Submit { client_order_id, request });
        client_order_id
    }

    /// Plays on, and cancels what rests.
    fn run(&mut self, millis: u64) {
        let until = self.world.now() + Duration::from_millis(millis);
        while self.world.now() < until {
            let step = Duration::from_millis(100).min(until.since(self.world.now()));
            self.world.run_for(step);
            self.note();
        }
    }

    fn note(&mut self) {
        for told in told() {
            let Told::Order(update) = told else { continue };
            let client_order_id = update.client_order_id;
            if update.state.is_terminal() {
                self.ends.insert(client_order_id, (update.state, update.denied));
            } else if update.state == OrderState::Open {
                self.world.command("probe", Command::Cancel { client_order_id });
            }
        }
    }

    /// How many ended like this.
    fn ended(&self, is_meant: impl Fn(OrderState, Option<&Denied>) -> bool) -> usize {
        self.ends.values().filter(|(state, denied)| is_meant(*state, denied.as_ref())).count()
    }
}

fn market() -> OrderKind {
    OrderKind::Market(MarketQuantity::Base(qty("0.001")))
}

fn far() -> OrderKind {
    post_only("50000".parse().unwrap(), qty("0.001"))
}

#[test]
fn when_trades_have_made_room_the_venue_is_asked_and_trading_goes_on() {
    let world = Solo::calm(VenueKind::Binance, |world, instance| {
        world.venue.binance().unwrap().front.limits.orders_per_day = 40;
        // Long enough for the count to be asked for twice.
        instance.order_deadline = Duration::from_secs(15);
    });
    let mut hasty = Hasty::new(world);
    let before = hasty.world.requests("GET /api/v3/rateLimit/order");
    let begun = hasty.world.now();
    // Each trades at once and gives its place back a moment later, when its own answer has said
    // already that it took one: after as many as fit, no answer is left to tell of the room.
    for round in 0..5 {
        let side = if round % 2 == 0 { Side::Buy } else { Side::Sell };
        for _ in 0..60 {
            hasty.submit(side, market());
        }
        hasty.run(30_000);
    }
    let filled = hasty.ended(|state, _| state == OrderState::Filled);
    let asked = hasty.world.requests("GET /api/v3/rateLimit/order") - before;
    let ledger = hasty.world.ledger();
    assert_eq!(ledger.rate_limited, 0);
    assert_eq!(ledger.accounts[0].orders_rejected, 0);
    assert_eq!(filled, 300, "and the day allows 40 that do not trade");
    let seconds = hasty.world.now().since(begun).as_secs();
    assert!(asked >= 1 && asked <= seconds / 10 + 1, "asked {asked} times in {seconds} s");
}

#[test]
fn nothing_is_asked_when_nothing_has_traded() {
    let world = Solo::calm(VenueKind::Binance, |world, _| {
        world.venue.binance().unwrap().front.limits.orders_per_day = 20
    });
    let mut hasty = Hasty::new(world);
    let before = hasty.world.requests("GET /api/v3/rateLimit/order");
    for _ in 0..60 {
        hasty.submit(Side::Buy, far());
        hasty.run(1_000);
    }
    assert_eq!(hasty.world.requests("GET /api/v3/rateLimit/order"), before);
    assert_eq!(hasty.world.ledger().rate_limited, 0);
}

#[test]
fn twice_as_many_orders_as_are_allowed_are_denied_by_type_and_never_by_the_venue() {
    let mut hasty = Hasty::new(Solo::calm(VenueKind::Binance, |world, _| {
        // What waits counts as open: without this, the number of open orders would stop it first.
        world.venue.exchange_mut().symbols[0].filters.max_num_orders = Some(1_000);
    }));
    let begun = hasty.world.now();
    let seconds = 180;
    for _ in 0..seconds * 20 {
        hasty.submit(Side::Buy, far());
        hasty.run(50);
    }
    hasty.run(15_000);
    let all = usize::try_from(seconds * 20).unwrap();
    let done = hasty.ended(|state, _| state == OrderState::Canceled);
    let late = hasty.ended(|_, denied| matches!(denied, Some(Denied::Deadline { .. })));
    assert_eq!(done + late, all);
    // Of a hundred each ten seconds, all but what is kept back.
    let windows = usize::try_from(hasty.world.now().since(begun).as_secs() / 10).unwrap();
    assert!(done >= (windows - 2) * 90 && done <= (windows + 1) * 100, "{done}");
    let ledger = hasty.world.ledger();
    assert_eq!((ledger.rate_limited, ledger.accounts[0].orders_rejected), (0, 0));
    let waited = hasty.ends.values().filter_map(|(_, denied)| match denied {
        Some(Denied::Deadline { waited_ms }) => Some(*waited_ms),
        _ => None,
    });
    let waited: Vec<_> = waited.collect();
    assert!(waited.iter().all(|waited| (10_000..=10_010).contains(waited)), "{waited:?}");
    assert_eq!(hasty.world.snapshot().counters.orders_denied, late as u64);
}

#[test]
fn a_queue_of_orders_that_is_full_says_so() {
    let mut hasty = Hasty::new(Solo::calm(VenueKind::Binance, |_, instance| {
        instance.scheduler.queue = QueueCapacity { trade: 16, ..QueueCapacity::default() };
    }));
    for _ in 0..200 {
        hasty.submit(Side::Buy, far());
    }
    hasty.run(30_000);
    let full = hasty.ended(|_, denied| matches!(denied, Some(Denied::Full(_))));
    let done = hasty.ended(|state, _| state == OrderState::Canceled);
    assert_eq!(full + done, 200);
    assert!((16..=26).contains(&done), "{done}: those on the wire, and the queue");
    assert_eq!(hasty.world.ledger().rate_limited, 0);
}
