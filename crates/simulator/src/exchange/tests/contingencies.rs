//! What holds whatever anybody does with orders that wait, pairs, replacements and amendments.

use proptest::prelude::*;

use super::*;

/// One thing an account does, by small numbers so that orders meet and triggers are reached.
#[derive(Clone, Debug)]
enum Act {
    Place { who: u32, order: Wish },
    Pair { who: u32, side: Side, gap: i64, lots: i64, limits: u8 },
    Replace { who: u32, nth: usize, order: Wish, anyway: bool },
    Amend { who: u32, nth: usize, percent: i64 },
    Cancel { who: u32, nth: usize },
    CancelList { who: u32 },
    CancelAll { who: u32 },
}

#[derive(Clone, Debug)]
struct Wish {
    side: Side,
    kind: u8,
    ticks: i64,
    stop_ticks: i64,
    lots: i64,
    stp: StpMode,
}

fn wish() -> impl Strategy<Value = Wish> {
    let side = prop_oneof![Just(Side::Buy), Just(Side::Sell)];
    let stp = prop_oneof![
        3 => Just(StpMode::None),
        1 => Just(StpMode::ExpireMaker),
        1 => Just(StpMode::ExpireTaker),
        1 => Just(StpMode::ExpireBoth),
        1 => Just(StpMode::Decrement),
    ];
    (side, 0..10_u8, -8..8_i64, -8..8_i64, 1..40_i64, stp).prop_map(
        |(side, kind, ticks, stop_ticks, lots, stp)| Wish {
            side,
            kind,
            ticks,
            stop_ticks,
            lots,
            stp,
        },
    )
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let who = || 0..3_u32;
    let side = prop_oneof![Just(Side::Buy), Just(Side::Sell)];
    let act = prop_oneof![
        12 => (who(), wish()).prop_map(|(who, order)| Act::Place { who, order }),
        4 => (who(), side, 1..6_i64, 1..40_i64, 0..8_u8)
            .prop_map(|(who, side, gap, lots, limits)| Act::Pair { who, side, gap, lots, limits }),
        3 => (who(), 0..6_usize, wish(), any::<bool>())
            .prop_map(|(who, nth, order, anyway)| Act::Replace { who, nth, order, anyway }),
        3 => (who(), 0..6_usize, 1..99_i64)
            .prop_map(|(who, nth, percent)| Act::Amend { who, nth, percent }),
        2 => (who(), 0..6_usize).prop_map(|(who, nth)| Act::Cancel { who, nth }),
        1 => who().prop_map(|who| Act::CancelList { who }),
        1 => who().prop_map(|who| Act::CancelAll { who }),
    ];
    prop::collection::vec(act, 1..120)
}

/// Three accounts, too poor for everything they want, and a rule that a moving market breaks.
fn crowd() -> ExchangeConfig {
    let mut config = desert_config();
    let balances = [("USDT", dec("90000")), ("BTC", dec("1.1"))];
    config.accounts = vec![AccountConfig::with_balances(&balances); 3];
    config.accounts[2].maker_rate = dec("0.0001234");
    config.symbols[0].filters.max_num_orders = Some(15);
    config.symbols[0].filters.percent_price = Some(filters::PercentPrice {
        multiplier_up: dec("1.001"),
        multiplier_down: dec("0.999"),
        avg_price_mins: 0,
    });
    config
}

fn at(ticks: i64) -> Decimal {
    dec("67000") + Decimal::new(ticks * 1_237, 2)
}

