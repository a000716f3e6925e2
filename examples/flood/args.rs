//! The flags, and what they come to.

use std::time::Duration;

use clap::Parser;
use tradewind::cli::{UsageError, time};
use tradewind::prelude::Decimal;

/// How long it runs for real when nothing is said: two full minutes at the least, whenever it
/// starts, would be longer; one is always covered.
const TIME: Duration = Duration::from_secs(130);

/// Floods a venue with more reads than it allows, trades beside them, and prints what the venue's
/// own books say: how much of each limit was used, who was turned away, how long orders took.
#[derive(Debug, Parser)]
#[command(name = "flood")]
pub(crate) struct Args {
    /// Run for real, over sockets on loopback, for so long: 130s, 5m.
    #[arg(long = "for", value_name = "TIME", value_parser = time, conflicts_with = "virtual_time")]
    time: Option<Duration>,
    /// Play so long in virtual time instead: 10m, 24h.
    #[arg(long = "virtual", value_name = "TIME", value_parser = time)]
    virtual_time: Option<Duration>,
    /// Somebody else on the same address, who uses this share of the weight limit: 0.1.
    #[arg(long, value_name = "SHARE", default_value = "0", allow_negative_numbers = true)]
    stranger: Decimal,
    /// One answer in fifty takes up to so long: 3s.
    #[arg(long, value_name = "TIME", value_parser = time)]
    tails: Option<Duration>,
    /// Orders at so many times their own limit, in place of two a second: 2.
    #[arg(long, value_name = "TIMES", allow_negative_numbers = true)]
    orders: Option<Decimal>,
    /// The same seed is the same flood; in virtual time, to the last byte.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Print one JSON object as the last line.
    #[arg(long)]
    json: bool,
}

/// Where it runs, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    Loopback(Duration),
    Virtual(Duration),
}

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Plan {
    pub(crate) mode: Mode,
    /// The stranger's part of the weight limit, in thousandths; below 1,000.
    pub(crate) stranger_permille: u32,
    pub(crate) tails: Option<Duration>,
    /// Mean time between two orders.
    pub(crate) order_every: Duration,
    pub(crate) seed: u64,
    pub(crate) is_json: bool,
}

/// Orders that an account of the venue may place in a second, spread evenly.
const ORDERS_PER_SECOND: u32 = 10;
/// The most times that limit: the strategy has a timer for each order.
const ORDERS_MAX: u32 = 20;
/// Mean time between two orders when nothing is said.
const ORDER_EVERY: Duration = Duration::from_millis(500);

impl Args {
    /// What they come to.
    ///
    /// # Errors
    /// The first flag that makes no sense, and the way out.
    pub(crate) fn plan(&self) -> Result<Plan, UsageError> {
        let mode = match (self.virtual_time, self.time) {
            (Some(time), _) => Mode::Virtual(time),
            (None, time) => Mode::Loopback(time.unwrap_or(TIME)),
        };
        let stranger = self.stranger * Decimal::from(1_000);
        let stranger_permille = u32::try_from(stranger.trunc()).ok().filter(|part| *part < 1_000);
        let stranger_permille =
            stranger_permille.filter(|_| !stranger.is_sign_negative() || stranger.is_zero());
        let stranger_permille = stranger_permille.ok_or_else(|| {
            let given = self.stranger;
            UsageError::new(format!(
                "--stranger {given}: give the share of the limit that it uses, from 0 to below 1, as 0.1"
            ))
        })?;
        let order_every = match self.orders {
            None => ORDER_EVERY,
            Some(times) if times > Decimal::ZERO && times <= Decimal::from(ORDERS_MAX) => {
                let nanos = Decimal::from(1_000_000_000_u64 / u64::from(ORDERS_PER_SECOND)) / times;
                Duration::from_nanos(u64::try_from(nanos.trunc()).unwrap_or(u64::MAX))
            }
            Some(times) => {
                return Err(UsageError::new(format!(
                    "--orders {times}: give how many times their limit, above 0 and up to {ORDERS_MAX}, as 2"
                )));
            }
        };
        let (tails, seed, is_json) = (self.tails, self.seed, self.json);
        Ok(Plan { mode, stranger_permille, tails, order_every, seed, is_json })
    }
}
