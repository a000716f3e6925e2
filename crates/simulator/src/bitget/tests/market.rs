//! What anybody may ask about markets.

use super::*;

#[test]
fn a_symbol_tells_its_decimals_its_least_value_and_its_band() {
    let mut world = quiet();
    let all = world.get("spot/public/symbols");
    assert_eq!(all.data().as_array().unwrap().len(), 3);
    let one = world.get("spot/public/symbols?symbol=DOGEUSDT").data()[0].clone();
    for (name, value) in [
        ("symbol", "DOGEUSDT"),
        ("baseCoin", "DOGE"),
        ("quoteCoin", "USDT"),
        ("minTradeAmount", "0"),
        ("pricePrecision", "4"),
        ("quantityPrecision", "1"),
        ("quotePrecision", "6"),
        ("minTradeUSDT", "1"),
        ("buyLimitPriceRatio", "0.05"),
        ("sellLimitPriceRatio", "0.05"),
        ("orderQuantity", "200"),
        ("status", "online"),
    ] {
        assert_eq!(one[name], value, "{name}");
    }
    assert_eq!(world.get("spot/public/symbols?symbol=NONE").error(), (400, "40034"));
    world.bitget.set_status(world.now, "BTCUSDT", SymbolStatus::Halt);
    let halted = world.get("spot/public/symbols?symbol=BTCUSDT");
    assert_eq!(halted.data()[0]["status"], "halt");
}

#[test]
fn its_steps_are_other_ones_than_those_of_the_other_venue() {
    let ours = BitgetConfig::embedded().exchange.symbols;
    for other in crate::binance::BinanceConfig::embedded().exchange.symbols {
        let ours = ours.iter().find(|ours| ours.symbol == other.symbol).unwrap();
        assert_ne!(ours.filters.price, other.filters.price, "{}", other.symbol);
        assert_ne!(ours.filters.lot_size, other.filters.lot_size, "{}", other.symbol);
    }
}

#[test]
fn a_book_has_the_best_first_and_may_be_told_in_steps() {
    let mut world = quiet();
    let book = world.get("spot/market/orderbook?symbol=BTCUSDT&limit=5");
    let side = |name: &str| {
        let rows = book.data()[name].as_array().unwrap().clone();
        let prices = rows.iter().map(|row| row[0].as_str().unwrap().parse::<Decimal>().unwrap());
        prices.collect::<Vec<_>>()
    };
    let (bids, asks) = (side("bids"), side("asks"));
    assert_eq!((bids.len(), asks.len()), (5, 5));
    assert!(bids.is_sorted_by(|one, other| one > other) && asks.is_sorted());
    assert!(bids[0] < asks[0]);
    let price = book.data()["bids"][0][0].as_str().unwrap();
    assert_eq!(price.split_once('.').unwrap().1.len(), 1, "as many decimals as the symbol has");
    let coarse = world.get("spot/market/orderbook?symbol=BTCUSDT&type=step3");
    for row in coarse.data()["asks"].as_array().unwrap() {
        assert!(row[0].as_str().unwrap().ends_with("00.0"), "{row}");
    }
    let wrong = world.get("spot/market/orderbook?symbol=BTCUSDT&type=step9");
    assert_eq!(wrong.error(), (400, "40034"));
}

#[test]
fn bars_come_oldest_first_and_old_ones_are_over() {
    let mut world = quiet();
    let bars = world.get("spot/market/candles?symbol=BTCUSDT&granularity=1min&limit=3");
    let starts = |reply: &Reply| {
        let rows = reply.data().as_array().unwrap().iter();
        rows.map(|row| row[0].as_str().unwrap().parse::<u64>().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(bars.data()[0].as_array().unwrap().len(), 8);
    let now = world.now.as_millis();
    assert_eq!(starts(&bars), [now - 120_000, now - 60_000, now]);
    let end = now - 60_000;
    let target = format!("history-candles?symbol=BTCUSDT&granularity=1min&limit=2&endTime={end}");
    let old = world.get(&format!("spot/market/{target}"));
    assert_eq!(starts(&old), [now - 180_000, now - 120_000], "the end does not belong to it");
    let open = world.get("spot/market/history-candles?symbol=BTCUSDT&granularity=1min");
    assert_eq!(open.error(), (400, "400172"));
    let wrong = world.get("spot/market/candles?symbol=BTCUSDT&granularity=7min");
    assert_eq!(wrong.error(), (400, "40020"));
    let many = world.get("spot/market/candles?symbol=BTCUSDT&granularity=1min&limit=5000");
    assert_eq!(many.data().as_array().unwrap().len(), 1_000);
}

#[test]
fn recent_trades_come_newest_first_and_a_hundred_at_the_most() {
    let mut world = lively();
    world.wait(60_000);
    let trades = world.get("spot/market/fills?symbol=BTCUSDT&limit=500");
    let rows = trades.data().as_array().unwrap();
    assert_eq!(rows.len(), 100);
    let ids: Vec<_> = rows.iter().map(|row| row["tradeId"].as_str().unwrap()).collect();
    assert!(ids.is_sorted_by(|one, other| one > other), "{ids:?}");
    assert!(rows.iter().all(|row| row["side"] == "buy" || row["side"] == "sell"));
}

#[test]
fn a_ticker_tells_of_the_day_and_of_the_best_offers() {
    let mut world = quiet();
    let all = world.get("spot/market/tickers");
    assert_eq!(all.data().as_array().unwrap().len(), 3);
    let one = world.get("spot/market/tickers?symbol=BTCUSDT").data()[0].clone();
    let best = world.bitget.exchange().book_ticker("BTCUSDT").unwrap();
    assert_eq!(one["bidPr"].as_str().unwrap().parse::<Decimal>().unwrap(), best.bid_price);
    for name in [
        "symbol",
        "high24h",
        "open",
        "low24h",
        "lastPr",
        "quoteVolume",
        "usdtVolume",
        "baseVolume",
        "askPr",
        "bidSz",
        "askSz",
        "openUtc",
        "changeUtc24h",
        "change24h",
    ] {
        assert!(one[name].is_string(), "{name}");
    }
}
