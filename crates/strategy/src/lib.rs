//! The strategy plug-in trait, and all that a plug-in compiles against.
//!
//! A strategy is a value with callbacks. They are synchronous, take time from
//! [`Context::now`] and act through the [`Context`] alone, so the same plug-in runs live, simulated
//! and replayed. [`Host`] drives one, as a pure value; the runtime gives each host a thread.

pub mod context;
pub mod host;
pub mod mailbox;
pub mod params;
pub mod registry;
pub mod strategy;
pub mod timer;

pub use context::{Context, Exposure, PairIds};
pub use host::{Host, Input};
pub use mailbox::{Mailbox, MailboxFull, Message};
pub use params::{InvalidParams, Params};
pub use registry::{Registry, UnknownKind};
pub use strategy::Strategy;
pub use timer::{Schedule, TimerKey};
