//! Messages that no documentation promises: what a venue may say one day, or a mistake of its own.
//!
//! They are for [`Bitget::say`](super::Bitget::say), to see what a client makes of them.

/// A push that an order is live, by its two names, with one field in another way: `status=null`, or
/// without it: `status=`.
#[must_use]
pub fn report(name: &str, venue_id: &str, wrong: &str) -> String {
    let (name, venue_id) = (format!("\"{name}\""), format!("\"{venue_id}\""));
    let right = [
        ("instId", "\"BTCUSDT\""),
        ("orderId", venue_id.as_str()),
        ("clientOid", name.as_str()),
        ("price", "\"50000\""),
        ("size", "\"25000\""),
        ("newSize", "\"0.5\""),
        ("notional", "\"25000\""),
        ("orderType", "\"limit\""),
        ("force", "\"gtc\""),
        ("side", "\"buy\""),
        ("accBaseVolume", "\"0\""),
        ("priceAvg", "\"0\""),
        ("status", "\"live\""),
        ("cTime", "\"1795298500000\""),
        ("uTime", "\"1795298500000\""),
        ("feeDetail", "[]"),
        ("enterPointSource", "\"API\""),
    ];
    let (field, value) = wrong.split_once('=').unwrap_or((wrong, ""));
    let fields = right.iter().filter_map(|(key, right)| match (*key == field, value) {
        (true, "") => None,
        (true, value) => Some(format!("\"{key}\":{value}")),
        (false, _) => Some(format!("\"{key}\":{right}")),
    });
    let fields: Vec<_> = fields.collect();
    format!(
        "{{\"action\":\"snapshot\",\"arg\":{{\"instType\":\"SPOT\",\"channel\":\"orders\",\
         \"instId\":\"default\"}},\"data\":[{{{}}}],\"ts\":1795298500000}}",
        fields.join(",")
    )
}

/// Ways in which a report cannot be right, or says what nobody knows yet.
pub const WRONG: [&str; 18] = [
    "status=\"frozen\"",
    "status=\"shelved\"",
    "status=null",
    "status=",
    "side=\"hold\"",
    "side=null",
    "newSize=null",
    "newSize=\"-1\"",
    "newSize=\"a lot\"",
    "accBaseVolume=\"NaN\"",
    "accBaseVolume=\"-1\"",
    "price=\"dear\"",
    "uTime=\"soon\"",
    "uTime=[]",
    "orderType=",
    "side=",
    "newSize=",
    "newSize=\"\"",
];

/// Messages that say nothing about anything.
pub const MESSAGES: [&str; 12] = [
    "",
    "{}",
    "[]",
    "null",
    "pong pong",
    "{\"event\":null}",
    "{\"event\":\"error\",\"code\":\"30099\"}",
    "{\"event\":\"subscribe\",\"arg\":null}",
    "{\"action\":\"update\",\"arg\":{\"instType\":\"SPOT\",\"channel\":\"orders\"},\"data\":null}",
    "{\"action\":\"snapshot\",\"arg\":{\"instType\":\"SPOT\",\"channel\":\"orders\"},\"data\":[null]}",
    "{\"action\":\"snapshot\",\"arg\":{\"instType\":\"MOON\",\"channel\":\"phase\"},\"data\":[]}",
    "{\"action\":null,\"arg\":{},\"data\":{}}",
];
