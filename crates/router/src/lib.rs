//! Which route a wish goes by, and what may move when a venue shuts its door.
//!
//! The router is a value above the engines, of which each route (an exchange, an account, an
//! address) has one: events go in, actions come out, and `now` is a parameter. An engine decides
//! what is true of its orders; a router decides only which engine is handed the next one. It never
//! asks a venue anything.
//!
//! In reading order: the routes and what they share, the ways between them, what is known of them,
//! where intents go, and the value that holds all of it.

pub mod action;
pub mod assignment;
pub mod decision;
pub mod endpoints;
pub mod event;
pub mod failover;
pub mod health;
pub mod load_meter;
pub mod mirrors;
pub mod orders;
pub mod policy;
pub mod requantize;
pub mod router;
pub mod routes;
pub mod switchboard;
pub mod way;

#[cfg(test)]
mod cases;

pub use action::Action;
pub use assignment::Standing;
pub use decision::{Decision, DecisionKind, Holding, Reason};
pub use event::Event;
pub use health::{Cause, News};
pub use load_meter::LoadMeter;
pub use orders::Exposure;
pub use policy::{OnOpen, OnShut, Policy};
pub use requantize::requantize;
pub use router::{Limits, Router, RouterConfig};
pub use routes::{Endpoint, InvalidRoutes, Load, RouteSetup, Routes};
pub use switchboard::{Input, Member, Output, Switchboard};
pub use way::Way;
