//! What it takes to read the messages that come most often: a trade of ours, as the account's
//! stream tells it, and a new best price.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use tradewind_binance::BinanceSpot;
use tradewind_model::Timestamp;
use tradewind_model::stream::{StreamEvent, StreamKind};
use tradewind_venue::Venue;

const RECEIVED_AT: Timestamp = Timestamp::from_millis(1_800_057_610_050);

/// Every field that the venue sends (user-data-stream.md, order update, read 2026-11).
const REPORT: &str = r#"{"subscriptionId":0,"event":{"e":"executionReport","E":1800057610041,"s":"BTCUSDT","c":"tw0a1b2c3d4e5f6g7","S":"BUY","o":"LIMIT_MAKER","f":"GTC","q":"0.01250000","p":"61250.35000000","P":"0.00000000","F":"0.00000000","g":-1,"C":"","x":"TRADE","X":"PARTIALLY_FILLED","r":"NONE","i":48123904417,"l":"0.00425000","z":"0.00850000","L":"61250.35000000","n":"0.00000425","N":"BTC","T":1800057610040,"t":4193308815,"I":98120331714,"w":true,"m":true,"M":false,"O":1800057599120,"Z":"520.62797500","Y":"260.31398750","Q":"0.00000000","W":1800057599120,"V":"EXPIRE_MAKER"}}"#;

const QUOTE: &str = r#"{"stream":"btcusdt@bookTicker","data":{"u":90123991841,"s":"BTCUSDT","b":"61250.35000000","B":"3.18274000","a":"61250.36000000","A":"4.00911000"}}"#;

fn frames(criterion: &mut Criterion) {
    let venue = BinanceSpot::default();
    let read = |kind, text| venue.decode_frame(kind, text, RECEIVED_AT).expect("it is well formed");
    assert!(matches!(read(StreamKind::Account, REPORT), StreamEvent::Report(_)));
    assert!(matches!(read(StreamKind::Market, QUOTE), StreamEvent::Quote(..)));
    let mut group = criterion.benchmark_group("frames");
    group.bench_function("executionReport", |bencher| {
        bencher.iter(|| read(StreamKind::Account, black_box(REPORT)));
    });
    group.bench_function("bookTicker", |bencher| {
        bencher.iter(|| read(StreamKind::Market, black_box(QUOTE)));
    });
    group.finish();
}

criterion_group!(benches, frames);
criterion_main!(benches);
