use std::time::Duration;

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
    assert_eq!(config.engine.recv_window(&config.route.venue.place), Duration::from_millis(1_500));
    assert_eq!(config.route.account, AccountConfig::usual("binance"));
    assert_eq!(config.retry.tries(FailureClass::Transient), 1, "tightened");
    assert_eq!(config.retry.tries(FailureClass::RateLimit), 2, "as it is");
    assert!(
        matches!(&config.route.venue.place, Place::Remote { endpoint, .. } if endpoint.rest == "https://testnet.example")
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
    let share = |text: &str| GOOD.replacen("[[strategy]]", &format!("{text}\n[[strategy]]"), 1);
    for (text, said) in [
        ("share = \"1/0\"", "\"1/0\""),
        ("share = \"1/1001\"", "\"1/1001\""),
        ("share = \"2/20\"", "\"2/20\""),
        ("share = \"half\"", "\"half\""),
        ("share = \"1/-2\"", "\"1/-2\""),
        ("share = 0.05", "0.05"),
        ("share = 20", "20"),
    ] {
        let whole = share(&format!("[scheduler]\n{text}"));
        let line = whole.lines().position(|line| line == text).unwrap() + 1;
        let message = error(&whole);
        let expected = format!("a.toml:{line}: scheduler.share is {said}; write \"1/20\"");
        assert!(message.contains(&expected), "{message}");
    }
    let message = error(&share("[state]\nstart_jitter_ms = 600001"));
    assert!(message.contains("state.start_jitter_ms is 600001; use 0 to 600000"), "{message}");
    assert!(error(&share("[state]\ndirr = \"a\"")).contains("unknown field `dirr`"));
    let twice = format!("{GOOD}\n[[strategy]]\nkind = \"grid\"\ninstruments = [\"A\"]\n");
    assert!(error(&twice).contains("two strategies are called `grid`"));
}

#[test]
fn a_login_is_named_by_variables_that_begin_with_the_adapter() {
    let account = |adapter: &str, keys: &str| {
        let text = GOOD
            .replacen("adapter = \"binance\"", &format!("adapter = \"{adapter}\""), 1)
            .replacen("[engine]", &format!("[account]\n{keys}\n[engine]"), 1);
        Config::parse("a.toml", &text).map(|config| config.route.account)
    };
    let usual = account("bitget", "").unwrap();
    assert_eq!(usual, AccountConfig::usual("bitget"));
    assert_eq!(usual.name.as_str(), "main");
    let AccountConfig { api_key_env, api_secret_env, rsa_key_file_env, passphrase_env, .. } = usual;
    let names = [api_key_env, api_secret_env, rsa_key_file_env, passphrase_env];
    let expected =
        ["BITGET_API_KEY", "BITGET_API_SECRET", "BITGET_RSA_KEY_FILE", "BITGET_PASSPHRASE"];
    assert_eq!(names, expected);
    assert_eq!(account("binance", "").unwrap().api_key_env, "BINANCE_API_KEY");
    assert_eq!(account("a-b é", "").unwrap().api_key_env, "A_B___API_KEY");
    let named = account("bitget", "name = 'sub'\npassphrase_env = 'SUB_WORD'").unwrap();
    assert_eq!((named.name.as_str(), named.passphrase_env.as_str()), ("sub", "SUB_WORD"));
    assert_eq!(named.api_key_env, "BITGET_API_KEY");
    for key in [
        "api_key_env",
        "api_secret_env",
        "ed25519_key_file_env",
        "rsa_key_file_env",
        "passphrase_env",
    ] {
        for value in ["", "bg_0123456789abcdef", "A B", "A=B", "1A", "hunter2", &"A".repeat(65)] {
            let error = account("bitget", &format!("{key} = '{value}'")).unwrap_err().to_string();
            assert!(error.contains(&format!("account.{key} is not the name")), "{error}");
            assert!(error.contains("as BITGET_"), "{error}");
            assert!(value.len() < 2 || !error.contains(value), "a secret is repeated: {error}");
        }
    }
    let unknown = account("bitget", "pasphrase_env = 'A'").unwrap_err().to_string();
    assert!(unknown.contains("unknown field `pasphrase_env`"), "{unknown}");
}

