//! What holds until it is taken back: what trading is not allowed, what is shut, where new orders
//! go instead, and what strategies want remembered.

use rusqlite::params;
use tradewind_engine::journal::Entry;
use tradewind_model::time::Timestamp;
use tradewind_model::trading::TradingState;

use super::super::Open;
use super::super::column::time;
use super::super::fault::Fault;

/// Writes what an entry says, or takes it back.
pub(super) fn write(open: &Open, at: Timestamp, entry: &Entry) -> Result<(), Fault> {
    match entry {
        Entry::Trading(trading) => {
            let scope = trading.scope.to_string();
            match trading.state {
                TradingState::Running => take_back(open, "trading", &scope),
                TradingState::ReduceOnly | TradingState::Halted | TradingState::Flatten => {
                    let what = format!("{}: {}", trading.state, trading.reason);
                    let record = serde_json::to_string(trading)?;
                    decide(open, ["trading", &scope, &what, &record], at)
                }
            }
        }
        Entry::Shut(shut) => {
            let until = shut.until.map_or_else(
                || "until somebody clears it".to_owned(),
                |until| format!("until {until}"),
            );
            let what = format!("{}, {until}", shut.reason);
            let record = serde_json::to_string(shut)?;
            decide(open, ["shut", &shut.scope.to_string(), &what, &record], at)
        }
        Entry::Opened(scope) => take_back(open, "shut", &scope.to_string()),
        Entry::Routed(routed) => {
            decide(open, ["route", &routed.subject, &routed.what, &routed.record], at)
        }
        Entry::Unrouted { subject } => take_back(open, "route", subject),
        Entry::Remembered { strategy, key, value: Some(value) } => {
            let mut statement = open.connection.prepare_cached(
                "INSERT OR REPLACE INTO store (strategy, key, value) VALUES (?1, ?2, ?3)",
            )?;
            statement.execute([strategy.as_str(), key, value])?;
            Ok(())
        }
        Entry::Remembered { strategy, key, value: None } => {
            let mut statement = open
                .connection
                .prepare_cached("DELETE FROM store WHERE strategy = ?1 AND key = ?2")?;
            statement.execute([strategy.as_str(), key])?;
            Ok(())
        }
        Entry::Intent(_)
        | Entry::Adopted(_)
        | Entry::Sent { .. }
        | Entry::Accepted { .. }
        | Entry::Traded(_)
        | Entry::CancelAsked { .. }
        | Entry::AmendAsked { .. }
        | Entry::Amended { .. }
        | Entry::InDoubt { .. }
        | Entry::Resolved { .. }
        | Entry::Ended { .. } => Ok(()),
    }
}

fn decide(open: &Open, texts: [&str; 4], at: Timestamp) -> Result<(), Fault> {
    let [kind, scope, what, record] = texts;
    let mut statement = open.connection.prepare_cached(
        "INSERT OR REPLACE INTO state (kind, scope, what, record, at_ns) \
         VALUES (?1, ?2, ?3, ?4, ?5)",
    )?;
    statement.execute(params![kind, scope, what, record, time(at)])?;
    Ok(())
}

fn take_back(open: &Open, kind: &str, scope: &str) -> Result<(), Fault> {
    let mut statement =
        open.connection.prepare_cached("DELETE FROM state WHERE kind = ?1 AND scope = ?2")?;
    statement.execute([kind, scope])?;
    Ok(())
}
