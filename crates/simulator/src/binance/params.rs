//! The parameters of one request, read the way the venue reads them.
//!
//! REST and the WebSocket API meet here: both become an ordered list of names and decoded values.
//! A handler takes what it knows and then calls [`Params::finish`], before it acts: a parameter
//! that nobody read is an error, and an order must not be placed by a request that has one.

#[cfg(test)]
mod tests;

use std::str::FromStr as _;
use std::time::Duration;

use percent_encoding::percent_decode_str;
use rust_decimal::Decimal;
use serde_json::{Map, Value};
use tradewind_model::Timestamp;

use super::refusal::Refusal;

const SYMBOL_RANGE: &str = r"^[\w\-._&&[^a-z]]{1,50}$";
const CLIENT_ID_RANGE: &str = "^[a-zA-Z0-9-_]{1,36}$";
const DECIMAL_RANGE: &str = r"^([0-9]{1,20})(\.[0-9]{1,20})?$";
const INTEGER_RANGE: &str = "^[0-9]{1,20}$";

/// 2017-01-01: no timestamp of a query may be older (changelog 2024-12-12).
const OLDEST_TIME: Timestamp = Timestamp::from_millis(1_483_228_800_000);

/// Parameters in one request; no method takes as many.
const PARAMS_MAX: usize = 64;

#[derive(Debug)]
struct Param {
    name: String,
    value: String,
    read: bool,
}

/// The parameters of one request.
#[derive(Debug, Default)]
pub(crate) struct Params(Vec<Param>);

impl Params {
    /// Reads a query and a form body. A name in both is taken from the query (rest-api.md).
    pub(crate) fn from_rest(query: &str, body: &str) -> Result<Self, Refusal> {
        let mut params = Self::default();
        params.extend_from_form(query)?;
        let mut from_body = Self::default();
        from_body.extend_from_form(body)?;
        for param in from_body.0 {
            if params.peek(&param.name).is_none() {
                params.0.push(param);
            }
        }
        Ok(params)
    }

