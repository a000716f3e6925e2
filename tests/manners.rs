//! What a venue expects of those who hold its sockets and read its lists is done: the engine, with
//! Bitget's codec, before a venue that follows a script.
//!
//! Bytes go both ways, and the venue here shares no type with the codec. What it does is little and
//! written down in `script`; whole days before a venue that trades are played elsewhere.

mod desk;
mod script;

mod lists;
mod markets;
mod neighbors;
mod orders;
mod sockets;
