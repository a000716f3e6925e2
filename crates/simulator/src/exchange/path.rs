//! The fair price: a seeded path in integers.
//!
//! A deviation from the start price in billionths. The mean-reverting path is the exact discrete
//! form of its process, so a step of any length leaves the same spread around the start: playing
//! an hour in coarse steps does not blow the price up.

use std::time::Duration;

use super::config::{MarketConfig, Model};
use super::random::Random;

const MILLION: i128 = 1_000_000;
/// A trending path stays between half and twice the start price.
const LOWEST_PPB: i128 = -500_000_000;
const HIGHEST_PPB: i128 = 1_000_000_000;

#[derive(Clone, Debug)]
pub(super) struct Path {
    model: Model,
    volatility_ppm: u32,
    random: Random,
    deviation_ppb: i128,
}

impl Path {
    pub(super) const fn new(config: &MarketConfig, random: Random) -> Self {
        Self {
            model: config.model,
            volatility_ppm: config.volatility_ppm,
            random,
            deviation_ppb: 0,
        }
    }

    /// The price after another `elapsed`, in billionths of the start price.
    pub(super) fn step(&mut self, elapsed: Duration) -> i64 {
        let elapsed_us = i128::try_from(elapsed.as_micros()).unwrap_or(i128::MAX >> 64);
        let volatility_ppb = i128::from(self.volatility_ppm) * 1_000;
        let moved = match self.model {
            Model::Still => 0,
            Model::MeanReverting { reversion } => {
                let tau_us =
                    i128::try_from(reversion.as_micros()).unwrap_or(i128::MAX >> 64).max(1);
                let pull_ppm = (elapsed_us * MILLION / tau_us).min(MILLION);
                let share_ppm = (2 * pull_ppm * MILLION - pull_ppm * pull_ppm).isqrt();
                let noise = volatility_ppb * share_ppm / MILLION * self.bell() / MILLION;
                noise - self.deviation_ppb * pull_ppm / MILLION
            }
            Model::Trending { drift_ppm_per_minute } => {
                let drift = i128::from(drift_ppm_per_minute) * 1_000 * elapsed_us / 60_000_000;
                let root_ppm = (elapsed_us * MILLION).isqrt();
                drift + volatility_ppb * root_ppm / MILLION * self.bell() / MILLION
            }
        };
        self.deviation_ppb = (self.deviation_ppb + moved).clamp(LOWEST_PPB, HIGHEST_PPB);
        i64::try_from(self.deviation_ppb + 1_000_000_000).expect("clamped to a few billion")
    }

    fn bell(&mut self) -> i128 {
        i128::from(self.random.bell())
    }
}

#[cfg(test)]
mod tests {
    use rust_decimal::Decimal;

    use super::*;

    fn spread_of(step: Duration) -> (i64, i64) {
        let mut config = MarketConfig::lively(Decimal::ONE, Decimal::ONE, Decimal::ONE);
        config.volatility_ppm = 2_500;
        let mut path = Path::new(&config, Random::for_purpose(7, 0));
        let prices: Vec<i64> = (0..5_000).map(|_| path.step(step)).collect();
        (*prices.iter().min().unwrap(), *prices.iter().max().unwrap())
    }

    #[test]
    fn a_mean_reverting_path_has_the_same_spread_at_any_step() {
        for step in [Duration::from_millis(50), Duration::from_secs(1), Duration::from_secs(900)] {
            let (low, high) = spread_of(step);
            assert!((988_000_000..995_000_000).contains(&low), "{step:?} {low}");
            assert!((1_005_000_000..1_012_000_000).contains(&high), "{step:?} {high}");
        }
    }

    #[test]
    fn a_trend_goes_its_way_and_stops_at_its_bounds() {
        let mut config = MarketConfig::lively(Decimal::ONE, Decimal::ONE, Decimal::ONE);
        config.volatility_ppm = 50;
        config.model = Model::Trending { drift_ppm_per_minute: -10_000 };
        let mut path = Path::new(&config, Random::for_purpose(1, 0));
        let after_ten_minutes = (0..600).map(|_| path.step(Duration::from_secs(1))).last();
        assert!((880_000_000..920_000_000).contains(&after_ten_minutes.unwrap()));
        assert_eq!(path.step(Duration::from_secs(1_000_000)), 500_000_000);
    }
}
