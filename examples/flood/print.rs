//! The figures as people and as programs read them.

use std::fmt::Write;
use std::time::Duration;

use serde_json::{Value, json};
use tradewind_simulator::limits::LimitKind;

use crate::args::{Mode, Plan};
use crate::figures::{Figures, Waits};

/// What a person reads.
pub(crate) fn table(plan: &Plan, figures: &Figures) -> String {
    let mut out = String::new();
    // Writing to a string does not fail.
    write(&mut out, plan, figures).ok();
    out
}

fn write(out: &mut String, plan: &Plan, figures: &Figures) -> std::fmt::Result {
    let place = match plan.mode {
        Mode::Virtual(_) => "virtual time",
        Mode::Loopback(_) => "loopback",
    };
    let (lasted, wall) = (figures.lasted.as_secs(), figures.wall.as_secs_f64());
    writeln!(out, "{lasted} s of {place}, seed {}, in {wall:.1} s", plan.seed)?;
    writeln!(
        out,
        "by the venue's books, full windows alone (the first and the last are left out):"
    )?;
    writeln!(
        out,
        "  {:<16} {:>7} {:>8} {:>8} {:>8} {:>8} {:>6} {:>6}",
        "limit", "size", "windows", "median", "least", "most", "429s", "418s"
    )?;
    for limit in &figures.limits {
        let share = |part: f64| {
            if limit.windows == 0 { "-".to_owned() } else { format!("{:.1}%", part * 100.0) }
        };
        writeln!(
            out,
            "  {:<16} {:>7} {:>8} {:>8} {:>8} {:>8} {:>6} {:>6}",
            name(limit.kind),
            limit.limit,
            limit.windows,
            share(limit.used_median),
            share(limit.used_least),
            share(limit.used_most),
            limit.http_429,
            limit.http_418
        )?;
    }
    if let Some(weight) = figures.limit(LimitKind::Weight).filter(|_| plan.stranger_permille > 0) {
        writeln!(
            out,
            "  a stranger used {:.1}% of the weight and was turned away {} times; of what it left \
             {:.1}% was used in the median window",
            weight.stranger_used * 100.0,
            weight.stranger_429,
            weight.left_used_median * 100.0
        )?;
    }
    writeln!(
        out,
        "  {} orders and {} cancels accepted, {} orders rejected, {} bans",
        figures.orders_accepted, figures.cancels_accepted, figures.orders_rejected, figures.bans
    )?;
    writeln!(out, "from the wish to its arrival at the venue:")?;
    wait(out, "cancels", figures.cancels)?;
    wait(out, "orders", figures.orders)?;
    writeln!(out, "from the question to its answer, by those who asked:")?;
    wait(out, "query", figures.queries)?;
    wait(out, "background", figures.background)?;
    let reads = &figures.reads;
    let shed: u64 = reads.shed.values().sum();
    let failed: u64 = reads.failed.values().sum();
    let waiting = reads.asked.saturating_sub(reads.answered + failed + shed);
    writeln!(
        out,
        "reads, by those who asked: {} asked, {} answered ({} shared a request), {failed} failed ({}), {} shed \
         ({}), {} still wait",
        reads.asked,
        reads.answered,
        reads.coalesced,
        by_type(&reads.failed),
        shed,
        by_type(&reads.shed),
        waiting
    )?;
    writeln!(
        out,
        "reads that arrived at the venue, the engine's own among them: {}",
        figures.reads_arrived
    )?;
    let denied: u64 = figures.denied.values().sum();
    write!(out, "orders that never left: {denied} ({})", by_type(&figures.denied))
}

fn wait(out: &mut String, what: &str, waits: Waits) -> std::fmt::Result {
    writeln!(
        out,
        "  {:<16} {:>9} of them, p50 {:>8.1} ms, p99 {:>8.1} ms, at most {:>8.1} ms",
        what,
        waits.count,
        millis(waits.p50),
        millis(waits.p99),
        millis(waits.max)
    )
}

fn by_type(counts: &std::collections::BTreeMap<&'static str, u64>) -> String {
    if counts.is_empty() {
        return "none".to_owned();
    }
    let counts: Vec<_> = counts.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
    counts.join(", ")
}

