//! The text of a configuration, and what is wrong with it: always one line, with file and line.

use std::ops::Range;

use serde::de::{DeserializeOwned, IntoDeserializer};
use toml::Spanned;
use toml::de::DeTable;

/// What is wrong with a configuration, in one line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {message}")]
pub struct ConfigError {
    /// File and line.
    pub place: String,
    /// What is wrong, and the way out.
    pub message: String,
}

/// The text, and what errors call it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Source<'t> {
    pub(super) name: &'t str,
    pub(super) text: &'t str,
}

impl Source<'_> {
    /// An error at a place in the text, or in all of it.
    pub(super) fn error(
        self,
        span: Option<Range<usize>>,
        message: impl Into<String>,
    ) -> ConfigError {
        let place = match span.and_then(|span| self.text.get(..span.start)) {
            Some(before) => format!("{}:{}", self.name, before.matches('\n').count() + 1),
            None => self.name.to_owned(),
        };
        // An error is a line, whatever it quotes.
        let message = message.into().split_whitespace().collect::<Vec<_>>().join(" ");
        ConfigError { place, message }
    }

    /// Reads a table that knows its keys.
    pub(super) fn read<T: DeserializeOwned>(
        self,
        table: Spanned<DeTable<'_>>,
    ) -> Result<T, ConfigError> {
        T::deserialize(table.into_deserializer())
            .map_err(|error: toml::de::Error| self.error(error.span(), error.message()))
    }
}
