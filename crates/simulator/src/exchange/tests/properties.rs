//! What holds whatever anybody does.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

/// One thing an account does, by small numbers so that orders meet.
#[derive(Clone, Debug)]
enum Act {
    Place { who: u32, side: Side, kind: u8, ticks: i64, lots: i64, stp: StpMode },
    Cancel { who: u32, nth: usize },
    CancelAll { who: u32 },
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let side = prop_oneof![Just(Side::Buy), Just(Side::Sell)];
    let stp = prop_oneof![
        Just(StpMode::None),
        Just(StpMode::ExpireMaker),
        Just(StpMode::ExpireTaker),
        Just(StpMode::ExpireBoth),
        Just(StpMode::Decrement),
    ];
    let place = (0..3_u32, side, 0..6_u8, -8..8_i64, 1..40_i64, stp).prop_map(
        |(who, side, kind, ticks, lots, stp)| Act::Place { who, side, kind, ticks, lots, stp },
    );
    let act = prop_oneof![
        12 => place,
        3 => (0..3_u32, 0..8_usize).prop_map(|(who, nth)| Act::Cancel { who, nth }),
        1 => (0..3_u32).prop_map(|who| Act::CancelAll { who }),
    ];
    prop::collection::vec(act, 1..120)
}

/// Three accounts with fees and discounts of every kind, too poor for everything they want.
fn crowd() -> ExchangeConfig {
    let mut config = desert_config();
    let coin = SymbolConfig::bnbusdt();
    let empty = coin.market.deserted();
    config.symbols.push(coin.with_market(empty));
    let balances = [("USDT", dec("90000")), ("BTC", dec("1.1")), ("BNB", dec("0.3"))];
    config.accounts = vec![AccountConfig::with_balances(&balances); 3];
    config.accounts[1].discount = Some(Discount { asset: "BNB".to_owned(), rate: dec("0.75") });
    config.accounts[2].maker_rate = dec("0.0001234");
    config.symbols[0].filters.max_num_orders = Some(15);
    config
}

fn order_of(side: Side, kind: u8, ticks: i64, lots: i64, stp: StpMode) -> NewOrder {
    let price = dec("67000") + Decimal::new(ticks * 1_237, 2);
    let qty = Decimal::new(lots * 777, 5);
    let kind = match kind {
        0 | 1 => OrderKind::Limit { price, qty, tif: TimeInForce::Gtc },
        2 => OrderKind::Limit { price, qty, tif: TimeInForce::Ioc },
        3 => OrderKind::Limit { price, qty, tif: TimeInForce::Fok },
        4 => OrderKind::LimitMaker { price, qty },
        _ if lots % 2 == 0 => OrderKind::Market(MarketQty::Base(qty)),
        _ => OrderKind::Market(MarketQty::Quote(price * qty)),
    };
    NewOrder::of("BTCUSDT", side, kind).with_stp(stp)
}

/// Does one thing; answers what was placed.
fn act(exchange: &mut Exchange, now: Timestamp, act: &Act) -> Option<Placement> {
    match *act {
        Act::Place { who, side, kind, ticks, lots, stp } => {
            exchange.place(now, AccountId(who), order_of(side, kind, ticks, lots, stp)).ok()
        }
        Act::Cancel { who, nth } => {
            let open = exchange.open_orders(AccountId(who), None);
            let order = OrderRef::id(open.get(nth)?.order_id);
            let any = CancelRestriction::Any;
            // Somebody may fill it first.
            let _ = exchange.cancel(now, AccountId(who), "BTCUSDT", &order, None, any);
            None
        }
        Act::CancelAll { who } => {
            let _ = exchange.cancel_all(now, AccountId(who), "BTCUSDT");
            None
        }
    }
}

