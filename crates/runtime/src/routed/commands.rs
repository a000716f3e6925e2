//! What an operator commands of a run over several routes: one word, heeded by all of them.

use tokio::task::JoinSet;
use tradewind_engine::journal::Trading;
use tradewind_engine::{Route, TradingRefused};
use tradewind_model::trading::TradingScope;

use super::RoutedDesk;
use crate::desk::TradingError;

/// Why a command is not known to have been carried out by every route. By the others it was.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{venue}/{account}: {error}", venue = .route.venue, account = .route.account)]
pub struct NotByAll {
    /// A route that has not.
    pub route: Route,
    /// Why not.
    pub error: TradingError,
}

impl RoutedDesk {
    /// Sets how much trading is allowed, by every route that it is about. What that forbids is
    /// forbidden from the moment at which each engine hears of it; this waits, ten seconds at the
    /// most, until none of them can forget it any more. A route whose engine has ended places
    /// nothing; what the others have written down holds for it, too, when it begins again.
    ///
    /// # Errors
    /// When one has not carried it out, or it is not durable there yet.
    pub async fn set_trading(&self, trading: Trading) -> Result<(), Box<NotByAll>> {
        let mut waiting = JoinSet::new();
        let concerned = self.lanes.iter().filter(|(route, _)| is_about(trading.scope, route));
        for (route, desk) in concerned {
            let (route, desk, trading) = (*route, desk.clone(), trading.clone());
            waiting.spawn(async move { (route, desk.set_trading(trading).await) });
        }
        let (mut has_heard, mut ended, mut failed) = (false, None, None);
        while let Some(answered) = waiting.join_next().await {
            // None of them panics, and nobody stops them.
            let Ok((route, result)) = answered else { continue };
            match result {
                Ok(()) => has_heard = true,
                Err(TradingError::Ended) => ended = Some((route, TradingError::Ended)),
                Err(error @ (TradingError::Refused(_) | TradingError::Late)) => {
                    failed = Some((route, error));
                }
            }
        }
        let nobody = || {
            let error = TradingError::from(TradingRefused::UnknownScope(trading.scope));
            self.lanes.first().map(|(route, _)| (*route, error))
        };
        let ended = ended.filter(|_| !has_heard);
        let problem = failed.or(ended).or_else(|| nobody().filter(|_| !has_heard));
        problem.map_or(Ok(()), |(route, error)| Err(Box::new(NotByAll { route, error })))
    }
}

/// Whether a route has anything to do with a scope.
fn is_about(scope: TradingScope, route: &Route) -> bool {
    match scope {
        TradingScope::Everything | TradingScope::Strategy(_) => true,
        TradingScope::Account(venue, account) => (venue, account) == (route.venue, route.account),
    }
}
