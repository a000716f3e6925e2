//! Channels: what a socket is asked for, and what its answers and events name.

use serde::{Deserialize, Serialize};
use tradewind_model::call::StreamFeed;
use tradewind_model::id::{Symbol, VenueId};
use tradewind_model::stream::{AccountPart, AckedPart, Feed};
use tradewind_venue::EncodeError;

use crate::bars;
use crate::limits::ACCOUNT_PARTS;
use crate::number::Word;

/// One channel, as it is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Arg {
    inst_type: &'static str,
    channel: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    inst_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    coin: Option<&'static str>,
}

const SPOT: &str = "SPOT";
/// All of the account's symbols, or coins.
const ALL: &str = "default";

/// The best level of each side, sent whole and sooner than anything else.
pub(super) const BEST: &str = "books1";
/// The book: whole at first, then what changes.
pub(super) const BOOK: &str = "books";
pub(super) const TRADE: &str = "trade";
pub(super) const TICKER: &str = "ticker";
/// What the name of a channel of bars begins with.
const BARS: &str = "candle";
pub(super) const ORDERS: &str = "orders";
pub(super) const FILLS: &str = "fill";
pub(super) const BALANCES: &str = "account";

/// The channels that carry these feeds, each once: books of different depths are one channel.
pub(super) fn of(venue: VenueId, feeds: &[StreamFeed]) -> Result<Vec<Arg>, EncodeError> {
    let mut args: Vec<Arg> = Vec::with_capacity(feeds.len());
    for feed in feeds {
        let channel = match feed.feed {
            Feed::Quote => BEST.to_owned(),
            Feed::Trade => TRADE.to_owned(),
            Feed::Book(_) => BOOK.to_owned(),
            Feed::Bar(interval) => {
                let name = bars::socket_name(interval).ok_or_else(|| EncodeError::NotOffered {
                    venue,
                    what: format!("feed of {interval} bars"),
                })?;
                format!("{BARS}{name}")
            }
        };
        let inst_id = Some(feed.symbol.to_string());
        let arg = Arg { inst_type: SPOT, channel, inst_id, coin: None };
        if !args.contains(&arg) {
            args.push(arg);
        }
    }
    Ok(args)
}

/// The channels of an account.
pub(super) fn of_account() -> Vec<Arg> {
    let arg = |part| {
        let (channel, inst_id, coin) = match part {
            AccountPart::Orders => (ORDERS, Some(ALL.to_owned()), None),
            AccountPart::Fills => (FILLS, Some(ALL.to_owned()), None),
            AccountPart::Balances => (BALANCES, None, Some(ALL)),
        };
        Arg { inst_type: SPOT, channel: channel.to_owned(), inst_id, coin }
    };
    ACCOUNT_PARTS.into_iter().map(arg).collect()
}

/// One channel, as an answer or an event names it.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Named {
    #[serde(default)]
    inst_type: Word,
    channel: Word,
    #[serde(default)]
    inst_id: Word,
}

impl Named {
    pub(super) fn channel(&self) -> &str {
        self.channel.as_str()
    }

    pub(super) fn symbol(&self) -> Symbol {
        Symbol::new(self.inst_id.as_str())
    }

    pub(super) fn is_spot(&self) -> bool {
        self.inst_type.as_str().eq_ignore_ascii_case(SPOT)
    }

    /// The length of the bars that the channel carries, if it carries bars that we know.
    pub(super) fn bars(&self) -> Option<tradewind_model::market::Interval> {
        bars::of_socket_name(self.channel().strip_prefix(BARS)?)
    }

    /// Which part of a message of ours it was; none for what we do not ask for.
    pub(super) fn part(&self) -> Option<AckedPart> {
        let feed = |feed| Some(AckedPart::Feed(StreamFeed { symbol: self.symbol(), feed }));
        match self.channel() {
            _ if !self.is_spot() => None,
            BEST => feed(Feed::Quote),
            TRADE => feed(Feed::Trade),
            BOOK => feed(Feed::Book(0)),
            ORDERS => Some(AckedPart::Account(AccountPart::Orders)),
            FILLS => Some(AckedPart::Account(AccountPart::Fills)),
            BALANCES => Some(AckedPart::Account(AccountPart::Balances)),
            _ => feed(Feed::Bar(self.bars()?)),
        }
    }
}
