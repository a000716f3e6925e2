//! A strategy's parameters, from TOML, with errors that know their place.

use std::ops::Range;

use serde::de::{DeserializeOwned, IntoDeserializer};
use toml::Spanned;
use toml::de::DeTable;

/// The `params` table of one strategy, with the place of every key in its file.
#[derive(Clone, Debug)]
pub struct Params<'i> {
    table: Spanned<DeTable<'i>>,
}

/// What is wrong with a strategy's parameters.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct InvalidParams {
    /// The key it is about, when it is about one.
    pub key: Option<String>,
    /// What is wrong, and the way out.
    pub message: String,
    /// Where in the file, in bytes.
    pub span: Option<Range<usize>>,
}

impl InvalidParams {
    /// Says that the value of `key` will not do. The place in the file is added by the caller.
    #[must_use]
    pub fn at(key: &str, message: impl Into<String>) -> Self {
        Self { key: Some(key.to_owned()), message: message.into(), span: None }
    }
}

impl<'i> Params<'i> {
    /// Parameters from the text of a table; for tests, and strategies made in code.
    ///
    /// # Errors
    /// When it is no TOML.
    pub fn parse(text: &'i str) -> Result<Self, InvalidParams> {
        DeTable::parse(text).map(Self::from_table).map_err(|error| InvalidParams {
            key: None,
            message: error.message().to_owned(),
            span: error.span(),
        })
    }

    /// Parameters that are part of a larger document; spans stay those of the document.
    #[must_use]
    pub const fn from_table(table: Spanned<DeTable<'i>>) -> Self {
        Self { table }
    }

    /// The parameters as a strategy's own type. A key that the type does not read is an error.
    ///
    /// # Errors
    /// The first thing that is wrong, with its place.
    pub fn read<P: DeserializeOwned>(&self) -> Result<P, InvalidParams> {
        let mut unread = None;
        let read = serde_ignored::deserialize(self.table.clone().into_deserializer(), |path| {
            unread.get_or_insert_with(|| path.to_string());
        });
        // A misspelt key is mostly a missing one too; it is named first.
        let failed = read.as_ref().err().map(|error| first_line(error.message()));
        if let Some(key) = unread {
            let also = failed.map_or_else(String::new, |failed| format!(" ({failed})"));
            let message = format!("`{key}` is no parameter of this strategy{also}");
            return Err(self.placed(InvalidParams { key: Some(key), message, span: None }));
        }
        read.map_err(|error: toml::de::Error| InvalidParams {
            key: None,
            message: first_line(error.message()),
            span: error.span(),
        })
    }

    /// Adds the place of the key that an error names, or of the whole table.
    #[must_use]
    pub fn placed(&self, mut error: InvalidParams) -> InvalidParams {
        if error.span.is_none() {
            let first = error.key.as_deref().and_then(|key| key.split('.').next());
            let key = first
                .and_then(|first| self.table.get_ref().keys().find(|key| key.get_ref() == first));
            error.span = Some(key.map_or_else(|| self.table.span(), Spanned::span));
        }
        error
    }
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or("is wrong").to_owned()
}
