//! Which strategies there are, by the name that configuration uses.

use std::collections::BTreeMap;

use tradewind_model::id::InstrumentId;

use crate::params::{InvalidParams, Params};
use crate::strategy::{Plugin, Strategy};

type Make = Box<
    dyn Fn(&Params<'_>, &[InstrumentId]) -> Result<Box<dyn Plugin>, InvalidParams> + Send + Sync,
>;

/// The strategies a program knows: one line each.
///
/// A program of its own that adds a strategy is three lines:
/// `tradewind::main(Registry::new().with::<Mine>("mine"))`.
#[derive(Default)]
pub struct Registry {
    kinds: BTreeMap<String, Make>,
}

/// A `kind` that no strategy has.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("strategy kind `{kind}` is unknown; this program knows {known}")]
pub struct UnknownKind {
    /// What was asked for.
    pub kind: String,
    /// What there is.
    pub known: String,
}

impl Registry {
    /// No strategies yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a strategy under the name that configuration uses for it. A second one of the same
    /// name takes the first one's place.
    #[must_use]
    pub fn with<S: Strategy>(self, kind: &str) -> Self {
        self.with_maker::<S>(kind, S::new)
    }

    /// Adds a strategy that is made from more than its parameters: a channel to a model that runs
    /// elsewhere, a recorder. `make` is called once for each table of the configuration.
    #[must_use]
    pub fn with_maker<S: Strategy>(
        mut self,
        kind: &str,
        make: impl Fn(S::Params, &[InstrumentId]) -> Result<S, InvalidParams> + Send + Sync + 'static,
    ) -> Self {
        let make: Make = Box::new(move |params, instruments| {
            let made = make(params.read()?, instruments).map_err(|error| params.placed(error))?;
            Ok(Box::new(made))
        });
        self.kinds.insert(kind.to_owned(), make);
        self
    }

    /// The names, in order.
    pub fn kinds(&self) -> impl Iterator<Item = &str> {
        self.kinds.keys().map(String::as_str)
    }

    /// Whether there is a strategy of this name.
    ///
    /// # Errors
    /// When there is none; the error lists those there are.
    pub fn check(&self, kind: &str) -> Result<(), UnknownKind> {
        self.maker(kind).map(|_| ())
    }

    fn maker(&self, kind: &str) -> Result<&Make, UnknownKind> {
        self.kinds.get(kind).ok_or_else(|| UnknownKind {
            kind: kind.to_owned(),
            known: self.kinds().collect::<Vec<_>>().join(", "),
        })
    }

    /// Makes a strategy of a kind.
    ///
    /// # Errors
    /// When there is no such kind, or the parameters are wrong.
    pub(crate) fn make(
        &self,
        kind: &str,
        params: &Params<'_>,
        instruments: &[InstrumentId],
    ) -> Result<Box<dyn Plugin>, InvalidParams> {
        let make = self.maker(kind).map_err(|unknown| InvalidParams {
            key: None,
            message: unknown.to_string(),
            span: None,
        })?;
        make(params, instruments)
    }
}

#[cfg(test)]
mod tests {
    use tradewind_model::order::OrderUpdate;

    use super::*;
    use crate::context::Context;

    struct Idle;

    impl Strategy for Idle {
        type Params = BTreeMap<String, u32>;

        fn new(_: Self::Params, _: &[InstrumentId]) -> Result<Self, InvalidParams> {
            Ok(Self)
        }

        fn on_order(&mut self, _: &OrderUpdate, _: &mut Context<'_>) {}
    }

    #[test]
    fn a_maker_is_given_the_parameters_and_what_it_brings_along() {
        let (made, told) = std::sync::mpsc::channel();
        let registry = Registry::new().with_maker::<Idle>("idle", move |params, instruments| {
            made.send((params["a"], instruments.len())).unwrap();
            Idle::new(params, instruments)
        });
        let params = Params::parse("a = 7").unwrap();
        assert!(registry.make("idle", &params, &["BTC-USDT".into()]).is_ok());
        assert_eq!(told.try_iter().collect::<Vec<_>>(), [(7, 1)]);
    }
}
