//! A bad day over two venues, drawn from a seed.
//!
//! A process with strategies at home at the simulated Binance and a backup at the simulated Bitget
//! trades, while at both of them goes wrong what can: see [`plan`]. Then everything is lifted, time
//! passes until all is live and nothing is in doubt, trading is stopped, and the books are read:
//! no order twice, none left, none at two venues; what we hold by the router, by the engines and by
//! the venues is one number; nothing left for where we had been sent away; strategies were told
//! each trade once and no news of what was over; intents moved once in a window at the most.
//!
//! The same seed is the same day, down to the last byte.

pub mod plan;

mod lives;
mod playing;
mod verdict;

use std::sync::Arc;
use std::time::Duration;

use tradewind_strategy::Registry;

use crate::instance::{SetupError, StrategySpec};

pub use self::plan::{Mishap, Side, Trouble, draw};

/// What a day is made from.
#[derive(Clone)]
pub struct ChaosSetup {
    /// Of everything: the markets, what goes wrong, how orders move.
    pub seed: u64,
    /// How long things go wrong.
    pub length: Duration,
    /// The kinds of strategies there are.
    pub registry: Arc<Registry>,
    /// The strategies; they trade BTC-USDT.
    pub strategies: Vec<StrategySpec>,
}

/// How a day was.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Its seed.
    pub seed: u64,
    /// What should be true and is not; one sentence each.
    pub flaws: Vec<String>,
    /// Orders that the venues have taken.
    pub orders: u64,
    /// The part of them that the second one has.
    pub orders_away: u64,
    /// Trades at both.
    pub fills: u64,
    /// How often new intents went elsewhere.
    pub fail_overs: u64,
    /// How often they came home.
    pub fail_backs: u64,
    /// Orders that went on to the other venue under their own name.
    pub moved: u64,
    /// Orders that were mirrored.
    pub mirrored: u64,
    /// Orders that strategies were told to be in doubt.
    pub in_doubt: u64,
    /// How often the process was killed.
    pub kills: u64,
    /// Why it was started again at the end: what one of its engines could not go on for, each time.
    pub revivals: Vec<String>,
    /// How often it was put down at the end for as long as a door stayed shut: the longest bans, and
    /// the silence that we keep at an edge that has shut us out again and again, are of hours.
    pub sleeps: u64,
    /// Bans that began.
    pub bans: u64,
    /// Requests that were turned away: 429, 418 and 403.
    pub turned_away: u64,
    /// From the end of what went wrong until all was live again.
    pub settled_after: Duration,
}

/// Plays a day to its end, and judges it.
///
/// # Errors
/// When one of the strategies cannot be made.
pub fn play(setup: &ChaosSetup) -> Result<Report, SetupError> {
    playing::Day::begin(setup)?.play()
}
