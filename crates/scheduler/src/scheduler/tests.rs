//! The scheduler's claims, one test each, and the world in which all of them must hold at once.

mod breaking;
mod desk;
mod door;
mod flood;
mod order;
mod outages;
mod paths;
mod ramp;
mod reopening;
mod rolling;
mod scopes;
mod sharing;
mod silence;
mod waiting;
mod windows;

mod schedules;
mod weather;
mod world;
