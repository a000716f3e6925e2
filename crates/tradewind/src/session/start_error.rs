//! Why a session does not start: each in one line that names the thing and the way out.

use tradewind_journal::OpenError;
use tradewind_model::Timestamp;
use tradewind_model::id::{AccountId, InstrumentId, VenueId};
use tradewind_runtime::{ConfigError, StateError};
use tradewind_venue::InvalidKey;

use crate::adapter::Adapter;

/// Why a session does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The configuration, or what a strategy says of its parameters.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// An adapter that does not exist.
    #[error("venue.adapter is `{adapter}`; this program knows {}", adapters())]
    UnknownAdapter {
        /// What was asked for.
        adapter: String,
    },
    /// A place where the venue is not, as it is configured.
    #[error("{venue}: {problem}")]
    Place {
        /// The venue.
        venue: VenueId,
        /// What is wrong with it, and the way out.
        problem: String,
    },
    /// A session has one route, and one base URL.
    #[error(
        "there are {routes} routes with {base_urls} further base URLs, and this trades by one; \
         start a `RoutedSession` instead"
    )]
    SeveralRoutes {
        /// How many there are.
        routes: usize,
        /// Base URLs beside the first of each.
        base_urls: usize,
    },
    /// A way out that is none.
    #[error("{venue}/{account}: {problem}")]
    Egress {
        /// The venue.
        venue: VenueId,
        /// The account.
        account: AccountId,
        /// What is wrong with it, and the way out.
        problem: String,
    },
    /// Routes that cannot stand beside each other.
    #[error(transparent)]
    Routes(#[from] tradewind_router::routes::InvalidRoutes),
    /// More than the client order ids can tell apart.
    #[error("{0}")]
    TooMany(String),
    /// An instrument that the embedded venue does not list.
    #[error("the embedded venue lists no {instrument}; it has {listed}")]
    NotListed {
        /// What was asked for.
        instrument: InstrumentId,
        /// What there is.
        listed: String,
    },
    /// There is no key for a venue that needs one.
    #[error(
        "{venue} needs a key and {missing}; set {wanted}, or trade on the embedded venue, which \
         needs none"
    )]
    NoKey {
        /// The venue.
        venue: VenueId,
        /// What is not there.
        missing: String,
        /// The variables to set.
        wanted: String,
    },
    /// There is a key of a kind that the venue does not take, or something that goes with one.
    #[error("{variable} is set and {venue} takes no {what}; unset it, and set {wanted}")]
    NoSuchKey {
        /// The environment variable.
        variable: String,
        /// The venue.
        venue: VenueId,
        /// What it does not take.
        what: &'static str,
        /// The variables to set.
        wanted: String,
    },
    /// The file of a key cannot be read.
    #[error("{variable} names {path}, which cannot be read: {error}")]
    KeyFile {
        /// The environment variable.
        variable: String,
        /// The file.
        path: String,
        /// Why.
        error: std::io::Error,
    },
    /// The key is no key.
    #[error("the key in {variables} cannot be used: {error}")]
    Key {
        /// The environment variables.
        variables: String,
        /// What is wrong with it.
        error: InvalidKey,
    },
    /// A part of the limits that is too small to start with.
    #[error(
        "scheduler.share leaves too little of a limit to start with: {never}; let fewer processes \
         share, or give them addresses of their own"
    )]
    Share {
        /// The call that never fits.
        never: tradewind_scheduler::Never,
    },
    /// What outlives a process cannot be kept.
    #[error(transparent)]
    State(#[from] StateError),
    /// What was traded before cannot be read, or what will be cannot be written down.
    #[error(transparent)]
    Journal(#[from] OpenError),
    /// An earlier life was told that the key is not accepted, and nobody has seen to it.
    #[error(
        "{venue} has refused the key of account {account} at {since}, and trying it again would \
         look like an attack; see to the key, its rights and its addresses, then say so: \
         `tradewind state --config FILE --clear-key`. Another key needs no clearing"
    )]
    KeyRefused {
        /// The venue.
        venue: VenueId,
        /// The account.
        account: AccountId,
        /// When.
        since: Timestamp,
    },
    /// The token of the endpoint is none.
    #[error("the token in {variable} cannot be used: {error}")]
    Token {
        /// The environment variable.
        variable: String,
        /// What is wrong with it.
        error: String,
    },
    /// The port of the endpoint is taken.
    #[error(
        "control.port {port} cannot be used ({error}); name another, 0 for one that is free, or \
         set control.enabled = false"
    )]
    Control {
        /// The port.
        port: u16,
        /// Why.
        error: std::io::Error,
    },
    /// This machine would not give a port, a thread or TLS.
    #[error("cannot start: {0}")]
    Machine(String),
}

impl StartError {
    /// Whether it is this machine's fault and not the input's.
    #[must_use]
    pub const fn is_of_machine(&self) -> bool {
        matches!(self, Self::Machine(_))
    }
}

fn adapters() -> String {
    Adapter::names().collect::<Vec<_>>().join(", ")
}
