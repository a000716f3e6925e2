//! What the tests of this crate share: routes, instruments, orders.

use std::collections::BTreeMap;

use tradewind_engine::Route;
use tradewind_model::id::{
    AccountId, Asset, ClientOrderId, EgressId, InstrumentId, StrategyId, Symbol, VenueId,
};
use tradewind_model::instrument::{Filter, Instrument, InstrumentStatus, Range};
use tradewind_model::money::{Notional, Price, Quantity};
use tradewind_model::order::{OrderKind, OrderRequest, Side};
use tradewind_model::{Decimal, Timestamp};

use crate::decision::Holding;
use crate::routes::{Endpoint, RouteSetup, Routes};

pub(crate) fn route(venue: &str, account: &str, egress: &str) -> Route {
    Route {
        venue: VenueId::new(venue).unwrap(),
        account: AccountId::new(account).unwrap(),
        egress: EgressId::new(egress).unwrap(),
    }
}

pub(crate) fn setup(route: Route, capital: u32) -> RouteSetup {
    RouteSetup {
        route,
        endpoints: vec![Endpoint::new("https://one.example"), Endpoint::new("https://two.example")],
        capital: BTreeMap::from([(Asset::new("USDT"), Decimal::from(capital))]),
    }
}

/// An account at the first exchange by two addresses, another account there by one of these, and
/// an account at a second exchange.
pub(crate) fn four() -> [Route; 4] {
    [
        route("binance", "main", "eth0"),
        route("binance", "main", "eth1"),
        route("binance", "sub", "eth1"),
        route("bitget", "main", "eth0"),
    ]
}

pub(crate) fn routes_of(list: &[Route]) -> Routes {
    Routes::new(list.iter().map(|route| setup(*route, 1_000)).collect()).unwrap()
}

pub(crate) fn decimal(text: &str) -> Decimal {
    Decimal::from_str_exact(text).unwrap()
}

pub(crate) fn price(text: &str) -> Price {
    Price::new(decimal(text)).unwrap()
}

pub(crate) fn qty(text: &str) -> Quantity {
    Quantity::new(decimal(text)).unwrap()
}

pub(crate) fn id(number: u32) -> ClientOrderId {
    ClientOrderId::new(&format!("order-{number:06}")).unwrap()
}

pub(crate) fn at(secs: u64) -> Timestamp {
    Timestamp::from_secs(1_000_000 + secs)
}

pub(crate) fn holding(strategy: &str) -> Holding {
    Holding {
        strategy: StrategyId::new(strategy).unwrap(),
        instrument: InstrumentId::new("BTC-USDT"),
    }
}

/// BTC-USDT with this tick, step and least value.
pub(crate) fn instrument(tick: &str, step: &str, least_value: &str) -> Instrument {
    let range =
        |step: &str| Range { min: decimal(step), max: decimal("1000000"), step: decimal(step) };
    Instrument {
        id: InstrumentId::new("BTC-USDT"),
        symbol: Symbol::new("BTCUSDT"),
        base: Asset::new("BTC"),
        quote: Asset::new("USDT"),
        status: InstrumentStatus::Trading,
        base_precision: 8,
        quote_precision: 8,
        takes_market_orders: true,
        takes_quote_quantity: true,
        takes_post_only: true,
        offers: Vec::new(),
        filters: vec![
            Filter::Price(range(tick)),
            Filter::LotSize(range(step)),
            Filter::MinNotional {
                min: Notional::new(decimal(least_value)).unwrap(),
                applies_to_market: true,
            },
        ],
    }
}

pub(crate) fn post_only(side: Side, at: &str, much: &str) -> OrderRequest {
    OrderRequest {
        instrument: InstrumentId::new("BTC-USDT"),
        side,
        kind: OrderKind::PostOnly { price: price(at), qty: qty(much) },
        tag: 7,
    }
}
