//! The seeded market: lively, deterministic, cheap, and with a past.

use std::hash::{DefaultHasher, Hash, Hasher};

use super::*;

/// A grid of five buys below and five sells above the price, so many parts per million apart; a
/// filled order is answered 100 ms later by its opposite one rung away. Returns the number of
/// filled orders within 20 s.
fn grid_fills(seed: u64, symbol: &str, rung_ppm: i64) -> usize {
    let mut exchange = Exchange::new(&ExchangeConfig::default(), seed, NOW);
    let config = exchange.symbol(symbol).unwrap().clone();
    let tick = config.filters.price.unwrap().tick_size;
    let step = config.filters.lot_size.unwrap().step_size;
    let middle = exchange.last_price(symbol).unwrap();
    let qty = filters::floor_to(dec("200") / middle, step).max(step);
    let rung = |index: i64| {
        let factor = Decimal::ONE + Decimal::new(index * rung_ppm, 6);
        filters::floor_to(middle * factor, tick)
    };
    let mut rungs: BTreeMap<u64, (i64, Side)> = BTreeMap::new();
    let mut wishes: Vec<(i64, Side)> = (1..=5)
        .flat_map(|i| [(-i, Side::Buy), (i, Side::Sell)])
        .collect();
    let (mut now, mut fills) = (NOW, 0);
    while now < NOW + Duration::from_secs(20) {
        let answer = now + Duration::from_millis(100);
        for (index, side) in std::mem::take(&mut wishes) {
            let order = NewOrder::limit(symbol, side, rung(index), qty);
            let placed = exchange.place(answer, ANN, order).unwrap();
            rungs.insert(placed.order.order_id, (index, side));
        }
        now = exchange.wakeup().unwrap().max(now);
        exchange.advance(now);
        for event in exchange.drain_events() {
            let ExchangeEvent::Execution(report) = event else {
                continue;
            };
            if report.exec_type == ExecType::Trade && report.order.status == OrderStatus::Filled {
                fills += 1;
                let (index, side) = rungs[&report.order.order_id];
                wishes.push(match side {
                    Side::Buy => (index + 1, Side::Sell),
                    Side::Sell => (index - 1, Side::Buy),
                });
            }
        }
    }
    fills
}

#[test]
fn a_grid_is_filled_twenty_times_in_twenty_seconds_whatever_the_seed() {
    for seed in 1..=20 {
        for rung_ppm in [500, 1_000] {
            let fills = grid_fills(seed, "BTCUSDT", rung_ppm);
            assert!(fills >= 20, "seed {seed}, {rung_ppm} ppm: {fills} fills");
        }
    }
}

#[test]
fn the_other_default_symbols_are_alive_too() {
    for symbol in ["ETHUSDT", "DOGEUSDT"] {
        let fills = grid_fills(5, symbol, 1_000);
        assert!(fills >= 5, "{symbol}: {fills} fills");
    }
}

/// A hash of everything that happens in a minute of a seeded run with an account in it.
fn trace(seed: u64, own_qty: &str) -> (u64, Vec<Decimal>) {
    let mut exchange = Exchange::new(&ExchangeConfig::default(), seed, NOW);
    let mut hasher = DefaultHasher::new();
    let mut fair = Vec::new();
    for step in 1..=60_u64 {
        let now = NOW + Duration::from_secs(step);
        let _ = exchange.place(now, ANN, market(Side::Buy, own_qty));
        let _ = exchange.place(now, ANN, limit(Side::Sell, "67050", own_qty));
        fair.push(exchange.listings[0].participants.fair());
        for event in exchange.drain_events() {
            format!("{event:?}").hash(&mut hasher);
        }
    }
    (hasher.finish(), fair)
}

#[test]
fn the_same_seed_and_calls_are_the_same_run() {
    assert_eq!(trace(9, "0.001"), trace(9, "0.001"));
    assert_ne!(trace(9, "0.001").0, trace(10, "0.001").0);
}

#[test]
fn the_path_does_not_depend_on_what_accounts_do() {
    assert_eq!(trace(9, "0.001").1, trace(9, "0.5").1);
}

