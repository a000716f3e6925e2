//! What the crate promises, seen from outside.

#![expect(clippy::wildcard_enum_match_arm, reason = "another answer than the claimed one fails")]

mod conformance;
mod damage;
mod faults;
mod filing;
mod histories;
mod kills;
mod reference;
mod steps;
mod support;
mod tables;