    /// Reads the `params` of a WebSocket API frame. Numbers keep the digits they were sent with;
    /// arrays and objects become their JSON text, as they stand in a REST query.
    pub(crate) fn from_json(object: &Map<String, Value>) -> Result<Self, Refusal> {
        if object.len() > PARAMS_MAX {
            return Err(Refusal::too_many(PARAMS_MAX, object.len()));
        }
        let text = |value: &Value| match value {
            Value::String(text) => text.clone(),
            Value::Null => String::new(),
            Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
                value.to_string()
            }
        };
        Ok(Self(
            object
                .iter()
                .map(|(name, value)| Param { name: name.clone(), value: text(value), read: false })
                .collect(),
        ))
    }

    fn extend_from_form(&mut self, form: &str) -> Result<(), Refusal> {
        for pair in form.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let decode = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
            let name = decode(name);
            if self.peek(&name).is_some() {
                return Err(Refusal::duplicate_parameter());
            }
            if self.0.len() == PARAMS_MAX {
                return Err(Refusal::too_many(PARAMS_MAX, PARAMS_MAX + 1));
            }
            self.0.push(Param { name, value: decode(value), read: false });
        }
        Ok(())
    }

    /// Names and values as sent.
    pub(crate) fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|param| (param.name.as_str(), param.value.as_str()))
    }

    /// The value of `name` without counting it as read.
    pub(crate) fn peek(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|param| param.name == name).map(|param| param.value.as_str())
    }

    /// Whether `name` was sent, without counting it as read.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.peek(name).is_some()
    }

    /// The value of `name`, counted as read.
    ///
    /// # Errors
    /// When it was sent empty.
    pub(crate) fn take(&mut self, name: &str) -> Result<Option<String>, Refusal> {
        match self.0.iter_mut().find(|param| param.name == name) {
            None => Ok(None),
            Some(param) if param.value.is_empty() => Err(Refusal::empty(name)),
            Some(param) => {
                param.read = true;
                Ok(Some(param.value.clone()))
            }
        }
    }

    /// The value of a mandatory parameter.
    pub(crate) fn need(&mut self, name: &str) -> Result<String, Refusal> {
        match self.take(name) {
            Ok(Some(value)) => Ok(value),
            Ok(None) | Err(_) => Err(Refusal::missing(name)),
        }
    }

    /// Refuses a parameter that the chosen order type does not take.
    pub(crate) fn forbid(&self, name: &str) -> Result<(), Refusal> {
        if self.has(name) { Err(Refusal::not_required(name)) } else { Ok(()) }
    }

    /// A mandatory symbol, checked for its characters alone.
    pub(crate) fn symbol(&mut self) -> Result<String, Refusal> {
        let symbol = self.need("symbol")?;
        check_symbol("symbol", &symbol)?;
        Ok(symbol)
    }

    /// A symbol that may be missing.
    pub(crate) fn symbol_if_sent(&mut self) -> Result<Option<String>, Refusal> {
        if self.has("symbol") { self.symbol().map(Some) } else { Ok(None) }
    }

    /// A JSON array of symbols, `["A","B"]`.
    pub(crate) fn symbols(&mut self) -> Result<Option<Vec<String>>, Refusal> {
        let range = r#"^\[("[A-Z0-9-_.]{1,20}"(,"[A-Z0-9-_.]{1,20}"){0,}){0,1}\]$"#;
        let Some(text) = self.take("symbols")? else {
            return Ok(None);
        };
        let symbols: Vec<String> =
            serde_json::from_str(&text).map_err(|_| Refusal::illegal("symbols", range))?;
        for (index, symbol) in symbols.iter().enumerate() {
            check_symbol("symbols", symbol)?;
            if symbols.get(..index).is_some_and(|before| before.contains(symbol)) {
                return Err(Refusal::bad(-1151, "Symbol is present multiple times in the list."));
            }
        }
        Ok(Some(symbols))
    }

    /// A client order id, if sent.
    pub(crate) fn client_id(&mut self, name: &str) -> Result<Option<String>, Refusal> {
        let Some(id) = self.take(name)? else {
            return Ok(None);
        };
        let legal = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        if id.len() > 36 || !id.bytes().all(legal) {
            return Err(Refusal::illegal(name, CLIENT_ID_RANGE));
        }
        Ok(Some(id))
    }

    /// A decimal number, if sent: digits and one point, no sign and no exponent.
    pub(crate) fn decimal(&mut self, name: &str) -> Result<Option<Decimal>, Refusal> {
        let Some(text) = self.take(name)? else {
            return Ok(None);
        };
        let (whole, fraction) = text.split_once('.').unwrap_or((&text, "0"));
        let digits =
            |part: &str| (1..=20).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
        if !digits(whole) || !digits(fraction) {
            return Err(Refusal::illegal(name, DECIMAL_RANGE));
        }
        Decimal::from_str(&text).map(Some).map_err(|_| Refusal::overflow(name))
    }

    /// A whole number, if sent.
    pub(crate) fn integer(&mut self, name: &str) -> Result<Option<u64>, Refusal> {
        let Some(text) = self.take(name)? else {
            return Ok(None);
        };
        if text.len() > 20 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(Refusal::illegal(name, INTEGER_RANGE));
        }
        text.parse().map(Some).map_err(|_| Refusal::overflow(name))
    }

    /// `true` or `false`, if sent.
    pub(crate) fn flag(&mut self, name: &str) -> Result<Option<bool>, Refusal> {
        match self.take(name)?.as_deref() {
            None => Ok(None),
            Some("true") => Ok(Some(true)),
            Some("false") => Ok(Some(false)),
            Some(_) => Err(Refusal::invalid_data(name)),
        }
    }

    /// How many rows to return: `default` when not sent, at most `max` whatever is asked.
    pub(crate) fn limit(&mut self, default: usize, max: usize) -> Result<usize, Refusal> {
        match self.integer("limit")? {
            None => Ok(default),
            Some(0) => Err(Refusal::invalid_data("limit")),
            Some(limit) => Ok(usize::try_from(limit).unwrap_or(max).min(max)),
        }
    }

    /// A point in time, if sent, in milliseconds or microseconds.
    pub(crate) fn time(
        &mut self,
        now: Timestamp,
        name: &str,
    ) -> Result<Option<Timestamp>, Refusal> {
        let Some(number) = self.integer(name)? else {
            return Ok(None);
        };
        let time = time_of(number);
        if time < OLDEST_TIME || time > now + Duration::from_secs(10) {
            return Err(Refusal::invalid_data(name));
        }
        Ok(Some(time))
    }

    /// `recvWindow`, if sent: milliseconds with up to three decimals, at most a minute.
    pub(crate) fn recv_window(&mut self) -> Result<Option<Duration>, Refusal> {
        let Some(millis) = self.decimal("recvWindow")? else {
            return Ok(None);
        };
        if millis.scale() > 3 {
            return Err(Refusal::too_precise("recvWindow"));
        }
        if millis > Decimal::from(60_000) {
            return Err(Refusal::bad(
                -1102,
                "'recvWindow' contains unexpected value. Cannot be greater than 60000.",
            ));
        }
        let micros = u64::try_from(millis * Decimal::from(1_000)).unwrap_or(0);
        Ok(Some(Duration::from_micros(micros)))
    }

    /// Refuses what nobody has read. Every handler calls this before it acts.
    pub(crate) fn finish(&self) -> Result<(), Refusal> {
        let (read, sent) = (self.0.iter().filter(|param| param.read).count(), self.0.len());
        match (read, sent) {
            (read, sent) if read == sent => Ok(()),
            (0, sent) => Err(Refusal::too_many(0, sent)),
            (read, sent) => Err(Refusal::unread(read, sent)),
        }
    }
}

/// Milliseconds or microseconds since the epoch, told apart by magnitude: as milliseconds, a
/// number of 15 digits would be past the year 5000.
pub(crate) fn time_of(number: u64) -> Timestamp {
    if number >= 100_000_000_000_000 {
        Timestamp::from_micros(number)
    } else {
        Timestamp::from_millis(number)
    }
}

/// Symbols are letters of any script but no lowercase Latin, digits, and three signs.
fn check_symbol(name: &str, symbol: &str) -> Result<(), Refusal> {
    let legal =
        |c: char| (c.is_alphanumeric() && !c.is_ascii_lowercase()) || matches!(c, '-' | '_' | '.');
    if symbol.chars().count() > 50 || symbol.is_empty() || !symbol.chars().all(legal) {
        return Err(Refusal::illegal(name, SYMBOL_RANGE));
    }
    Ok(())
}
