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
    pub fn with<S: Strategy>(mut self, kind: &str) -> Self {
        let make: Make = Box::new(|params, instruments| {
            let made = S::new(params.read()?, instruments).map_err(|error| params.placed(error))?;
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