#[test]
fn what_is_traded_with_is_real_unless_it_is_called_a_demo() {
    let funds = |line: &str| {
        let text = GOOD.replacen("[engine]", &format!("{line}\n[engine]"), 1);
        Config::parse("a.toml", &text).map(|config| match config.route.venue.place {
            Place::Remote { funds, .. } => funds,
            place @ (Place::Embedded { .. } | Place::Served(_)) => panic!("{place:?}"),
        })
    };
    assert_eq!(funds(""), Ok(Funds::Real));
    assert_eq!(funds("funds = \"real\""), Ok(Funds::Real));
    assert_eq!(funds("funds = \"demo\""), Ok(Funds::Demo));
    for wrong in ["funds = \"paper\"", "funds = \"Demo\"", "funds = true", "fund = \"demo\""] {
        let error = funds(wrong).unwrap_err().to_string();
        assert!(error.starts_with("a.toml:11: "), "{wrong}: {error}");
    }
}

#[test]
fn a_share_is_one_of_so_many_and_all_of_it_without_being_named() {
    for (line, share) in
        [("", 1), ("share = \"1/1\"", 1), ("share = \"1/20\"", 20), ("share = 1", 1)]
    {
        let text = GOOD.replacen("[[strategy]]", &format!("[scheduler]\n{line}\n[[strategy]]"), 1);
        assert_eq!(Config::parse("a.toml", &text).unwrap().scheduler.share, share, "{line}");
    }
}

#[test]
fn a_start_is_spread_where_others_may_start_too() {
    let remote = Config::parse("a.toml", GOOD).unwrap();
    assert_eq!(remote.state.start_jitter(&remote.route.venue.place), Duration::from_secs(2));
    let embedded = Place::Embedded { seed: None };
    assert_eq!(remote.state.start_jitter(&embedded), Duration::ZERO);
    let said = StateSection { start_jitter_ms: Some(7), ..StateSection::default() };
    assert_eq!(said.start_jitter(&embedded), Duration::from_millis(7));
}

#[test]
fn an_embedded_venue_is_in_this_process_or_at_an_address_and_waits_less_for_orders() {
    let remote = GOOD.replace("recv_window_ms = 1500\n", "");
    let (head, rest) = remote.split_once("[venue.endpoint]").unwrap();
    let (_, rest) = rest.split_once("[engine]").unwrap();
    let served = |at: &str| format!("{head}[venue.embedded]\n{at}\n[engine]{rest}");
    let window = |text: &str| {
        let config = Config::parse("a.toml", text).unwrap();
        let window = config.engine.recv_window(&config.route.venue.place);
        (config.route.venue.place, window.as_millis())
    };
    assert_eq!(window(&remote).1, 2_000);
    assert_eq!(window(&served("")), (Place::Embedded { seed: None }, 500));
    let text = served("at = \"127.0.0.1:9000\"");
    let address = "127.0.0.1:9000".parse().unwrap();
    assert_eq!(window(&text), (Place::Served(address), 500));
    let both = error(&served("at = \"127.0.0.1:9000\"\nseed = 1"));
    assert!(both.contains("give the seed to `tradewind venue`"), "{both}");
    let wrong = error(&served("at = \"localhost\""));
    assert!(wrong.contains("venue.embedded.at") && wrong.contains("127.0.0.1:9000"), "{wrong}");
}

#[test]
fn orders_that_are_over_are_kept_for_a_day_at_least() {
    let kept =
        |days: u64| GOOD.replace("[retry]", &format!("[journal]\nkeep_days = {days}\n[retry]"));
    let config = Config::parse("a.toml", &kept(2)).map(|config| config.journal.keep());
    assert_eq!(config, Ok(Duration::from_hours(48)));
    for days in [0, 36_501] {
        assert!(error(&kept(days)).contains("journal.keep_days is"), "{days}");
    }
}

const ROUTES: &str = r#"
[[routes]]
[routes.venue]
name = "bitget-demo"
adapter = "bitget"
[routes.venue.embedded]
[routes.account]
name = "second"

[router]
on_shut = "mirror"
mirror_cap = "0.01"
fail_back_after_s = 60

[[strategy]]"#;