/// What each account's open orders hold is exactly what is locked; nothing is negative.
fn check_balances(exchange: &Exchange) {
    for id in (0..3).map(AccountId) {
        let mut held: BTreeMap<&str, Decimal> = BTreeMap::new();
        for order in exchange.open_orders(id, None) {
            match order.side {
                Side::Buy => *held.entry("USDT").or_default() += order.price * order.remaining(),
                Side::Sell => *held.entry("BTC").or_default() += order.remaining(),
            }
        }
        for balance in exchange.balances(id) {
            assert!(balance.free >= Decimal::ZERO && balance.locked >= Decimal::ZERO);
            let expected = held.get(&*balance.asset).copied().unwrap_or_default();
            assert_eq!(balance.locked, expected, "{id:?} {}", balance.asset);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 80, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn money_is_conserved_and_locks_are_exact(acts in acts(), seed in 0..1_000_u64) {
        let config = crowd();
        let mut exchange = Exchange::new(&config, seed, NOW);
        let assets = ["USDT", "BTC", "BNB"];
        let before = assets.map(|asset| exchange.total(asset));
        for (step, one) in (0..).zip(&acts) {
            act(&mut exchange, NOW + Duration::from_millis(step * 40), one);
            prop_assert_eq!(assets.map(|asset| exchange.total(asset)), before);
            check_balances(&exchange);
        }
    }

    #[test]
    fn money_is_conserved_among_the_other_participants_too(acts in acts(), seed in 0..1_000_u64) {
        let mut config = crowd();
        config.symbols[0].market = SymbolConfig::btcusdt().market;
        let mut exchange = Exchange::new(&config, seed, NOW);
        let assets = ["USDT", "BTC", "BNB"];
        let before = assets.map(|asset| exchange.total(asset));
        for (step, one) in (0..).zip(&acts) {
            act(&mut exchange, NOW + Duration::from_millis(step * 90), one);
        }
        prop_assert_eq!(assets.map(|asset| exchange.total(asset)), before);
        check_balances(&exchange);
    }

    #[test]
    fn better_prices_and_older_orders_trade_first(acts in acts()) {
        let mut exchange = Exchange::new(&crowd(), 1, NOW);
        for one in &acts {
            // What a taker passes by must be worse, or younger at the same price, than all it
            // traded with; its own account's orders it passes by as its mode says.
            let before: Vec<(AccountId, OrderView)> = (0..3)
                .map(AccountId)
                .flat_map(|id| exchange.open_orders(id, None).into_iter().map(move |o| (id, o)))
                .collect();
            exchange.drain_events();
            let Some(placed) = act(&mut exchange, NOW, one) else { continue };
            let Act::Place { who, side, .. } = *one else { continue };
            let rank = |order: &OrderView| match side {
                Side::Buy => (order.price, order.order_id),
                Side::Sell => (-order.price, order.order_id),
            };
            let traded: BTreeSet<u64> = exchange
                .drain_events()
                .iter()
                .filter_map(|event| report_of(event)?.fill.clone())
                .filter(|fill| fill.is_maker)
                .map(|fill| fill.order_id)
                .collect();
            let resting = before.iter().filter(|(_, order)| order.side != side);
            let worst = resting
                .clone()
                .filter(|(_, order)| traded.contains(&order.order_id))
                .map(|(_, order)| rank(order))
                .max();
            for (owner, order) in resting {
                if traded.contains(&order.order_id) || *owner == AccountId(who) {
                    continue;
                }
                prop_assert!(worst.is_none_or(|worst| rank(order) > worst), "{order:?}");
            }
            // Whoever still waits on both sides does not cross.
            let ticker = exchange.book_ticker("BTCUSDT").unwrap();
            prop_assert!(
                ticker.ask_price.is_zero() || ticker.bid_price < ticker.ask_price
            );
            for fill in &placed.fills {
                if let Some(limit) = placed.order.kind.price() {
                    let is_within = match side {
                        Side::Buy => fill.price <= limit,
                        Side::Sell => fill.price >= limit,
                    };
                    prop_assert!(is_within);
                }
            }
        }
    }

    #[test]
    fn fok_is_all_or_nothing_and_maker_only_never_takes(acts in acts()) {
        let mut exchange = Exchange::new(&crowd(), 1, NOW);
        for one in &acts {
            let open: Vec<_> = (0..3).map(|id| exchange.open_orders(AccountId(id), None)).collect();
            let Some(placed) = act(&mut exchange, NOW, one) else { continue };
            let order = &placed.order;
            match order.kind {
                OrderKind::Limit { tif: TimeInForce::Fok, .. } => {
                    if order.executed_qty.is_zero() {
                        prop_assert_eq!(order.status, OrderStatus::Expired);
                        let now = (0..3).map(|id| exchange.open_orders(AccountId(id), None));
                        prop_assert!(now.eq(open));
                    } else {
                        prop_assert_eq!(order.status, OrderStatus::Filled);
                        prop_assert_eq!(order.executed_qty, order.orig_qty);
                    }
                }
                OrderKind::LimitMaker { .. } => {
                    prop_assert_eq!(&placed.fills, &vec![]);
                    prop_assert_eq!(order.status, OrderStatus::New);
                }
                OrderKind::Market(MarketQty::Quote(quote)) => {
                    prop_assert!(order.cum_quote_qty <= quote);
                    prop_assert!(!order.status.is_open());
                }
                OrderKind::Limit { tif: TimeInForce::Ioc, .. } | OrderKind::Market(_) => {
                    prop_assert!(!order.status.is_open());
                }
                OrderKind::Limit { .. } | OrderKind::Contingent(_) => {}
            }
        }
    }

    #[test]
    fn the_ledger_knows_every_fill_and_every_position(acts in acts(), seed in 0..1_000_u64) {
        let config = crowd();
        let mut exchange = Exchange::new(&config, seed, NOW);
        for one in &acts {
            act(&mut exchange, NOW, one);
        }
        for id in (0..3).map(AccountId) {
            let ledger = exchange.ledger(id).unwrap();
            for order in ledger.orders() {
                let view = exchange.order(id, "BTCUSDT", &OrderRef::id(order.order_id)).unwrap();
                let fills = ledger.fills().iter().filter(|fill| fill.order_id == order.order_id);
                prop_assert_eq!(fills.map(|fill| fill.qty).sum::<Decimal>(), view.executed_qty);
            }
            for (asset, start) in [("USDT", "90000"), ("BTC", "1.1"), ("BNB", "0.3")] {
                let (free, locked) = balance(&exchange, id, asset);
                prop_assert_eq!(free + locked, dec(start) + ledger.net(asset));
            }
        }
    }
}
