//! The seeded market: lively, deterministic, cheap, and with a past.

use std::fmt::Write;
use std::hash::{DefaultHasher, Hash, Hasher};

use super::*;

/// A grid of five buys below and five sells above the price, 0.1 % apart; a filled order is
/// answered by its opposite one rung away. Returns the number of fills within 20 s.
fn grid_fills(seed: u64, symbol: &str) -> usize {
    let mut exchange = Exchange::new(&ExchangeConfig::default(), seed, NOW);
    let config = exchange.symbol(symbol).unwrap().clone();
    let tick = config.filters.price.unwrap().tick_size;
    let step = config.filters.lot_size.unwrap().step_size;
    let middle = exchange.last_price(symbol).unwrap();
    let qty = filters::floor_to(dec("200") / middle, step).max(step);
    let rung = |index: i64| {
        let factor = Decimal::ONE + Decimal::new(index, 3);
        filters::floor_to(middle * factor, tick)
    };
    let mut rungs: BTreeMap<u64, (i64, Side)> = BTreeMap::new();
    let mut wishes: Vec<(i64, Side)> = (1..=5)
        .flat_map(|i| [(-i, Side::Buy), (i, Side::Sell)])
        .collect();
    let (mut now, mut fills) = (NOW, 0);
    while now < NOW + Duration::from_secs(20) {
        for (index, side) in std::mem::take(&mut wishes) {
            let order = NewOrder::limit(symbol, side, rung(index), qty);
            let placed = exchange.place(now, ANN, order).unwrap();
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
        let fills = grid_fills(seed, "BTCUSDT");
        println!("seed {seed}: {fills}");
        assert!(fills >= 20, "seed {seed}: {fills} fills");
    }
}