#[test]
fn a_large_resting_order_is_filled_in_parts() {
    let mut exchange = Exchange::new(&ExchangeConfig::default(), 4, NOW);
    exchange
        .place(NOW, ANN, limit(Side::Sell, "67040", "5"))
        .unwrap();
    exchange.drain_events();
    exchange.advance(NOW + Duration::from_secs(10));
    let fills = exchange.ledger(ANN).unwrap().fills();
    assert!(fills.len() > 3, "{} fills", fills.len());
    assert!(
        fills
            .iter()
            .all(|fill| fill.is_maker && fill.price == dec("67040"))
    );
    let statuses = reports(&exchange.drain_events(), ANN);
    assert!(statuses.contains(&(ExecType::Trade, OrderStatus::PartiallyFilled)));
}

#[test]
fn no_step_does_more_than_ten_things() {
    let mut exchange = Exchange::new(&ExchangeConfig::default(), 6, NOW);
    let order_id = |exchange: &mut Exchange| exchange.listings[0].take_order_id();
    let before = order_id(&mut exchange);
    exchange.advance(NOW + Duration::from_secs(60));
    let orders = order_id(&mut exchange) - before - 1;
    // Every order of theirs is placed once and withdrawn at most once.
    assert!(orders * 2 <= 50 * 60, "{orders} orders in a minute");
}

#[test]
fn a_long_gap_is_played_in_bounded_work() {
    let mut exchange = Exchange::new(&ExchangeConfig::default(), 8, NOW);
    exchange.drain_events();
    for hours in [1, 24, 24 * 30, 24 * 365] {
        let later = exchange.now() + Duration::from_secs(hours * 3_600);
        exchange.advance(later);
        assert_eq!(exchange.now(), later);
        assert!(exchange.wakeup().unwrap() > later);
        // 2,000 steps of three symbols, some fifteen events each.
        let events = exchange.drain_events().len();
        assert!(events <= 90_000, "{hours} h: {events} events");
        let price = exchange.last_price("BTCUSDT").unwrap();
        assert!((dec("66000")..dec("68000")).contains(&price), "{price}");
    }
}

#[test]
fn time_does_not_go_back() {
    let mut exchange = Exchange::new(&ExchangeConfig::default(), 8, NOW);
    exchange.advance(NOW + Duration::from_secs(5));
    exchange.advance(NOW);
    assert_eq!(exchange.now(), NOW + Duration::from_secs(5));
    let wakeup = exchange.wakeup().unwrap();
    assert!(wakeup > exchange.now() && wakeup <= exchange.now() + Duration::from_millis(200));
}

#[test]
fn a_still_market_has_a_book_and_nothing_to_wake_up_for() {
    let mut config = ExchangeConfig::default();
    for symbol in &mut config.symbols {
        symbol.market = symbol.market.still();
    }
    let mut exchange = Exchange::new(&config, 1, NOW);
    assert_eq!(exchange.wakeup(), None);
    let depth = exchange.depth("BTCUSDT", 100).unwrap();
    assert_eq!((depth.bids.len(), depth.asks.len()), (15, 15));
    exchange.advance(NOW + Duration::from_secs(3_600));
    assert_eq!(exchange.depth("BTCUSDT", 100).unwrap(), depth);
    exchange.drain_events();
    exchange.advance(NOW + Duration::from_secs(3_602));
    let seconds = exchange.drain_events().len();
    assert_eq!(seconds, 3 * 2, "its bars close all the same");
    let placed = exchange.place(NOW, ANN, market(Side::Buy, "0.1")).unwrap();
    assert_eq!(placed.order.status, OrderStatus::Filled);
}

