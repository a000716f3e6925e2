//! Bad days over two venues, a few of the many that `--example chaos` plays.

use std::sync::Arc;
use std::time::Duration;

use tradewind_grid::Grid;
use tradewind_lab::StrategySpec;
use tradewind_lab::chaos::{ChaosSetup, Report, draw, play};
use tradewind_strategy::Registry;

const MINUTE: Duration = Duration::from_secs(60);

fn day(seed: u64, length: Duration) -> Report {
    let registry = Arc::new(Registry::new().with::<Grid>("grid"));
    let params = "width = \"0.02\"\nlevels = 13\nqty = \"0.002\"";
    let strategies = vec![StrategySpec::new("grid", params)];
    play(&ChaosSetup { seed, length, registry, strategies }).unwrap()
}

#[test]
fn on_bad_days_over_two_venues_no_order_is_doubled_lost_or_sent_into_a_ban() {
    let mut all = Report::default();
    for seed in 1..=6 {
        let report = day(seed, 3 * MINUTE);
        let plan: Vec<String> = draw(seed, 3 * MINUTE).iter().map(ToString::to_string).collect();
        assert!(report.flaws.is_empty(), "seed {seed}: {:#?}\n{}", report.flaws, plan.join("\n"));
        all.orders += report.orders;
        all.orders_away += report.orders_away;
        all.fills += report.fills;
        all.fail_overs += report.fail_overs;
        all.fail_backs += report.fail_backs;
        all.kills += report.kills;
        all.in_doubt += report.in_doubt;
        all.turned_away += report.turned_away;
    }
    assert!(all.orders > 600 && all.fills > 300, "they traded: {all:?}");
    assert!(all.orders_away > 0 && all.fail_overs > 0 && all.fail_backs > 0, "{all:?}");
    assert!(all.kills > 0 && all.in_doubt > 0 && all.turned_away > 0, "{all:?}");
}

#[test]
fn a_bad_day_is_the_same_whenever_it_is_played() {
    assert_eq!(day(2, MINUTE), day(2, MINUTE));
    assert_ne!(day(2, MINUTE), day(3, MINUTE));
}
