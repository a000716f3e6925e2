//! Drives the engine.
//!
//! All that decides is in the engine; all that is here is a loop that reads the clock, hands over
//! what happened, and does what comes back. A strategy has a thread of its own, a socket a task.

pub mod clock;
pub mod config;
pub mod control;
pub mod desk;
pub mod driver;
pub mod hosts;
pub mod routed;
pub mod seed;
pub mod state;
pub mod strategy_host;

mod link;
mod scribe;
mod sockets;
mod subject;

pub use clock::{Clock, WallWatch};
pub use config::{Config, ConfigError};
pub use desk::{Ask, Desk, End, TradingError};
pub use driver::{ATTEMPTS, Setup, run};
pub use hosts::HostSetup;
pub use routed::{Lane, Move, NotByAll, RoutedDesk, RoutedSetup, Timeline, run_routed};
pub use scribe::Scribe;
pub use state::{State, StateError};
pub use subject::{Subject, SubjectError};
