//! The parameters of one request: of a query, or of a body of JSON.
//!
//! Everything is a string; a number in a body is taken for the string it is written as. What nobody
//! asks for is ignored, as the venue ignores it.

use std::str::FromStr as _;
use std::time::Duration;

use percent_encoding::percent_decode_str;
use rust_decimal::Decimal;
use serde_json::{Map, Value};
use tradewind_model::Timestamp;

use super::refusal::Refusal;

/// Parameters of one request; no endpoint takes as many.
const PARAMS_MAX: usize = 64;
/// Digits of a number before and behind its point; what `Decimal` holds.
const DIGITS_MAX: usize = 28;

/// The parameters of one request, or of one order of a batch.
#[derive(Debug, Default)]
pub(super) struct Params {
    pairs: Vec<(String, String)>,
    /// The orders of a batch; `None` when it is none.
    list: Option<Vec<Params>>,
}

impl Params {
    /// Reads a query. Of a name that is sent twice the first counts.
    pub(super) fn from_query(query: &str) -> Self {
        let decode = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
        let pairs = query.split('&').filter(|pair| !pair.is_empty()).take(PARAMS_MAX);
        let pairs = pairs.map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode(name), decode(value))
        });
        Self { pairs: pairs.collect(), list: None }
    }

    /// Reads a body, which may be empty. Of a batch, `list_max` orders at the most.
    pub(super) fn from_body(body: &[u8], list_max: usize) -> Result<Self, Refusal> {
        if body.is_empty() {
            return Ok(Self::default());
        }
        let Ok(Value::Object(object)) = serde_json::from_slice(body) else {
            return Err(Refusal::missing("body"));
        };
        let mut params = Self::from_object(&object);
        if let Some(list) = object.get("orderList").and_then(Value::as_array) {
            if list.len() > list_max {
                let text = format!("Batch processing orders can only process up to {list_max}");
                return Err(Refusal::bad("40306", text));
            }
            let items = list.iter().map(|item| match item {
                Value::Object(object) => Self::from_object(object),
                Value::Null
                | Value::Bool(_)
                | Value::Number(_)
                | Value::String(_)
                | Value::Array(_) => Self::default(),
            });
            params.list = Some(items.collect());
        }
        Ok(params)
    }

    fn from_object(object: &Map<String, Value>) -> Self {
        let text = |value: &Value| match value {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            Value::Bool(flag) => Some(flag.to_string()),
            Value::Null | Value::Array(_) | Value::Object(_) => None,
        };
        let pairs = object.iter().take(PARAMS_MAX);
        let pairs = pairs.filter_map(|(name, value)| Some((name.clone(), text(value)?)));
        Self { pairs: pairs.collect(), list: None }
    }

    /// The orders of a batch.
    pub(super) fn list(&self) -> Result<&[Self], Refusal> {
        match self.list.as_deref() {
            None | Some([]) => Err(Refusal::missing("orderList")),
            Some(list) => Ok(list),
        }
    }

    /// A value, if one was sent that is not empty.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let sent = self.pairs.iter().find(|(known, _)| known == name);
        sent.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }

    /// A value that must be there.
    pub(super) fn need(&self, name: &str) -> Result<&str, Refusal> {
        self.get(name).ok_or_else(|| match self.pairs.iter().any(|(known, _)| known == name) {
            true => Refusal::empty(name),
            false => Refusal::missing(name),
        })
    }

    /// A decimal number of at most `scale` decimals, trailing noughts among them.
    pub(super) fn decimal(&self, name: &str, scale: u32) -> Result<Decimal, Refusal> {
        let text = self.need(name)?;
        let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        if !digits(whole) || !digits(fraction) || whole.len() + fraction.len() > DIGITS_MAX {
            return Err(Refusal::wrong(name));
        }
        let number = Decimal::from_str(text).map_err(|_| Refusal::wrong(name))?;
        if number.scale() > scale {
            return Err(Refusal::too_precise(name, text, scale));
        }
        Ok(number)
    }

    /// A whole number, if one was sent.
    pub(super) fn integer(&self, name: &str) -> Result<Option<u64>, Refusal> {
        let Some(text) = self.get(name) else {
            return Ok(None);
        };
        if !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(Refusal::wrong(name));
        }
        text.parse().map(Some).map_err(|_| Refusal::wrong(name))
    }

    /// A point in time in milliseconds, if one was sent.
    pub(super) fn time(&self, name: &str) -> Result<Option<Timestamp>, Refusal> {
        let millis = self.integer(name)?;
        Ok(millis.map(|millis| Timestamp::from_millis(millis.min(TIME_MAX))))
    }

    /// How many rows to return: `max` when nothing is said or more is asked for, silently.
    pub(super) fn limit(&self, default: usize, max: usize) -> Result<usize, Refusal> {
        let limit = self.integer("limit")?;
        let limit = limit.map(|limit| usize::try_from(limit).unwrap_or(max));
        Ok(limit.unwrap_or(default).clamp(1, max))
    }

    /// Refuses a request that has waited for longer than its sender allows (`requestTime`,
    /// `receiveWindow`).
    pub(super) fn check_window(&self, now: Timestamp) -> Result<(), Refusal> {
        let (Some(sent), Some(window)) =
            (self.time("requestTime")?, self.integer("receiveWindow")?)
        else {
            return Ok(());
        };
        if window >= WINDOW_END {
            return Err(Refusal::bad("40079", "receiveWindow must be less than 60000"));
        }
        if now > sent + Duration::from_millis(window) {
            return Err(Refusal::bad("40078", "Request exceeds the receive window"));
        }
        Ok(())
    }
}

