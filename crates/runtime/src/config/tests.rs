use tradewind_scheduler::FailureClass;

use super::*;

const GOOD: &str = r#"
[venue]
name = "binance-testnet"
adapter = "binance"

[venue.endpoint]
rest = "https://testnet.example"
account_stream = "wss://ws.testnet.example/ws-api/v3"
market_stream = "wss://stream.testnet.example"

[engine]
recv_window_ms = 1500

[retry]
transient = 1

[[strategy]]
kind = "grid"
instruments = ["BTC-USDT"]

[strategy.params]
levels = 5
"#;

fn error(text: &str) -> String {
    let error = Config::parse("a.toml", text).map(|_| ()).unwrap_err().to_string();
    assert!(!error.contains('\n'), "{error}");
    error
}

#[test]
fn a_whole_configuration_is_read() {
    let config = Config::parse("a.toml", GOOD).unwrap();
    assert_eq!(config.engine.recv_window(), Duration::from_millis(1_500));
    assert_eq!(config.account, AccountConfig::default());
    assert_eq!(config.retry.tries(FailureClass::Transient), 1, "tightened");
    assert_eq!(config.retry.tries(FailureClass::RateLimit), 2, "as it is");
    assert!(
        matches!(&config.venue.place, Place::Remote(at) if at.rest == "https://testnet.example")
    );
    let strategy = &config.strategies[0];
    assert_eq!((strategy.id.as_str(), strategy.kind.as_str()), ("grid", "grid"));
    let wrong = InvalidParams::at("levels", "levels is 5; use 7");
    let error = config.params_error(strategy, wrong).to_string();
    assert_eq!(error, "a.toml:22: strategy `grid`: levels is 5; use 7");
}

#[test]
fn what_is_wrong_is_named_with_its_line_and_the_way_out() {
    let rows = [
        (
            "recv_window_ms = 1500",
            "recv_windw_ms = 1500",
            "a.toml:12: unknown field `recv_windw_ms`",
        ),
        ("recv_window_ms = 1500", "recv_window_ms = 0", "use 1 to 60000"),
        ("kind = \"grid\"", "knd = \"grid\"", "a.toml:18: unknown field `knd`"),
        ("[\"BTC-USDT\"]", "[]", "name at least one"),
        ("[[strategy]]", "[strategy]", "write [[strategy]]"),
        ("https://testnet.example", "testnet.example", "begins with https://"),
        ("wss://stream.testnet.example", "wss://stream.testnet.example/", "no slash at its end"),
        ("levels = 5", "levels = ", "a.toml:22"),
        ("name = \"binance-testnet\"", "name = \"a b\"", "a.toml:3: venue \"a b\" holds ' '"),
        (
            "transient = 1",
            "transient = 3",
            "a.toml:14: retry.transient is 3 and no more than 2 is safe; lower it",
        ),
        (
            "transient = 1",
            "auth = 1",
            "a.toml:14: retry.auth is 1 and no more than 0 is safe; lower it",
        ),
        ("transient = 1", "in_doubt = 1", "a.toml:15: unknown field `in_doubt`"),
        ("transient = 1", "transient = -1", "a.toml:15"),
        ("[venue.endpoint]", "[venue.embedded]\nseed = 1\n[venue.endpoint]", "keep one of"),
    ];
    for (old, new, expected) in rows {
        let message = error(&GOOD.replacen(old, new, 1));
        assert!(message.contains(expected), "{new}: {message}");
    }
    assert!(error("").contains("venue"));
    let twice = format!("{GOOD}\n[[strategy]]\nkind = \"grid\"\ninstruments = [\"A\"]\n");
    assert!(error(&twice).contains("two strategies are called `grid`"));
}