fn order_of(wish: &Wish) -> NewOrder {
    let (price, stop_price) = (at(wish.ticks), at(wish.stop_ticks));
    let qty = Decimal::new(wish.lots * 777, 5);
    let waits =
        |trigger, limit| OrderKind::Contingent(Contingent { trigger, stop_price, qty, limit });
    let gtc = Some((price, TimeInForce::Gtc));
    let kind = match wish.kind {
        0 | 1 => OrderKind::Limit { price, qty, tif: TimeInForce::Gtc },
        2 => OrderKind::Limit { price, qty, tif: TimeInForce::Ioc },
        3 => OrderKind::LimitMaker { price, qty },
        4 => OrderKind::Market(MarketQty::Base(qty)),
        5 => waits(Trigger::StopLoss, None),
        6 => waits(Trigger::StopLoss, gtc),
        7 => waits(Trigger::TakeProfit, None),
        8 => waits(Trigger::TakeProfit, gtc),
        _ => waits(Trigger::StopLoss, Some((price, TimeInForce::Fok))),
    };
    NewOrder::of("BTCUSDT", wish.side, kind).with_stp(wish.stp)
}

fn pair_of(exchange: &Exchange, side: Side, gap: i64, lots: i64, limits: u8) -> NewOco {
    let qty = Decimal::new(lots * 777, 5);
    let last = exchange.last_price("BTCUSDT").unwrap();
    let gap = Decimal::new(gap * 1_000, 2);
    let (up, down) = (last + gap, last - gap);
    let (profit_at, stop_at) = if side == Side::Sell { (up, down) } else { (down, up) };
    let waits = |trigger, stop_price, has_limit: bool, price| {
        let limit = has_limit.then_some((price, TimeInForce::Gtc));
        OrderKind::Contingent(Contingent { trigger, stop_price, qty, limit })
    };
    let profit = match limits & 3 {
        0 | 1 => OrderKind::LimitMaker { price: profit_at, qty },
        2 => waits(Trigger::TakeProfit, profit_at, false, profit_at),
        _ => waits(Trigger::TakeProfit, profit_at, true, profit_at),
    };
    let stop = waits(Trigger::StopLoss, stop_at, limits & 4 == 0, stop_at);
    let (above, below) = if side == Side::Sell { (profit, stop) } else { (stop, profit) };
    NewOco {
        symbol: "BTCUSDT".to_owned(),
        side,
        client_list_id: None,
        above: (above, None),
        below: (below, None),
        stp: Some(StpMode::None),
    }
}

/// Does one thing; what is refused is nothing done.
fn act(exchange: &mut Exchange, now: Timestamp, act: &Act) {
    let nth = |exchange: &Exchange, who: u32, nth: usize| {
        exchange.open_orders(AccountId(who), None).into_iter().nth(nth)
    };
    let any = CancelRestriction::Any;
    match act {
        Act::Place { who, order } => {
            let _ = exchange.place(now, AccountId(*who), order_of(order));
        }
        Act::Pair { who, side, gap, lots, limits } => {
            let pair = pair_of(exchange, *side, *gap, *lots, *limits);
            let _ = exchange.place_oco(now, AccountId(*who), &pair);
        }
        Act::Replace { who, nth: n, order, anyway } => {
            let Some(old) = nth(exchange, *who, *n) else { return };
            let mode = if *anyway { ReplaceMode::AllowFailure } else { ReplaceMode::StopOnFailure };
            let replacement = Replacement {
                cancel: OrderRef::id(old.order_id),
                cancel_client_id: None,
                restriction: any,
                order: order_of(order),
                mode,
            };
            let _ = exchange.replace(now, AccountId(*who), replacement);
        }
        Act::Amend { who, nth: n, percent } => {
            let Some(old) = nth(exchange, *who, *n) else { return };
            let qty = (old.orig_qty * Decimal::new(*percent, 2)).trunc_with_scale(5);
            let order = OrderRef::id(old.order_id);
            let _ = exchange.amend(now, AccountId(*who), "BTCUSDT", &order, None, qty);
        }
        Act::Cancel { who, nth: n } => {
            let Some(old) = nth(exchange, *who, *n) else { return };
            let order = OrderRef::id(old.order_id);
            let _ = exchange.cancel(now, AccountId(*who), "BTCUSDT", &order, None, any);
        }
        Act::CancelList { who } => {
            let open = exchange.open_order_lists(AccountId(*who));
            let Some(list) = open.first() else { return };
            let list = OrderListRef { list_id: Some(list.list_id), client_list_id: None };
            let _ = exchange.cancel_list(now, AccountId(*who), "BTCUSDT", &list, None);
        }
        Act::CancelAll { who } => {
            let _ = exchange.cancel_all(now, AccountId(*who), "BTCUSDT");
        }
    }
}