#[test]
fn further_routes_are_read_in_order_and_each_can_stand_alone() {
    let text = GOOD.replace("[[strategy]]", ROUTES);
    let config = Config::parse("a.toml", &text).unwrap();
    let names: Vec<_> = config.routes().map(|route| route.venue.name.as_str()).collect();
    assert_eq!(names, ["binance-testnet", "bitget-demo"]);
    let second = &config.others[0];
    assert_eq!(second.account.name.as_str(), "second");
    assert_eq!(second.account.passphrase_env, "BITGET_PASSPHRASE");
    let alone = config.by(second);
    assert_eq!((&alone.route, alone.others.len()), (second, 0));
    let policy = config.router.policy();
    let cap = "0.01".parse().unwrap();
    assert_eq!(policy.on_shut, tradewind_router::OnShut::Mirror { cap });
    assert_eq!(policy.window, Duration::from_secs(60));
    let plain = Config::parse("a.toml", GOOD).unwrap();
    assert_eq!(
        (plain.others.len(), plain.router.policy()),
        (0, tradewind_router::Policy::default())
    );
}

#[test]
fn what_is_wrong_with_routes_is_named_with_the_way_out() {
    for (good, bad, expected) in [
        ("mirror_cap = \"0.01\"", "", "router.on_shut is `mirror` and nothing bounds"),
        ("on_shut = \"mirror\"", "on_shut = \"move\"", "unknown variant `move`"),
        ("fail_back_after_s = 60", "fail_back_after_s = 90000", "use 0 to 86400"),
        ("fail_back_after_s = 60", "patience_ms = 700000", "use 0 to 600000"),
        ("mirror_cap = \"0.01\"", "mirror_cap = \"-1\"", "a.toml:"),
        ("[routes.venue.embedded]", "", "venue has no place"),
        ("[routes.account]", "[routes.acount]", "unknown field `acount`"),
    ] {
        let text = GOOD.replace("[[strategy]]", &ROUTES.replace(good, bad));
        let error = error(&text);
        assert!(error.contains(expected), "{bad}: {error}");
    }
}

#[test]
fn further_base_urls_are_as_the_first_but_for_what_they_name() {
    let with = |further: &str| {
        let strategy = GOOD.find("[engine]").unwrap();
        format!("{}{further}\n{}", &GOOD[..strategy], &GOOD[strategy..])
    };
    let one = "[[venue.endpoint.base_urls]]\nrest = 'https://second.example'";
    let text = with(one);
    let config = Config::parse("a.toml", &text).unwrap();
    assert!(config.is_routed(), "there is something to choose from");
    let [second] = config.route.venue.base_urls.as_slice() else { panic!("{config:?}") };
    assert_eq!(second.rest, "https://second.example");
    assert_eq!(second.market_stream, "wss://stream.testnet.example");
    for (further, said) in [
        (one.replace("https://second", "https://testnet"), "names https://testnet.example twice"),
        (format!("{one}\n{one}"), "names https://second.example twice"),
        (one.replace("https", "ftp"), "base_urls.rest is"),
        (format!("{one}\nmarket_stream = 'wss://x/'"), "base_urls.market_stream is"),
    ] {
        let error = error(&with(&further));
        assert!(error.contains(said), "{error}");
    }
}

#[test]
fn routes_of_one_venue_are_of_one_kind_and_not_inside_of_this_process() {
    let route = |adapter: &str, place: &str| {
        format!(
            "[[routes]]\n[routes.venue]\nname = 'binance-testnet'\nadapter = '{adapter}'\n{place}\n\
             [routes.account]\nname = 'sub'\n"
        )
    };
    let remote = "[routes.venue.endpoint]\nrest = 'https://a.test'\n\
                  account_stream = 'wss://a.test'\nmarket_stream = 'wss://a.test'";
    for (further, said) in [
        (route("bitget", remote), "has two adapters"),
        (route("binance", "[routes.venue.embedded]"), "is inside of this process"),
    ] {
        let error = error(&format!("{further}{GOOD}"));
        assert!(error.contains(said), "{error}");
    }
    let text = format!("{}{GOOD}", route("binance", remote));
    assert_eq!(Config::parse("a.toml", &text).unwrap().others.len(), 1);
}
