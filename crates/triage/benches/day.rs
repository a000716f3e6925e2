//! What a day's log costs: half a million attempts by twenty instances, some 300 MB, in memory.
//!
//! The whole of it, the answers included, is meant to take less than half a second on one core;
//! reading the file from disk comes on top.

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use tradewind_model::Timestamp;
use tradewind_model::attempt::{
    AccountHash, AttemptEvent, FateName, RedactedMessage, RetryReason, ScopeState,
};
use tradewind_model::id::{EgressId, StrategyId, VenueId};
use tradewind_triage::Triage;

const ATTEMPTS: u64 = 500_000;
const DAY_MS: u64 = 86_400_000;
const INSTANCES: u64 = 20;
const BEGINS_MS: u64 = 1_791_158_400_000;
/// Endpoint, method, weight, whether it is signed, its class.
const CALLS: [(&str, &str, u32, bool, &str); 8] = [
    ("place_order", "POST", 1, true, "trade"),
    ("cancel_order", "DELETE", 1, true, "critical"),
    ("query_order", "GET", 4, true, "critical"),
    ("open_orders", "GET", 6, true, "query"),
    ("account", "GET", 20, true, "query"),
    ("depth", "GET", 5, false, "background"),
    ("bars", "GET", 2, false, "background"),
    ("open_stream", "WS", 1, false, "query"),
];

fn event(number: u64) -> AttemptEvent {
    // Any mixing will do: no two neighbors shall be alike.
    let mixed = (number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20) % 1_000_003;
    let place = usize::try_from(mixed % 100).unwrap_or(0);
    let (endpoint, method, weight, is_signed, priority) = CALLS[(place / 14).min(7)];
    let at_ms = BEGINS_MS + number * DAY_MS / ATTEMPTS;
    let is_limited = mixed.is_multiple_of(500);
    let is_retry = mixed.is_multiple_of(100);
    let instance = mixed % INSTANCES;
    AttemptEvent {
        ts: Timestamp::from_millis(at_ms),
        bot_instance_id: format!("bot-{instance}"),
        exchange: VenueId::new("binance").expect("letters are a name"),
        endpoint: endpoint.into(),
        method: method.into(),
        status: Some(if is_limited { 429 } else { 200 }),
        error_code: None,
        error_message: is_limited.then(|| RedactedMessage::new("Too many requests (429)")),
        request_id: Some(format!("{mixed:08x}-6d35-4c8e-9c1f-{number:012x}")),
        attempt: if is_retry { 2 } else { 1 },
        latency_ms: Some(mixed % 90),
        rate_limit_bucket: "request-weight/1m/6000".parse().ok(),
        weight,
        used_weight: u32::try_from(mixed % 3_000).ok(),
        concurrency_inflight: 1 + u32::from(mixed.is_multiple_of(3)),
        retry_reason: if is_retry { RetryReason::RateLimit } else { RetryReason::None },
        delay_ms: if is_retry { mixed % 4_000 } else { 0 },
        idempotency_key: (priority == "trade").then(|| format!("tw1-{number:020}")),
        priority: priority.into(),
        queue_ms: mixed % 30,
        fate: if is_limited { FateName::NotTaken } else { FateName::Done },
        scope_state: ScopeState::Open,
        egress: EgressId::new("eth0").expect("letters are a name"),
        account: is_signed.then(|| AccountHash::new([u8::try_from(instance % 4).unwrap_or(0); 8])),
        strategy: StrategyId::new("grid").ok(),
        version: "1.4.0".to_owned(),
        started_at: Timestamp::from_millis(BEGINS_MS - 3_600_000 * (1 + instance)),
    }
}

fn day(criterion: &mut Criterion) {
    let mut log = Vec::new();
    for number in 0..ATTEMPTS {
        serde_json::to_writer(&mut log, &event(number)).expect("an attempt can be written");
        log.push(b'\n');
    }
    let mut group = criterion.benchmark_group("triage");
    group.sample_size(10);
    group.bench_function("lines of a day", |bencher| {
        bencher.iter(|| {
            let mut triage = Triage::default();
            for line in log.split(|byte| *byte == b'\n') {
                triage.line(line);
            }
            triage
        });
    });
    let read = || {
        let mut triage = Triage::default();
        for line in log.split(|byte| *byte == b'\n') {
            triage.line(line);
        }
        triage
    };
    group.bench_function("answers of a day", |bencher| {
        bencher.iter_batched(read, Triage::report, BatchSize::PerIteration);
    });
    group.bench_function("a whole day", |bencher| {
        bencher.iter(|| Triage::read(log.as_slice()).expect("memory can be read"));
    });
    group.finish();
}

criterion_group!(benches, day);
criterion_main!(benches);