/// What an order on its own may need: at its limit, or while it waits without one at its stop.
fn needed(order: &OrderView) -> (&'static str, Decimal) {
    let price = order.kind.price().or_else(|| order.kind.stop_price()).unwrap_or_default();
    match order.side {
        Side::Buy => ("USDT", price * order.remaining()),
        Side::Sell => ("BTC", order.remaining()),
    }
}

/// What is locked is what the open orders need, a pair that nothing has touched the dearer of two.
fn check_balances(exchange: &Exchange) {
    for id in (0..3).map(AccountId) {
        let mut held: BTreeMap<&str, Decimal> = BTreeMap::new();
        let mut pairs: BTreeMap<u64, Vec<(&str, Decimal)>> = BTreeMap::new();
        for order in exchange.open_orders(id, None) {
            let need = needed(&order);
            match order.list_id {
                None => *held.entry(need.0).or_default() += need.1,
                Some(list) => pairs.entry(list).or_default().push(need),
            }
        }
        for needs in pairs.into_values() {
            let (asset, most) = needs.into_iter().max_by_key(|(_, need)| *need).unwrap();
            *held.entry(asset).or_default() += most;
        }
        for balance in exchange.balances(id) {
            assert!(balance.free >= Decimal::ZERO && balance.locked >= Decimal::ZERO);
            let expected = held.get(&*balance.asset).copied().unwrap_or_default();
            assert_eq!(balance.locked, expected, "{id:?} {}", balance.asset);
        }
    }
}

/// Of every pair there ever was, at most one order has traded, and never more than its quantity.
fn check_pairs(exchange: &Exchange) {
    for id in (0..3).map(AccountId) {
        let all = OrderFilter { from_id: Some(0), start: None, end: None, limit: usize::MAX };
        let mut pairs: BTreeMap<u64, Vec<OrderView>> = BTreeMap::new();
        for order in exchange.all_orders(id, "BTCUSDT", &all) {
            if let Some(list) = order.list_id {
                pairs.entry(list).or_default().push(order);
            }
        }
        for (list_id, orders) in pairs {
            assert_eq!(orders.len(), 2);
            let traded = orders.iter().filter(|order| !order.executed_qty.is_zero()).count();
            assert!(traded <= 1, "{orders:?}");
            let has_worked = |order: &&OrderView| order.kind.is_contingent() && order.is_working();
            assert!(orders.iter().filter(has_worked).count() <= 1, "{orders:?}");
            let list = OrderListRef { list_id: Some(list_id), client_list_id: None };
            let lives = orders.iter().any(|order| order.status.is_open());
            assert_eq!(exchange.order_list(id, &list).unwrap().is_done, !lives, "{orders:?}");
        }
    }
}

