use super::*;
use crate::id::Symbol;
use crate::stream::StreamKind;

fn limit(kind: LimitKind, secs: u64, capacity: Weight) -> Limit {
    Limit {
        kind,
        scope: LimitScope::Egress,
        interval: Duration::from_secs(secs),
        alignment: Alignment::Calendar,
        capacity,
    }
}

fn line(kind: CallKind, tier: Tier, weight: Weight) -> PriceLine {
    PriceLine { kind, tier, cost: Charge::fixed(LimitKind::RequestWeight, weight).into() }
}

#[test]
fn the_first_line_that_fits_gives_the_price() {
    let tariff = Tariff {
        limits: Vec::new(),
        prices: vec![
            line(CallKind::Depth, Tier::RowsUpTo(100), 5),
            line(CallKind::Depth, Tier::Always, 250),
            line(CallKind::OpenOrders, Tier::OneSymbol, 6),
            line(CallKind::OpenOrders, Tier::Always, 80),
        ],
    };
    let weight = |call: &Call| tariff.cost(call).map(|cost| cost.weight(LimitKind::RequestWeight));
    let symbol = Symbol::from("BTCUSDT");
    let depth = |levels| Call::Depth { symbol: symbol.clone(), levels };
    assert_eq!(weight(&depth(100)), Some(5));
    assert_eq!(weight(&depth(101)), Some(250));
    assert_eq!(weight(&Call::OpenOrders { symbol: Some(symbol.clone()) }), Some(6));
    assert_eq!(weight(&Call::OpenOrders { symbol: None }), Some(80));
    assert_eq!(weight(&Call::Ping), None);
}

#[test]
fn limits_told_by_the_venue_replace_their_kind_and_leave_the_rest() {
    let mut tariff = Tariff {
        limits: vec![
            limit(LimitKind::RequestWeight, 60, 1200),
            limit(LimitKind::Orders, 10, 50),
            limit(LimitKind::Connections, 300, 300),
        ],
        prices: Vec::new(),
    };
    tariff.replace_limits(&[
        limit(LimitKind::RequestWeight, 60, 6000),
        limit(LimitKind::Orders, 10, 100),
        limit(LimitKind::Orders, 86_400, 200_000),
    ]);
    assert_eq!(
        tariff.limits,
        [
            limit(LimitKind::RequestWeight, 60, 6000),
            limit(LimitKind::Orders, 10, 100),
            limit(LimitKind::Orders, 86_400, 200_000),
            limit(LimitKind::Connections, 300, 300),
        ]
    );
}

#[test]
fn sockets_of_different_kinds_have_prices_of_their_own() {
    let tariff = Tariff {
        limits: Vec::new(),
        prices: vec![
            line(CallKind::OpenStream, Tier::Stream(StreamKind::Account), 2),
            line(CallKind::OpenStream, Tier::Stream(StreamKind::Market), 0),
        ],
    };
    for (kind, weight) in [(StreamKind::Account, 2), (StreamKind::Market, 0)] {
        let call = Call::OpenStream { kind, feeds: Vec::new() };
        let cost = tariff.cost(&call).unwrap();
        assert_eq!(cost.weight(LimitKind::RequestWeight), weight);
    }
}
