//! The exchange, tested through its own door.

mod changing;
mod contingencies;
mod market;
mod matching;
mod money;
mod pairs;
mod properties;
mod queries;
mod rules;
mod waiting;

use super::*;

const NOW: Timestamp = Timestamp::from_millis(1_790_000_000_123);
const ANN: AccountId = AccountId(0);
const BOB: AccountId = AccountId(1);

fn dec(text: &str) -> Decimal {
    text.parse().unwrap()
}

/// `BTCUSDT` with nobody in it but two accounts of 1,000,000 USDT and 20 BTC each.
fn desert() -> Exchange {
    Exchange::new(&desert_config(), 1, NOW)
}

fn desert_config() -> ExchangeConfig {
    let symbol = SymbolConfig::btcusdt();
    let market = symbol.market.deserted();
    let account = AccountConfig::with_balances(&[("USDT", dec("1000000")), ("BTC", dec("20"))]);
    ExchangeConfig {
        symbols: vec![symbol.with_market(market)],
        accounts: vec![account.clone(), account],
        filters: ExchangeFilters::default(),
    }
}

fn limit(side: Side, price: &str, qty: &str) -> NewOrder {
    NewOrder::limit("BTCUSDT", side, dec(price), dec(qty))
}

fn limit_tif(side: Side, price: &str, qty: &str, tif: TimeInForce) -> NewOrder {
    NewOrder::of("BTCUSDT", side, OrderKind::Limit { price: dec(price), qty: dec(qty), tif })
}

fn maker(side: Side, price: &str, qty: &str) -> NewOrder {
    NewOrder::of("BTCUSDT", side, OrderKind::LimitMaker { price: dec(price), qty: dec(qty) })
}

fn market(side: Side, qty: &str) -> NewOrder {
    NewOrder::of("BTCUSDT", side, OrderKind::Market(MarketQty::Base(dec(qty))))
}

fn market_quote(side: Side, quote: &str) -> NewOrder {
    NewOrder::of("BTCUSDT", side, OrderKind::Market(MarketQty::Quote(dec(quote))))
}

/// Free and locked of one asset.
fn balance(exchange: &Exchange, account: AccountId, asset: &str) -> (Decimal, Decimal) {
    let balances = exchange.balances(account);
    let balance = balances.iter().find(|balance| &*balance.asset == asset);
    balance.map_or_else(Default::default, |balance| (balance.free, balance.locked))
}

/// The report an event is, if it is one.
fn report_of(event: &ExchangeEvent) -> Option<&ExecutionReport> {
    if let ExchangeEvent::Execution(report) = event { Some(report) } else { None }
}

/// The reports of an account among the events, as (execution type, status).
fn reports(events: &[ExchangeEvent], of: AccountId) -> Vec<(ExecType, OrderStatus)> {
    events
        .iter()
        .filter_map(report_of)
        .filter(|report| report.account == of)
        .map(|report| (report.exec_type, report.order.status))
        .collect()
}