/// What a program reads.
pub(crate) fn json(plan: &Plan, figures: &Figures) -> Value {
    let weight = figures.limit(LimitKind::Weight);
    let of_weight = |get: fn(&crate::figures::LimitFigures) -> f64| weight.map_or(0.0, get);
    let sum =
        |get: fn(&crate::figures::LimitFigures) -> u64| figures.limits.iter().map(get).sum::<u64>();
    let code_1015: u64 = figures
        .limits
        .iter()
        .filter(|limit| matches!(limit.kind, LimitKind::OrdersTenSeconds | LimitKind::OrdersDay))
        .map(|limit| limit.http_429)
        .sum();
    let limits: serde_json::Map<_, _> = figures
        .limits
        .iter()
        .map(|limit| {
            let figures = json!({
                "limit": limit.limit,
                "windows": limit.windows,
                "used_median": limit.used_median,
                "used_least": limit.used_least,
                "used_most": limit.used_most,
                "http_429": limit.http_429,
                "http_418": limit.http_418,
            });
            (key(limit.kind).to_owned(), figures)
        })
        .collect();
    let reads = &figures.reads;
    json!({
        "kind": "flood",
        "mode": match plan.mode { Mode::Virtual(_) => "virtual", Mode::Loopback(_) => "loopback" },
        "seed": plan.seed,
        "seconds": figures.lasted.as_secs(),
        "wall_s": round(figures.wall.as_secs_f64()),
        "http_429": sum(|limit| limit.http_429),
        "http_418": sum(|limit| limit.http_418),
        "code_1015": code_1015,
        "windows": weight.map_or(0, |weight| weight.windows),
        "used_median": of_weight(|weight| weight.used_median),
        "used_worst": of_weight(|weight| weight.used_least),
        "used_most": of_weight(|weight| weight.used_most),
        "stranger_used": of_weight(|weight| weight.stranger_used),
        "stranger_429": weight.map_or(0, |weight| weight.stranger_429),
        "left_used_median": of_weight(|weight| weight.left_used_median),
        "order_wait_p50_ms": millis(figures.orders.p50),
        "order_wait_p99_ms": millis(figures.orders.p99),
        "order_wait_max_ms": millis(figures.orders.max),
        "cancel_wait_p50_ms": millis(figures.cancels.p50),
        "cancel_wait_p99_ms": millis(figures.cancels.p99),
        "cancel_wait_max_ms": millis(figures.cancels.max),
        "query_wait_p99_ms": millis(figures.queries.p99),
        "background_wait_p99_ms": millis(figures.background.p99),
        "orders_accepted": figures.orders_accepted,
        "orders_rejected": figures.orders_rejected,
        "cancels_accepted": figures.cancels_accepted,
        "orders_denied": figures.denied,
        "reads_asked": reads.asked,
        "reads_answered": reads.answered,
        "reads_coalesced": reads.coalesced,
        "reads_failed": reads.failed,
        "reads_shed": reads.shed,
        "reads_arrived": figures.reads_arrived,
        "limits": limits,
    })
}

fn name(kind: LimitKind) -> &'static str {
    match kind {
        LimitKind::Weight => "weight 1m",
        LimitKind::RawRequests => "raw requests 5m",
        LimitKind::OrdersTenSeconds => "orders 10s",
        LimitKind::OrdersDay => "orders 1d",
        LimitKind::Connections => "connections 5m",
        LimitKind::Calls(path) => path,
    }
}

fn key(kind: LimitKind) -> &'static str {
    match kind {
        LimitKind::Weight => "weight_1m",
        LimitKind::RawRequests => "raw_requests_5m",
        LimitKind::OrdersTenSeconds => "orders_10s",
        LimitKind::OrdersDay => "orders_1d",
        LimitKind::Connections => "connections_5m",
        LimitKind::Calls(path) => path,
    }
}

fn millis(time: Duration) -> f64 {
    round(time.as_secs_f64() * 1_000.0)
}

fn round(number: f64) -> f64 {
    (number * 1_000.0).round() / 1_000.0
}