#[test]
fn every_interval_has_a_past_without_holes() {
    let mut exchange = Exchange::new(&ExchangeConfig::default(), 2, NOW);
    exchange.advance(NOW + Duration::from_secs(90));
    let now = exchange.now();
    for interval in Interval::ALL {
        let bars = exchange.klines("ETHUSDT", interval, None, None, 1_000);
        let least = match interval {
            Interval::S1 | Interval::M1 | Interval::H1 | Interval::D1 => 1_000,
            Interval::Mo1 => 24,
            Interval::W1 => 150,
            Interval::M3
            | Interval::M5
            | Interval::M15
            | Interval::M30
            | Interval::H2
            | Interval::H4
            | Interval::H6
            | Interval::H8
            | Interval::H12
            | Interval::D3 => 90,
        };
        assert!(bars.len() >= least, "{interval:?}: {}", bars.len());
        let (last, closed) = bars.split_last().unwrap();
        assert_eq!(last.open_time, interval.start_of(now), "{interval:?}");
        assert!(
            !last.is_closed && closed.iter().all(|bar| bar.is_closed),
            "{interval:?}"
        );
        for pair in bars.windows(2) {
            let end = pair[0].close_time + Duration::from_millis(1);
            assert_eq!(end, pair[1].open_time, "{interval:?}");
            assert_eq!(end, interval.next_start(pair[0].open_time), "{interval:?}");
        }
        for bar in &bars {
            assert!(bar.low <= bar.open.min(bar.close), "{interval:?} {bar:?}");
            assert!(bar.high >= bar.open.max(bar.close), "{interval:?} {bar:?}");
            assert!(bar.low > Decimal::ZERO && bar.taker_buy_volume <= bar.volume);
        }
    }
}

#[test]
fn an_hour_is_the_sum_of_its_minutes() {
    let exchange = Exchange::new(&ExchangeConfig::default(), 2, NOW);
    let hour = exchange
        .klines("BTCUSDT", Interval::H1, None, None, 3)
        .remove(1);
    let (start, end) = (Some(hour.open_time), Some(hour.close_time));
    let minutes = exchange.klines("BTCUSDT", Interval::M1, start, end, 1_000);
    assert_eq!(minutes.len(), 60);
    assert_eq!(
        minutes.iter().map(|bar| bar.volume).sum::<Decimal>(),
        hour.volume
    );
    assert_eq!(minutes.iter().map(|bar| bar.high).max(), Some(hour.high));
    assert_eq!(
        (minutes[0].open, minutes[59].close),
        (hour.open, hour.close)
    );
    let quarters = exchange.klines("BTCUSDT", Interval::M15, start, end, 1_000);
    assert_eq!(quarters.len(), 4);
    assert_eq!(
        quarters.iter().map(|bar| bar.trades).sum::<u64>(),
        hour.trades
    );
}

#[test]
fn bars_are_found_by_their_times() {
    let exchange = Exchange::new(&ExchangeConfig::default(), 2, NOW);
    let all = exchange.klines("BTCUSDT", Interval::M5, None, None, 20);
    let (start, end) = (Some(all[4].open_time), Some(all[8].open_time));
    let read = |start, end, limit| exchange.klines("BTCUSDT", Interval::M5, start, end, limit);
    assert_eq!(read(start, end, 1_000), all[4..=8]);
    assert_eq!(read(start, None, 3), all[4..7]);
    assert_eq!(read(None, end, 3), all[6..=8]);
    assert_eq!(read(Some(NOW + Duration::from_secs(600)), None, 3), []);
    assert_eq!(read(None, None, 0), []);
    let inside = Some(all[4].open_time + Duration::from_secs(1));
    assert_eq!(read(inside, end, 1_000), all[5..=8]);
}

#[test]
fn bars_close_in_order_and_with_their_trades() {
    let mut exchange = Exchange::new(&ExchangeConfig::default(), 2, NOW);
    exchange.drain_events();
    let first = exchange
        .klines("BTCUSDT", Interval::M1, None, None, 1)
        .remove(0);
    let mut closed = Vec::new();
    let mut volume = first.volume;
    for step in 1..=1_200_u64 {
        exchange.advance(NOW + Duration::from_millis(step * 100));
        for event in exchange.drain_events() {
            if let ExchangeEvent::Trade(trade) = &event
                && &*trade.symbol == "BTCUSDT"
            {
                volume += trade.qty;
            }
            if let ExchangeEvent::Kline {
                symbol,
                interval: Interval::M1,
                kline,
            } = event
                && &*symbol == "BTCUSDT"
            {
                assert!(kline.is_closed);
                assert_eq!(kline.volume, std::mem::take(&mut volume));
                closed.push(kline);
            }
        }
    }
    assert_eq!(closed.len(), 2);
    assert_eq!(closed[0].open_time, first.open_time);
    assert_eq!(
        closed,
        exchange.klines("BTCUSDT", Interval::M1, None, None, 3)[..2]
    );
}

