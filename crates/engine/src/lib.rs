//! What is true of each order and stream, and where the next call goes.

pub mod book;
pub mod clock_sync;
pub mod order;
