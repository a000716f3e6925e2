//! `[[strategy]]`: what trades, within which limits.

use std::ops::Range;
use std::time::Duration;

use serde::Deserialize;
use toml::Spanned;
use toml::de::{DeTable, DeValue};
use tradewind_engine::OnFailure;
use tradewind_model::id::{InstrumentId, StrategyId};
use tradewind_model::trading::TradingLimits;
use tradewind_strategy::Params;

use super::source::{ConfigError, Source};

/// One strategy.
#[derive(Clone, Debug)]
pub struct StrategyConfig<'t> {
    /// Its name in logs.
    pub id: StrategyId,
    /// Which plug-in.
    pub kind: String,
    /// What it trades; at least one.
    pub instruments: Vec<InstrumentId>,
    /// What it may do at the most.
    pub limits: TradingLimits,
    /// What becomes of its orders when it fails.
    pub on_failure: OnFailure,
    /// How long a callback of its may take before it has failed.
    pub callback_max: Duration,
    /// How many messages may wait for it before it has failed.
    pub inbox_max: usize,
    /// What the plug-in reads itself.
    pub params: Params<'t>,
    pub(super) span: Range<usize>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StrategyHead {
    id: Option<StrategyId>,
    kind: String,
    instruments: Vec<InstrumentId>,
    #[serde(default)]
    limits: TradingLimits,
    #[serde(default)]
    on_failure: OnFailure,
    #[serde(default = "callback_max_ms")]
    callback_max_ms: u64,
    #[serde(default = "inbox_max")]
    inbox_max: usize,
}

/// A callback that takes longer than this is not slow, it hangs.
const fn callback_max_ms() -> u64 {
    10_000
}

/// More than a busy market leaves behind in a minute.
const fn inbox_max() -> usize {
    50_000
}

impl<'t> Source<'t> {
    /// All of them; at least one.
    pub(super) fn strategies(
        self,
        strategies: Option<Spanned<DeValue<'t>>>,
    ) -> Result<Vec<StrategyConfig<'t>>, ConfigError> {
        let missing = "there is no strategy; add a [[strategy]] with kind, instruments and params";
        let Some(strategies) = strategies else { return Err(self.error(None, missing)) };
        let span = strategies.span();
        let DeValue::Array(tables) = strategies.into_inner() else {
            return Err(self.error(Some(span), "`strategy` is a list: write [[strategy]]"));
        };
        let read: Result<Vec<_>, _> = tables.into_iter().map(|one| self.strategy(one)).collect();
        match read {
            Ok(read) if read.is_empty() => Err(self.error(Some(span), missing)),
            read => read,
        }
    }

    fn strategy(self, value: Spanned<DeValue<'t>>) -> Result<StrategyConfig<'t>, ConfigError> {
        let span = value.span();
        let DeValue::Table(mut table) = value.into_inner() else {
            return Err(self.error(Some(span), "a strategy is a table: write [[strategy]]"));
        };
        let params = table.remove("params");
        let head: StrategyHead = self.read(Spanned::new(span.clone(), table))?;
        if head.instruments.is_empty() {
            let message = "`instruments` is empty; name at least one, as in [\"BTC-USDT\"]";
            return Err(self.error(Some(span), message));
        }
        for (key, value) in [
            ("callback_max_ms", head.callback_max_ms),
            ("inbox_max", u64::try_from(head.inbox_max).unwrap_or(u64::MAX)),
        ] {
            if value == 0 {
                return Err(self.error(Some(span), format!("`{key}` is 0; use 1 or more")));
            }
        }
        let params = match params.map(|params| (params.span(), params.into_inner())) {
            None => Spanned::new(span.clone(), DeTable::default()),
            Some((at, DeValue::Table(params))) => Spanned::new(at, params),
            Some((at, _)) => {
                return Err(self.error(Some(at), "`params` is a table: write [strategy.params]"));
            }
        };
        let id = match head.id {
            Some(id) => id,
            None => StrategyId::new(&head.kind)
                .map_err(|error| self.error(Some(span.clone()), error.to_string()))?,
        };
        let params = Params::from_table(params);
        Ok(StrategyConfig {
            id,
            kind: head.kind,
            instruments: head.instruments,
            limits: head.limits,
            on_failure: head.on_failure,
            callback_max: Duration::from_millis(head.callback_max_ms),
            inbox_max: head.inbox_max,
            params,
            span,
        })
    }
}
