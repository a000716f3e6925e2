//! The query of a request: signed as it reads, sent percent-encoded, names in order.
//!
//! The documentation asks for names in ascending order. It does not say whether the encoded form is
//! signed or the plain one; those who trade there sign the plain one. They differ for characters
//! alone that no name of ours has.

use std::collections::BTreeMap;
use std::fmt::{Display, Write as _};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use tradewind_model::id::Symbol;

/// Everything but the unreserved characters of RFC 3986.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Parameters, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Query(BTreeMap<&'static str, String>);

impl Query {
    /// A query about one symbol.
    pub(super) fn of(symbol: &Symbol) -> Self {
        Self::default().with("symbol", symbol)
    }

    /// This query and one parameter more.
    pub(super) fn with(mut self, name: &'static str, value: impl Display) -> Self {
        self.0.insert(name, value.to_string());
        self
    }

    /// This query and one parameter more, if there is one.
    pub(super) fn with_some(self, name: &'static str, value: Option<impl Display>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// What is signed: with its question mark, or nothing.
    pub(super) fn plain(&self) -> String {
        self.text(str::to_owned)
    }

    /// What is sent: with its question mark, or nothing.
    pub(super) fn encoded(&self) -> String {
        self.text(|value| utf8_percent_encode(value, RESERVED).to_string())
    }

    fn text(&self, spell: impl Fn(&str) -> String) -> String {
        let mut text = String::new();
        for (name, value) in &self.0 {
            let separator = if text.is_empty() { '?' } else { '&' };
            write!(text, "{separator}{name}={}", spell(value))
                .expect("a string takes whatever is written to it");
        }
        text
    }
}
