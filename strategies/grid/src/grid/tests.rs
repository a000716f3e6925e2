//! The grid through its host: notices in, commands out.

mod bench;
mod life;
mod refusals;
mod walk;
