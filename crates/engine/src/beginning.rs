//! What a process knows when it begins, and how it begins.
//!
//! A life of a process that ends in a ban is followed by one that begins in it, and a machine that
//! has come up again starts all of its processes in one moment. So what was shut is handed over
//! from life to life and between processes, and each begins at a time of its own.

use std::time::Duration;

use tradewind_model::instrument::Instrument;
use tradewind_model::tariff::Limit;
use tradewind_model::time::Timestamp;
use tradewind_scheduler::ShutRecord;

use crate::journal::{Recovered, Trading};

/// What a process knows when it begins, and how it begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Beginning {
    /// What an earlier life, or a process beside this one, was told to leave alone.
    pub shut: Vec<ShutRecord>,
    /// Whether that is all there was. When what was noted is lost, one probe goes first.
    pub is_shut_known: bool,
    /// How long to hold back before the first call.
    pub delay: Duration,
    /// And how much longer at the most, by chance.
    pub jitter: Duration,
    /// Whether whoever performs the engine's actions keeps a catalog that other processes fill,
    /// too: it is asked for that before the venue is.
    pub shares_catalog: bool,
    /// What was found to be forbidden beside what the journal says: it holds before the first call,
    /// and is written down.
    pub trading: Vec<Trading>,
    /// What the journal holds; none when nothing is written down, so that orders go at once and
    /// nothing is known of them in another life.
    pub journal: Option<Box<Recovered>>,
}

impl Default for Beginning {
    /// As a process begins that is the first and the only one.
    fn default() -> Self {
        Self {
            shut: Vec::new(),
            is_shut_known: true,
            delay: Duration::ZERO,
            jitter: Duration::ZERO,
            shares_catalog: false,
            trading: Vec::new(),
            journal: None,
        }
    }
}

/// Instruments and limits, as a venue has told them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Catalog {
    /// When it was asked, by our clock; the oldest of what is here.
    pub read_at: Timestamp,
    /// The instruments.
    pub instruments: Vec<Instrument>,
    /// The limits in force; none where it told none.
    pub limits: Vec<Limit>,
}
