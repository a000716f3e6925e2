//! Feeds by the names of their streams.

use tradewind_model::call::StreamFeed;
use tradewind_model::stream::Feed;

/// The streams that carry these feeds, each once: books of different depths are one stream.
pub(crate) fn names(feeds: &[StreamFeed]) -> Vec<String> {
    let mut names: Vec<String> = Vec::with_capacity(feeds.len());
    for feed in feeds {
        let name = name(feed);
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// Names are lower case, and symbols may hold letters beyond ASCII (web-socket-streams.md, read
/// 2026-11).
fn name(feed: &StreamFeed) -> String {
    let symbol = feed.symbol.as_str().to_lowercase();
    match feed.feed {
        Feed::Quote => format!("{symbol}@bookTicker"),
        Feed::Trade => format!("{symbol}@trade"),
        Feed::Book(_) => format!("{symbol}@depth@100ms"),
        Feed::Bar(interval) => format!("{symbol}@kline_{interval}"),
    }
}
