//! Venues of our own that speak the real wire.
