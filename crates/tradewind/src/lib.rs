//! Runs trading strategies on Binance and Bitget without getting them banned.
//!
//! A strategy is a type with callbacks; all of them are plain functions. It asks for feeds and
//! submits orders through its [`Context`](prelude::Context), and is told what became of each. Rate
//! limits, lost replies, reconnects and shutdown are not its business.
//!
//! # A strategy
//!
//! This one buys once the price has fallen below a bound, and leaves it at that:
//!
//! ```
//! use serde::Deserialize;
//! use tradewind::prelude::*;
//!
//! #[derive(Deserialize)]
//! struct Bound {
//!     below: Price,
//!     qty: Quantity,
//! }
//!
//! struct BuyLow {
//!     bound: Bound,
//!     instrument: InstrumentId,
//!     is_done: bool,
//! }
//!
//! impl Strategy for BuyLow {
//!     type Params = Bound;
//!
//!     fn new(bound: Bound, instruments: &[InstrumentId]) -> Result<Self, InvalidParams> {
//!         if bound.below.is_zero() {
//!             return Err(InvalidParams::at("below", "below is 0; give a price"));
//!         }
//!         Ok(Self { bound, instrument: instruments[0].clone(), is_done: false })
//!     }
//!
//!     fn on_start(&mut self, _recovered: &Recovered, cx: &mut Context<'_>) {
//!         cx.subscribe(&self.instrument, Feed::Quote);
//!     }
//!
//!     fn on_quote(&mut self, instrument: &InstrumentId, quote: &Quote, cx: &mut Context<'_>) {
//!         if self.is_done || quote.ask > self.bound.below {
//!             return;
//!         }
//!         let order = OrderRequest {
//!             instrument: instrument.clone(),
//!             side: Side::Buy,
//!             kind: OrderKind::Limit {
//!                 price: self.bound.below,
//!                 qty: self.bound.qty,
//!                 time_in_force: TimeInForce::ImmediateOrCancel,
//!             },
//!             tag: 0,
//!         };
//!         // What is denied here (the venue is not live, the balance does not reach) is tried
//!         // again with the next quote.
//!         self.is_done = cx.submit(order).is_ok();
//!     }
//!
//!     fn on_order(&mut self, update: &OrderUpdate, _cx: &mut Context<'_>) {
//!         if update.state == OrderState::Expired {
//!             self.is_done = false;
//!         }
//!     }
//! }
//!
//! let registry = Registry::new().with::<BuyLow>("buy-low");
//! assert_eq!(registry.kinds().collect::<Vec<_>>(), ["buy-low"]);
//! ```
//!
//! # A program
//!
//! A program with strategies of its own is one line. It takes the same flags as `tradewind`, the
//! program that comes with the grid:
//!
//! ```no_run
//! # use tradewind::prelude::*;
//! # struct Mine;
//! # impl Strategy for Mine {
//! #     type Params = std::collections::BTreeMap<String, u32>;
//! #     fn new(_: Self::Params, _: &[InstrumentId]) -> Result<Self, InvalidParams> { Ok(Self) }
//! #     fn on_order(&mut self, _: &OrderUpdate, _: &mut Context<'_>) {}
//! # }
//! fn main() -> std::process::ExitCode {
//!     tradewind::main(tradewind::Registry::new().with::<Mine>("mine"))
//! }
//! ```
//!
//! ```sh
//! mine run --config mine.toml --for 30s
//! ```
//!
//! # A configuration
//!
//! One TOML file a process. Keys are not in it, only the names of the environment variables they
//! are in. With `[venue.embedded]` it needs none: the venue runs inside of the program. With the
//! adapter `bitget` in place of `binance` it is the same bot at the other venue.
//!
//! ```
//! let text = r#"
//! [venue]
//! name = "embedded"
//! adapter = "binance"
//! [venue.embedded]
//! seed = 7
//!
//! [[strategy]]
//! kind = "buy-low"
//! instruments = ["BTC-USDT"]
//! [strategy.params]
//! below = "66900"
//! qty = "0.001"
//! "#;
//! let config = tradewind::Config::parse("mine.toml", text)?;
//! assert_eq!(config.strategies[0].kind, "buy-low");
//! # Ok::<(), tradewind::ConfigError>(())
//! ```

pub mod prelude;

pub mod adapter;
pub mod cli;
pub mod report;
pub mod session;
pub mod trade;
pub mod venue;

mod control;
mod logs;
mod orders;
mod signals;
mod view;

pub use adapter::Adapter;
pub use cli::main;
pub use report::Closing;
pub use session::{Session, StartError};
pub use tradewind_runtime::config::Place;
pub use tradewind_runtime::{Config, ConfigError};
pub use tradewind_strategy::Registry;
