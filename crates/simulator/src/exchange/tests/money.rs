//! Balances: what is locked, paid, given back and taken.

use super::*;

#[test]
fn an_order_locks_what_it_may_need_and_a_cancel_gives_it_back() {
    let mut exchange = desert();
    exchange.place(NOW, ANN, limit(Side::Buy, "60000", "2").with_id("buy")).unwrap();
    exchange.place(NOW, ANN, limit(Side::Sell, "70000", "3").with_id("sell")).unwrap();
    assert_eq!(balance(&exchange, ANN, "USDT"), (dec("880000"), dec("120000")));
    assert_eq!(balance(&exchange, ANN, "BTC"), (dec("17"), dec("3")));
    assert_eq!(exchange.cancel_all(NOW, ANN, "BTCUSDT").unwrap().len(), 2);
    assert_eq!(balance(&exchange, ANN, "USDT"), (dec("1000000"), Decimal::ZERO));
    assert_eq!(balance(&exchange, ANN, "BTC"), (dec("20"), Decimal::ZERO));
}

#[test]
fn a_better_price_than_asked_stays_with_the_buyer() {
    let mut exchange = desert();
    exchange.place(NOW, BOB, limit(Side::Sell, "60000", "1")).unwrap();
    exchange.place(NOW, ANN, limit(Side::Buy, "61000", "2")).unwrap();
    // One bought at 60,000, one still wanted at 61,000.
    assert_eq!(balance(&exchange, ANN, "USDT"), (dec("879000"), dec("61000")));
}

#[test]
fn each_side_pays_its_rate_in_what_it_receives() {
    let mut config = desert_config();
    config.accounts[0].taker_rate = dec("0.002");
    config.accounts[1].maker_rate = dec("0.0005");
    let mut exchange = Exchange::new(&config, 1, NOW);
    exchange.place(NOW, BOB, limit(Side::Sell, "60000", "1")).unwrap();
    let placed = exchange.place(NOW, ANN, market(Side::Buy, "0.5")).unwrap();
    assert_eq!(placed.fills[0].commission, dec("0.001"));
    assert_eq!(&*placed.fills[0].commission_asset, "BTC");
    assert_eq!(balance(&exchange, ANN, "BTC").0, dec("20.499"));
    assert_eq!(balance(&exchange, BOB, "USDT").0, dec("1029985"));
    assert_eq!(exchange.fees(), [("BTC".into(), dec("0.001")), ("USDT".into(), dec("15"))]);
    assert_eq!(exchange.ledger(ANN).unwrap().net("BTC"), dec("0.499"));
    assert_eq!(exchange.ledger(BOB).unwrap().net("USDT"), dec("29985"));
}

#[test]
fn a_discount_coin_pays_while_there_is_enough_of_it() {
    let mut config = desert_config();
    let coin = SymbolConfig::bnbusdt();
    let market_config = coin.market.deserted();
    config.symbols.push(coin.with_market(market_config));
    // The coin stands at 610 USDT: 60 USDT, a quarter off, is 0.07377049 of it.
    config.accounts[0].balances.push(("BNB".to_owned(), dec("0.1")));
    config.accounts[0].discount = Some(Discount { asset: "BNB".to_owned(), rate: dec("0.75") });
    let mut exchange = Exchange::new(&config, 1, NOW);
    exchange.place(NOW, BOB, limit(Side::Sell, "60000", "4")).unwrap();
    let pays = |exchange: &mut Exchange| {
        let fill = exchange.place(NOW, ANN, market(Side::Buy, "1")).unwrap().fills.remove(0);
        (fill.commission_asset.to_string(), fill.commission)
    };
    assert_eq!(pays(&mut exchange), ("BNB".to_owned(), dec("0.07377049")));
    assert_eq!(pays(&mut exchange), ("BTC".to_owned(), dec("0.001")));
    assert_eq!(exchange.total("BNB"), dec("0.1"));
}

#[test]
fn an_order_beyond_the_free_balance_is_refused() {
    for order in [
        limit(Side::Buy, "60000", "16.7"),
        limit(Side::Sell, "60000", "20.00001"),
        market(Side::Buy, "17"),
        market(Side::Sell, "20.00001"),
        market_quote(Side::Buy, "1000001"),
    ] {
        let mut exchange = desert();
        for _ in 0..2 {
            exchange.place(NOW, BOB, limit(Side::Sell, "60000", "10")).unwrap();
        }
        exchange.drain_events();
        let refused = exchange.place(NOW, ANN, order.clone()).unwrap_err();
        assert_eq!(refused, Reject::InsufficientBalance, "{order:?}");
        assert_eq!(exchange.drain_events(), [], "{order:?}");
    }
}

#[test]
fn locked_money_is_not_spent_twice() {
    let mut exchange = desert();
    exchange.place(NOW, ANN, limit(Side::Sell, "70000", "15")).unwrap();
    let refused = exchange.place(NOW, ANN, limit(Side::Sell, "70000", "6")).unwrap_err();
    assert_eq!(refused, Reject::InsufficientBalance);
    exchange.place(NOW, ANN, limit(Side::Sell, "70000", "5")).unwrap();
    assert_eq!(balance(&exchange, ANN, "BTC"), (Decimal::ZERO, dec("20")));
}
