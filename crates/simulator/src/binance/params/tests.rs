//! How the venue reads parameters, and each way it refuses them.

use super::*;

fn rest(query: &str) -> Params {
    Params::from_rest(query, "").unwrap()
}

fn code<T: std::fmt::Debug>(result: Result<T, Refusal>) -> (i32, String) {
    let refusal = result.unwrap_err();
    (refusal.code, refusal.msg)
}

#[test]
fn the_query_wins_over_the_body_and_both_are_decoded() {
    let mut params = Params::from_rest("a=%E4%B8%AD&b=1", "b=2&c=x%2By").unwrap();
    assert_eq!(params.need("a").unwrap(), "中");
    assert_eq!(params.need("b").unwrap(), "1");
    assert_eq!(params.need("c").unwrap(), "x+y");
    params.finish().unwrap();
}

#[test]
fn what_is_sent_twice_or_never_read_is_refused() {
    assert_eq!(
        code(Params::from_rest("a=1&a=2", "")),
        (-1101, "Duplicate values for a parameter detected.".into())
    );
    let mut params = rest("symbol=BTCUSDT&extra=1");
    params.symbol().unwrap();
    assert_eq!(
        code(params.finish()),
        (
            -1104,
            "Not all sent parameters were read; read '1' parameter(s) but was sent '2'.".into()
        )
    );
    assert_eq!(
        code(rest("extra=1").finish()),
        (-1101, "Too many parameters; expected '0' and received '1'.".into())
    );
}

#[test]
fn missing_and_empty_are_told_apart() {
    assert_eq!(
        code(rest("").need("symbol")),
        (-1102, "Mandatory parameter 'symbol' was not sent, was empty/null, or malformed.".into())
    );
    assert_eq!(
        code(rest("price=").decimal("price")),
        (-1105, "Parameter 'price' was empty.".into())
    );
}

#[test]
fn decimals_have_no_sign_and_no_exponent() {
    assert_eq!(rest("p=1.50").decimal("p").unwrap(), Some(Decimal::new(150, 2)));
    for bad in ["1e-3", "-1", "+1", ".5", "1.", "1,5", "NaN"] {
        let (code, msg) = code(rest(&format!("p={bad}")).decimal("p"));
        assert_eq!(code, -1100, "{bad}");
        assert_eq!(
            msg,
            r"Illegal characters found in parameter 'p'; legal range is '^([0-9]{1,20})(\.[0-9]{1,20})?$'."
        );
    }
}

#[test]
fn client_ids_are_36_plain_characters() {
    assert!(rest("id=Az09-_").client_id("id").is_ok());
    assert_eq!(code(rest("id=a.b").client_id("id")).0, -1100);
    assert_eq!(code(rest(&format!("id={}", "a".repeat(37))).client_id("id")).0, -1100);
}

#[test]
fn symbols_may_be_of_any_script_but_not_lowercase() {
    assert_eq!(rest("symbol=%E5%B8%81USDT").symbol().unwrap(), "币USDT");
    assert_eq!(
        code(rest("symbol=btcusdt").symbol()),
        (
            -1100,
            r"Illegal characters found in parameter 'symbol'; legal range is '^[\w\-._&&[^a-z]]{1,50}$'."
                .into()
        )
    );
    assert_eq!(code(rest(r#"symbols=["A","A"]"#).symbols()).0, -1151);
}

#[test]
fn recv_window_has_three_decimals_and_ends_at_a_minute() {
    let window = |text: &str| rest(&format!("recvWindow={text}")).recv_window();
    assert_eq!(window("6000.346").unwrap(), Some(Duration::from_micros(6_000_346)));
    assert_eq!(code(window("1.2345")).0, -1111);
    assert_eq!(
        code(window("60001")),
        (-1102, "'recvWindow' contains unexpected value. Cannot be greater than 60000.".into())
    );
}

#[test]
fn times_are_told_by_magnitude_and_may_not_be_absurd() {
    let now = Timestamp::from_secs(1_790_000_000);
    assert_eq!(rest("t=1789999999000").time(now, "t").unwrap(), Some(now - Duration::from_secs(1)));
    assert_eq!(
        rest("t=1789999999000000").time(now, "t").unwrap(),
        Some(now - Duration::from_secs(1))
    );
    assert_eq!(code(rest("t=1483228799999").time(now, "t")).0, -1130);
    assert_eq!(code(rest("t=1790000011000").time(now, "t")).0, -1130);
}

#[test]
fn json_numbers_keep_their_digits() {
    let json: Value = serde_json::from_str(r#"{"a":1747385641636,"b":"0.10","c":["X"]}"#).unwrap();
    let params = Params::from_json(json.as_object().unwrap()).unwrap();
    let pairs: Vec<_> = params.pairs().collect();
    assert_eq!(pairs, [("a", "1747385641636"), ("b", "0.10"), ("c", r#"["X"]"#)]);
}