/// The first millisecond that no window may have.
const WINDOW_END: u64 = 60_000;
/// Past the year 2200: what is later is that.
const TIME_MAX: u64 = 7_300_000_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    fn body(text: &str) -> Params {
        Params::from_body(text.as_bytes(), 2).unwrap()
    }

    #[test]
    fn a_number_in_a_body_is_the_string_that_it_is_written_as() {
        let params = body(r#"{"size":"0.10","price":7,"flag":true,"no":null,"deep":{"a":"b"}}"#);
        assert_eq!(params.get("size"), Some("0.10"));
        assert_eq!((params.get("price"), params.get("flag")), (Some("7"), Some("true")));
        assert_eq!((params.get("no"), params.get("deep")), (None, None));
        assert_eq!(Params::from_query("a=%23x&b&a=2").get("a"), Some("#x"));
    }

    #[test]
    fn a_missing_value_and_an_empty_one_are_refused_by_different_codes() {
        let params = body(r#"{"side":""}"#);
        assert_eq!(params.need("side").unwrap_err().code, "40019");
        assert_eq!(params.need("size").unwrap_err().code, "400172");
        assert_eq!(Params::from_body(b"[1]", 2).unwrap_err().code, "400172");
    }

    #[test]
    fn too_many_decimals_are_refused_with_the_scale_and_never_rounded() {
        let params = body(r#"{"size":"0.10001","ok":"1.5000","big":"1e5","sign":"-1"}"#);
        let refusal = params.decimal("size", 4).unwrap_err();
        assert_eq!(refusal.code, "40808");
        assert!(refusal.msg.ends_with("size checkBDScale error value=0.10001 checkScale=4"));
        assert_eq!(params.decimal("ok", 4).unwrap(), Decimal::new(15, 1));
        for name in ["big", "sign"] {
            assert_eq!(params.decimal(name, 4).unwrap_err().code, "40020", "{name}");
        }
    }

    #[test]
    fn a_batch_has_orders_and_no_more_than_the_venue_takes() {
        let list = body(r#"{"orderList":[{"a":"1"},7]}"#);
        assert_eq!(list.list().unwrap().len(), 2);
        assert_eq!(list.list().unwrap()[0].get("a"), Some("1"));
        let long = Params::from_body(br#"{"orderList":[{},{},{}]}"#, 2);
        assert_eq!(long.unwrap_err().code, "40306");
        assert_eq!(body(r#"{"orderList":[]}"#).list().unwrap_err().code, "400172");
    }

    #[test]
    fn a_request_that_has_waited_past_its_window_is_refused() {
        let window = |text: &str, now| body(text).check_window(Timestamp::from_millis(now));
        let sent = r#"{"requestTime":"1000","receiveWindow":"500"}"#;
        assert_eq!(window(sent, 1_500), Ok(()));
        assert_eq!(window(sent, 1_501).unwrap_err().code, "40078");
        let wide = r#"{"requestTime":"1000","receiveWindow":"60000"}"#;
        assert_eq!(window(wide, 1_000).unwrap_err().code, "40079");
        assert_eq!(window(r#"{"receiveWindow":"1"}"#, 9_999), Ok(()), "one alone says nothing");
    }
}