#[test]
fn averages_and_tapes_answer_from_the_start() {
    let exchange = Exchange::new(&ExchangeConfig::default(), 2, NOW);
    let average = exchange.average_price("BTCUSDT", 5).unwrap();
    assert!((dec("64000")..dec("70000")).contains(&average), "{average}");
    assert_eq!(
        exchange.average_price("BTCUSDT", 0),
        exchange.last_price("BTCUSDT")
    );
    let trades = exchange.recent_trades("BTCUSDT", 500);
    assert!(trades.len() > 50, "{}", trades.len());
    assert!(trades.windows(2).all(|pair| pair[0].id + 1 == pair[1].id));
    let day = exchange.rolling("BTCUSDT", 1_440).unwrap();
    assert!(day.high >= day.close && day.volume > Decimal::ONE);
    let ticker = exchange.book_ticker("BTCUSDT").unwrap();
    let depth = exchange.depth("BTCUSDT", 1).unwrap();
    assert_eq!(depth.bids, [(ticker.bid_price, ticker.bid_qty)]);
    assert_eq!(depth.asks, [(ticker.ask_price, ticker.ask_qty)]);
}

#[test]
fn an_exchange_may_open_at_the_beginning_of_time() {
    let mut exchange = Exchange::new(&ExchangeConfig::default(), 2, Timestamp::EPOCH);
    exchange.advance(Timestamp::from_secs(10));
    assert!(exchange.last_price("BTCUSDT").is_some());
}

#[test]
fn a_trending_market_takes_its_resting_orders_along() {
    let mut config = ExchangeConfig::default();
    config.symbols[0].market.model = Model::Trending {
        drift_ppm_per_minute: 20_000,
    };
    config.symbols[0].market.volatility_ppm = 100;
    let mut exchange = Exchange::new(&config, 3, NOW);
    let start = exchange.last_price("BTCUSDT").unwrap();
    exchange
        .place(NOW, ANN, limit(Side::Sell, "69000", "0.3"))
        .unwrap();
    exchange.advance(NOW + Duration::from_secs(180));
    let end = exchange.last_price("BTCUSDT").unwrap();
    assert!(end > start * dec("1.04"), "{start} to {end}");
    assert_eq!(exchange.open_orders(ANN, None), []);
}

#[test]
fn nobody_trades_while_a_symbol_is_halted() {
    let mut exchange = Exchange::new(&ExchangeConfig::default(), 3, NOW);
    exchange.set_status(NOW, "BTCUSDT", SymbolStatus::Halt);
    let depth = exchange.depth("BTCUSDT", 100);
    let last = exchange.recent_trades("BTCUSDT", 1);
    let later = NOW + Duration::from_secs(10);
    exchange.advance(later);
    assert_eq!(exchange.depth("BTCUSDT", 100), depth);
    assert_eq!(exchange.recent_trades("BTCUSDT", 1), last);
    exchange.set_status(later, "BTCUSDT", SymbolStatus::Trading);
    exchange.advance(later + Duration::from_secs(10));
    assert_ne!(exchange.recent_trades("BTCUSDT", 1), last);
}

#[test]
fn a_thin_touch_is_refilled_so_that_a_market_order_finds_a_price_again() {
    let mut exchange = Exchange::new(&ExchangeConfig::default(), 3, NOW);
    let swept = exchange.place(NOW, ANN, market(Side::Buy, "10")).unwrap();
    assert_eq!(swept.order.status, OrderStatus::Expired);
    assert!(swept.order.executed_qty > Decimal::ONE);
    exchange.advance(NOW + Duration::from_secs(5));
    let depth = exchange.depth("BTCUSDT", 100).unwrap();
    assert!(depth.asks.len() > 5 && depth.bids.len() > 5, "{depth:?}");
}
