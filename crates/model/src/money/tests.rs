use super::*;

fn qty(text: &str) -> Quantity {
    text.parse().unwrap()
}

fn step(text: &str) -> Decimal {
    text.parse().unwrap()
}

#[test]
fn what_is_negative_or_not_a_number_is_refused() {
    for text in ["-1", "", "1e5", "0x1", "NaN", "1.2.3"] {
        assert!(text.parse::<Price>().is_err(), "{text:?}");
    }
    assert!("-0".parse::<Price>().is_ok());
}

#[test]
fn rounding_to_a_step_is_exact_and_a_zero_step_is_no_step() {
    assert_eq!(qty("0.123456").floor_to(step("0.001")), qty("0.123"));
    assert_eq!(qty("0.123456").ceil_to(step("0.001")), qty("0.124"));
    assert_eq!(qty("0.3").floor_to(step("0.1")), qty("0.3"));
    assert_eq!(qty("0.3").ceil_to(step("0.1")), qty("0.3"));
    assert_eq!(qty("7.7").floor_to(Decimal::ZERO), qty("7.7"));
}

#[test]
fn nothing_overflows_into_a_panic() {
    assert_eq!(Price::MAX * Quantity::MAX, Notional::MAX);
    assert_eq!(Quantity::MAX + Quantity::MAX, Quantity::MAX);
    assert_eq!(qty("1").saturating_sub(qty("2")), Quantity::ZERO);
    assert_eq!(Notional::MAX.per(Quantity::ZERO), None);
}

#[test]
fn it_prints_as_a_venue_accepts_it() {
    assert_eq!(qty("0.00001000").to_string(), "0.00001");
    assert_eq!(qty("100").to_string(), "100");
    assert_eq!(qty("0").to_string(), "0");
    assert_eq!(format!("{:.2}", qty("1.5")), "1.50");
}
