//! What is commanded from outside: one engine, or several that are one run.

use tradewind_engine::journal::Trading;

use crate::desk::{Desk, TradingError};
use crate::routed::{NotByAll, RoutedDesk};

/// What is commanded.
#[derive(Clone, Debug)]
pub enum Subject {
    /// One engine.
    One(Desk),
    /// One for each route.
    Several(RoutedDesk),
}

impl From<Desk> for Subject {
    fn from(desk: Desk) -> Self {
        Self::One(desk)
    }
}

impl From<RoutedDesk> for Subject {
    fn from(desk: RoutedDesk) -> Self {
        Self::Several(desk)
    }
}

/// Why a command is not known to have been carried out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SubjectError {
    /// By the engine.
    #[error(transparent)]
    One(#[from] TradingError),
    /// By one of several.
    #[error(transparent)]
    Several(#[from] Box<NotByAll>),
}

impl SubjectError {
    /// Why, by whichever engine.
    #[must_use]
    pub fn error(&self) -> &TradingError {
        match self {
            Self::One(error) => error,
            Self::Several(not) => &not.error,
        }
    }
}

impl Subject {
    /// Sets how much trading is allowed, everywhere.
    ///
    /// # Errors
    /// When it was not carried out, or is not durable yet.
    pub async fn set_trading(&self, trading: Trading) -> Result<(), SubjectError> {
        match self {
            Self::One(desk) => Ok(desk.set_trading(trading).await?),
            Self::Several(desk) => Ok(desk.set_trading(trading).await?),
        }
    }
}
