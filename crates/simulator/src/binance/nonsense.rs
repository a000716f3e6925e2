//! Messages that no documentation promises: what a venue may say one day, or a mistake of its own.
//!
//! They are for [`Binance::say`](super::Binance::say), to see what a client makes of them.

/// A report that an order is new, by its two names, with one field in another way: `X=null`, or
/// without it: `X=`.
#[must_use]
pub fn report(name: &str, venue_id: &str, wrong: &str) -> String {
    let name = format!("\"{name}\"");
    let right = [
        ("e", "\"executionReport\""),
        ("E", "1795298500000"),
        ("s", "\"BTCUSDT\""),
        ("c", name.as_str()),
        ("C", "\"\""),
        ("S", "\"BUY\""),
        ("o", "\"LIMIT\""),
        ("q", "\"0.5\""),
        ("p", "\"50000\""),
        ("x", "\"NEW\""),
        ("X", "\"NEW\""),
        ("r", "\"NONE\""),
        ("i", venue_id),
        ("l", "\"0\""),
        ("z", "\"0\""),
        ("L", "\"0\""),
        ("n", "\"0\""),
        ("N", "null"),
        ("T", "1795298500000"),
        ("t", "-1"),
        ("m", "false"),
        ("Z", "\"0\""),
    ];
    let (field, value) = wrong.split_once('=').unwrap_or((wrong, ""));
    let fields = right.iter().filter_map(|(key, right)| match (*key == field, value) {
        (true, "") => None,
        (true, value) => Some(format!("\"{key}\":{value}")),
        (false, _) => Some(format!("\"{key}\":{right}")),
    });
    let fields: Vec<_> = fields.collect();
    format!("{{\"subscriptionId\":0,\"event\":{{{}}}}}", fields.join(","))
}

/// Ways in which a report cannot be right, or says what nobody knows yet.
pub const WRONG: [&str; 18] = [
    "X=\"FROZEN\"",
    "X=\"PENDING_REVIEW\"",
    "X=null",
    "x=null",
    "S=\"HOLD\"",
    "S=null",
    "q=null",
    "q=\"-1\"",
    "q=\"a lot\"",
    "z=\"NaN\"",
    "p=",
    "T=",
    "T=null",
    "t=\"x\"",
    "m=\"perhaps\"",
    "l=[]",
    "Z={}",
    "r=7",
];

/// Messages that say nothing about anything.
pub const MESSAGES: [&str; 12] = [
    "",
    "{}",
    "[]",
    "null",
    "{\"subscriptionId\":0,\"event\":{\"e\":\"moonPhase\",\"E\":1}}",
    "{\"subscriptionId\":0,\"event\":null}",
    "{\"subscriptionId\":0,\"event\":{\"e\":null}}",
    "{\"e\":\"executionReport\"}",
    "{\"subscriptionId\":0,\"event\":{\"e\":\"executionReport\",\"s\":\"这是测试币456\",\"i\":null}}",
    "{\"subscriptionId\":0,\"event\":{\"e\":\"outboundAccountPosition\",\"B\":[{\"a\":\"币\"}]}}",
    "{\"id\":null,\"status\":null}",
    "{\"id\":999999999,\"status\":200,\"result\":{}}",
];