/// No order waits for what has happened already.
fn check_triggers(exchange: &Exchange) {
    let last = exchange.last_price("BTCUSDT").unwrap();
    for id in (0..3).map(AccountId) {
        for order in exchange.open_orders(id, None) {
            if let OrderKind::Contingent(terms) = order.kind
                && !order.is_working()
            {
                assert!(!terms.is_met(order.side, last), "{order:?} at {last}");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 120, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn money_is_conserved_locks_are_exact_and_a_pair_trades_once(
        acts in acts(),
        seed in 0..1_000_u64,
    ) {
        let mut exchange = Exchange::new(&crowd(), seed, NOW);
        let assets = ["USDT", "BTC"];
        let before = assets.map(|asset| exchange.total(asset));
        for (step, one) in (0..).zip(&acts) {
            act(&mut exchange, NOW + Duration::from_millis(step * 40), one);
            prop_assert_eq!(assets.map(|asset| exchange.total(asset)), before);
            check_balances(&exchange);
            check_triggers(&exchange);
            let ticker = exchange.book_ticker("BTCUSDT").unwrap();
            prop_assert!(ticker.ask_price.is_zero() || ticker.bid_price < ticker.ask_price);
        }
        check_pairs(&exchange);
    }

    #[test]
    fn the_same_holds_among_the_other_participants(acts in acts(), seed in 0..1_000_u64) {
        let mut config = crowd();
        config.symbols[0].market = SymbolConfig::btcusdt().market;
        let mut exchange = Exchange::new(&config, seed, NOW);
        let assets = ["USDT", "BTC"];
        let before = assets.map(|asset| exchange.total(asset));
        for (step, one) in (0..).zip(&acts) {
            act(&mut exchange, NOW + Duration::from_millis(step * 90), one);
            check_balances(&exchange);
            check_triggers(&exchange);
        }
        prop_assert_eq!(assets.map(|asset| exchange.total(asset)), before);
        check_pairs(&exchange);
    }

    #[test]
    fn an_order_is_set_off_by_a_trade_at_its_stop_price_and_passes_the_filters_then(
        acts in acts(),
        seed in 0..1_000_u64,
    ) {
        let config = crowd();
        let rule = config.symbols[0].filters.percent_price.unwrap();
        let mut exchange = Exchange::new(&config, seed, NOW);
        let mut tape = vec![exchange.last_price("BTCUSDT").unwrap()];
        let mut accepted: BTreeMap<u64, usize> = BTreeMap::new();
        for one in &acts {
            act(&mut exchange, NOW, one);
            for event in exchange.drain_events() {
                if let ExchangeEvent::Trade(trade) = &event {
                    tape.push(trade.price);
                }
                let Some(report) = report_of(&event) else { continue };
                let (order, is_new) = (&report.order, report.exec_type == ExecType::New);
                let OrderKind::Contingent(terms) = order.kind else { continue };
                if is_new && !report.is_on_book {
                    accepted.insert(order.order_id, tape.len());
                } else if is_new {
                    let since = &tape[accepted[&order.order_id]..];
                    prop_assert!(
                        since.iter().any(|price| terms.is_met(order.side, *price)),
                        "{order:?} after {since:?}"
                    );
                    let last = *tape.last().unwrap();
                    for price in [order.kind.price(), order.kind.stop_price()].into_iter().flatten() {
                        prop_assert!(price <= last * rule.multiplier_up, "{order:?} at {last}");
                        prop_assert!(price >= last * rule.multiplier_down, "{order:?} at {last}");
                    }
                } else if let Some(fill) = &report.fill {
                    prop_assert!(order.is_working());
                    if let Some(limit) = order.kind.price() {
                        let is_within = match order.side {
                            Side::Buy => fill.price <= limit,
                            Side::Sell => fill.price >= limit,
                        };
                        prop_assert!(is_within, "{order:?} {fill:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn the_ledger_knows_every_fill_of_every_kind(acts in acts(), seed in 0..1_000_u64) {
        let mut exchange = Exchange::new(&crowd(), seed, NOW);
        for one in &acts {
            act(&mut exchange, NOW, one);
        }
        for id in (0..3).map(AccountId) {
            let ledger = exchange.ledger(id).unwrap();
            for order in ledger.orders() {
                let view = exchange.order(id, "BTCUSDT", &OrderRef::id(order.order_id)).unwrap();
                let fills = ledger.fills().iter().filter(|fill| fill.order_id == order.order_id);
                let sum: Decimal = fills.map(|fill| fill.qty).sum();
                prop_assert_eq!(sum, view.executed_qty);
                prop_assert!(view.executed_qty + view.prevented_qty <= view.orig_qty);
            }
            for (asset, start) in [("USDT", "90000"), ("BTC", "1.1")] {
                let (free, locked) = balance(&exchange, id, asset);
                prop_assert_eq!(free + locked, dec(start) + ledger.net(asset));
            }
        }
    }
}
