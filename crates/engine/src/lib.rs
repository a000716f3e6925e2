//! What is true of each order and stream, and where the next call goes.
//!
//! The engine is a value: events go in, actions come out, and `now` is a parameter. It follows
//! every order from a strategy's wish to the venue's last word, keeps the streams up, knows the
//! venue's clock, and brings every call to the scheduler, whose permit is the only way out.

pub mod action;
pub mod beginning;
pub mod book;
pub mod clock_sync;
mod doors;
pub mod engine;
pub mod event;
pub mod incident;
pub mod inquiry;
pub mod journal;
pub mod ledger;
pub mod operator;
pub mod order;
pub mod snapshot;
pub mod usage;

mod timers;

pub use action::{Action, Failure, Route, Timing};
pub use beginning::{Beginning, Catalog};
pub use doors::Doors;
pub use engine::{Engine, EngineConfig, Identity, StrategySetup};
pub use event::{Event, Routing, SocketEvent};
pub use incident::{Incident, Level};
pub use inquiry::{Answer, ReadFailed, Terms, Urgency};
pub use operator::{OnFailure, Remainder, StrategyFailure, TradingRefused};
pub use snapshot::{Counters, PositionView, ReadCounters, Snapshot, StreamView, TradingView};
pub use usage::Usage;
