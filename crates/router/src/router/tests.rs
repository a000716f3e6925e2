//! The router over engines that do as the tests say.

mod desk;
mod histories;
mod limits;
mod mirrors;
mod recovering;
mod shut;
