//! A few virtual minutes of flood, and the flags.

use std::sync::atomic::AtomicBool;
use std::time::Duration;

use tradewind::cli::{Parsed, parse};
use tradewind_simulator::limits::LimitKind;

use super::*;

fn plan(flags: &[&str]) -> Plan {
    match parse::<Args>(["flood"].iter().chain(flags)) {
        Ok(Parsed::Asked(args)) => args.plan().unwrap(),
        Ok(Parsed::Help(text)) => panic!("{text}"),
        Err(error) => panic!("{error}"),
    }
}

fn error(flags: &[&str]) -> String {
    let error = match parse::<Args>(["flood"].iter().chain(flags)) {
        Ok(Parsed::Asked(args)) => args.plan().expect_err("these flags are wrong"),
        Ok(Parsed::Help(text)) => panic!("{text}"),
        Err(error) => error,
    };
    error.to_string()
}

fn play(flags: &[&str]) -> (Plan, Figures) {
    let plan = plan(flags);
    let Mode::Virtual(time) = plan.mode else { panic!("not virtual") };
    let figures = virtual_day::run(&plan, time, &AtomicBool::new(false)).unwrap();
    (plan, figures)
}

#[test]
fn a_flood_uses_the_limit_up_and_is_never_turned_away() {
    let (plan, figures) = play(&["--virtual", "5m", "--seed", "3"]);
    let weight = figures.limit(LimitKind::Weight).unwrap();
    assert!(weight.windows >= 4, "{figures:?}");
    assert!(weight.used_median >= 0.98 && weight.used_most <= 1.0, "{weight:?}");
    assert!(figures.limits.iter().all(|limit| (limit.http_429, limit.http_418) == (0, 0)));
    assert!(figures.orders.count > 300 && figures.cancels.count > 200, "{figures:?}");
    assert!(figures.orders.p99 < Duration::from_secs(1), "{:?}", figures.orders);
    assert!(figures.cancels.p99 < Duration::from_millis(50), "{:?}", figures.cancels);
    let shed: u64 = figures.reads.shed.values().sum();
    assert!(shed > 0 && figures.reads.coalesced > 0, "{:?}", figures.reads);
    let json = print::json(&plan, &figures);
    for key in ["http_429", "used_median", "order_wait_p99_ms", "cancel_wait_p99_ms", "wall_s"] {
        assert!(json[key].is_number(), "{key} in {json}");
    }
    assert!(print::table(&plan, &figures).contains("weight 1m"));
}

#[test]
fn orders_beyond_their_limit_are_shed_by_type_and_never_refused() {
    let (_, figures) = play(&["--virtual", "3m", "--orders", "2"]);
    let refused = figures.limits.iter().map(|limit| limit.http_429).sum::<u64>();
    assert_eq!((refused, figures.orders_rejected), (0, 0), "{figures:?}");
    assert!(figures.denied.values().sum::<u64>() > 500, "{:?}", figures.denied);
    assert!(figures.limit(LimitKind::OrdersTenSeconds).unwrap().used_median > 0.9, "{figures:?}");
}

#[test]
fn beside_a_stranger_and_slow_answers_nobody_turns_us_away() {
    let (_, figures) = play(&["--virtual", "4m", "--stranger", "0.1", "--tails", "3s"]);
    let weight = figures.limit(LimitKind::Weight).unwrap();
    assert_eq!((weight.http_429, weight.http_418), (0, 0), "{weight:?}");
    assert!((0.05..0.15).contains(&weight.stranger_used), "{weight:?}");
    assert!(weight.left_used_median > 0.9, "{weight:?}");
}

#[test]
fn the_same_seed_is_the_same_flood() {
    let run = |seed: &str| {
        let (_, figures) = play(&["--virtual", "2m", "--seed", seed]);
        (figures.orders, figures.cancels, figures.reads.answered, figures.reads_arrived)
    };
    assert_eq!(run("5"), run("5"));
    assert_ne!(run("5"), run("6"));
}

#[test]
fn nonsense_is_one_line_that_names_the_flag_and_the_way_out() {
    for (flags, parts) in [
        (&["--for", "10s", "--virtual", "1h"][..], &["--for", "--virtual"][..]),
        (&["--virtual", "0s"], &["--virtual", "30s"]),
        (&["--for", "130"], &["--for", "30s"]),
        (&["--stranger", "1"], &["--stranger", "below 1"]),
        (&["--stranger", "-0.1"], &["--stranger", "from 0"]),
        (&["--orders", "0"], &["--orders", "above 0"]),
        (&["--orders", "many"], &["--orders", "many"]),
        (&["--tails", "0s"], &["--tails", "30s"]),
        (&["--seed", "x"], &["--seed"]),
        (&["--vitrual", "1h"], &["--vitrual", "--virtual"]),
    ] {
        let error = error(flags);
        assert!(!error.contains('\n'), "{error}");
        for part in parts {
            assert!(error.contains(part), "{flags:?}: {error}");
        }
    }
    assert_eq!(plan(&[]).mode, Mode::Loopback(Duration::from_secs(130)));
}
