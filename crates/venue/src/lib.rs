//! What an adapter must answer.
//!
//! A venue's wire is a pure codec: calls in, bytes out, and back. It opens no socket, reads no
//! clock and keeps no state, so the deterministic tests run the same code over the same bytes as
//! the live program.

pub mod excerpt;
pub mod signer;
pub mod venue;

pub use excerpt::excerpt;
pub use signer::{InvalidKey, Signer};
pub use venue::{EncodeError, Endpoint, FrameError, Stamp, Venue};
