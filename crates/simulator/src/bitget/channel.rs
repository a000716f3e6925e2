//! Channels of the sockets, by what a subscription names.
//!
//! A channel that does not exist is refused, and so is one of an instrument that does not; what was
//! asked for is echoed in every answer and every push, to the letter.

use serde_json::{Map, Value};

use super::granularity::Granularity;
use crate::exchange::Exchange;

/// What a channel carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Channel {
    /// Changes of the account's orders; of one symbol or of all.
    Orders(Option<String>),
    /// The account's fills; of one symbol or of all.
    Fill(Option<String>),
    /// The account's balances.
    Account,
    Ticker(String),
    Trade(String),
    Candle(String, Granularity, String),
    /// A whole book, and then its changes.
    Books(String),
    /// The best levels of a book, so many.
    Best(String, usize),
}

/// Why a subscription is refused: the code, and the text.
pub(super) type Refused = (i32, String);

impl Channel {
    /// What a subscription's argument names.
    pub(super) fn read(arg: &Value, exchange: &Exchange) -> Result<Self, Refused> {
        let none = Map::new();
        let fields = arg.as_object().unwrap_or(&none);
        let field = |name: &str| fields.get(name).and_then(Value::as_str).unwrap_or_default();
        let (kind, name, inst) = (field("instType"), field("channel"), field("instId"));
        let unknown = || {
            let text = format!("instType:{kind},channel:{name},instId:{inst} doesn't exist");
            (30_001, text)
        };
        if kind != "SPOT" {
            return Err(unknown());
        }
        let symbol = || match exchange.symbol(inst) {
            Some(_) => Ok(inst.to_owned()),
            None => Err(unknown()),
        };
        let symbol_or_all = || match inst {
            "default" => Ok(None),
            _ => symbol().map(Some),
        };
        match name {
            "orders" => Ok(Self::Orders(symbol_or_all()?)),
            "fill" => Ok(Self::Fill(symbol_or_all()?)),
            "account" if field("coin") == "default" => Ok(Self::Account),
            "ticker" => Ok(Self::Ticker(symbol()?)),
            "trade" => Ok(Self::Trade(symbol()?)),
            "books" => Ok(Self::Books(symbol()?)),
            "books1" => Ok(Self::Best(symbol()?, 1)),
            "books5" => Ok(Self::Best(symbol()?, 5)),
            "books15" => Ok(Self::Best(symbol()?, 15)),
            _ => {
                let word = name.strip_prefix("candle").ok_or_else(unknown)?;
                let granularity = Granularity::of_channel(word);
                let granularity =
                    granularity.ok_or_else(|| (30_016, format!("Param error, channel:{name}")))?;
                Ok(Self::Candle(symbol()?, granularity, word.to_owned()))
            }
        }
    }

    /// Whether it is an account's.
    pub(super) const fn is_private(&self) -> bool {
        matches!(self, Self::Orders(_) | Self::Fill(_) | Self::Account)
    }

    /// Its name among those of one venue: the channel, and the symbol behind a space.
    pub(super) fn key(&self) -> String {
        let of_all = |symbol: &Option<String>| symbol.clone().unwrap_or_else(|| "all".to_owned());
        match self {
            Self::Orders(symbol) => format!("orders {}", of_all(symbol)),
            Self::Fill(symbol) => format!("fill {}", of_all(symbol)),
            Self::Account => "account".to_owned(),
            Self::Ticker(symbol) => format!("ticker {symbol}"),
            Self::Trade(symbol) => format!("trade {symbol}"),
            Self::Candle(symbol, _, word) => format!("candle{word} {symbol}"),
            Self::Books(symbol) => format!("books {symbol}"),
            Self::Best(symbol, levels) => format!("books{levels} {symbol}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use tradewind_model::Timestamp;

    use super::*;
    use crate::exchange::ExchangeConfig;

    #[test]
    fn a_channel_is_what_it_names_and_everything_else_is_refused() {
        let exchange =
            Exchange::new(&ExchangeConfig::default(), 1, Timestamp::from_secs(1_790_000_000));
        let read = |channel: &str, inst: &str| {
            let arg = json!({"instType": "SPOT", "channel": channel, "instId": inst});
            Channel::read(&arg, &exchange).map(|channel| channel.key()).map_err(|error| error.0)
        };
        let btc = "BTCUSDT";
        assert_eq!(read("books15", btc).unwrap(), "books15 BTCUSDT");
        assert_eq!(read("candle6Hutc", btc).unwrap(), "candle6Hutc BTCUSDT");
        assert_eq!(read("orders", "default").unwrap(), "orders all");
        assert_eq!(read("orders", btc).unwrap(), "orders BTCUSDT");
        for (channel, inst, code) in [
            ("books", "default", 30_001),
            ("books7", btc, 30_001),
            ("trade", "XXXUSDT", 30_001),
            ("account", "default", 30_001),
            ("candle9m", btc, 30_016),
            ("positions", "default", 30_001),
        ] {
            assert_eq!(read(channel, inst), Err(code), "{channel} {inst}");
        }
        let of_mix = json!({"instType": "USDT-FUTURES", "channel": "ticker", "instId": btc});
        assert_eq!(Channel::read(&of_mix, &exchange).unwrap_err().0, 30_001);
        let account = json!({"instType": "SPOT", "channel": "account", "coin": "default"});
        assert_eq!(Channel::read(&account, &exchange), Ok(Channel::Account));
        assert_eq!(Channel::read(&json!("ticker"), &exchange).unwrap_err().0, 30_001);
    }
}
