//! Names of market streams and what they ask for.
//!
//! A name nobody knows is not an error: the venue subscribes to it and stays silent, and so do we
//! (web-socket-streams.md, read 2026-11; the silence is seen, not documented).

use crate::exchange::Interval;

/// How often a stream of book changes speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Speed {
    /// Every 100 ms (`@100ms`).
    Fast,
    /// Every second.
    Slow,
}

/// What a stream carries. Symbols are in the venue's spelling.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Topic {
    Trade(String),
    BookTicker(String),
    Kline(String, Interval),
    Depth(String, Speed),
    PartialDepth(String, usize, Speed),
    Ticker(String),
    MiniTicker(String),
    AllMiniTickers,
}

impl Topic {
    /// What a name asks for; `None` for a name that will stay silent, such as one in uppercase.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        if name == "!miniTicker@arr" {
            return Some(Self::AllMiniTickers);
        }
        let (symbol, rest) = name.split_once('@')?;
        if symbol.is_empty() || symbol.to_lowercase() != symbol {
            return None;
        }
        let symbol = symbol.to_uppercase();
        let (kind, speed) = match rest.split_once('@') {
            None => (rest, Speed::Slow),
            Some((kind, "100ms")) if kind.starts_with("depth") => (kind, Speed::Fast),
            Some((kind, "1000ms")) if kind.starts_with("depth") => (kind, Speed::Slow),
            Some(_) => return None,
        };
        match kind {
            "trade" => Some(Self::Trade(symbol)),
            "bookTicker" => Some(Self::BookTicker(symbol)),
            "ticker" => Some(Self::Ticker(symbol)),
            "miniTicker" => Some(Self::MiniTicker(symbol)),
            "depth" => Some(Self::Depth(symbol, speed)),
            "depth5" => Some(Self::PartialDepth(symbol, 5, speed)),
            "depth10" => Some(Self::PartialDepth(symbol, 10, speed)),
            "depth20" => Some(Self::PartialDepth(symbol, 20, speed)),
            kind => {
                let interval = Interval::parse(kind.strip_prefix("kline_")?)?;
                Some(Self::Kline(symbol, interval))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_documented_and_others_are_silent() {
        let btc = || "BTCUSDT".to_owned();
        let cases = [
            ("btcusdt@trade", Some(Topic::Trade(btc()))),
            ("btcusdt@bookTicker", Some(Topic::BookTicker(btc()))),
            ("btcusdt@kline_1M", Some(Topic::Kline(btc(), Interval::Mo1))),
            ("btcusdt@kline_1m", Some(Topic::Kline(btc(), Interval::M1))),
            ("btcusdt@depth", Some(Topic::Depth(btc(), Speed::Slow))),
            ("btcusdt@depth@100ms", Some(Topic::Depth(btc(), Speed::Fast))),
            ("btcusdt@depth20@100ms", Some(Topic::PartialDepth(btc(), 20, Speed::Fast))),
            ("btcusdt@ticker", Some(Topic::Ticker(btc()))),
            ("!miniTicker@arr", Some(Topic::AllMiniTickers)),
            ("BTCUSDT@trade", None),
            ("btcusdt@depth7", None),
            ("btcusdt@trade@100ms", None),
            ("btcusdt", None),
            ("btcusdt@kline_9m", None),
        ];
        for (name, topic) in cases {
            assert_eq!(Topic::parse(name), topic, "{name}");
        }
    }
}
