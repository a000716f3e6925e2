//! What every answer is wrapped in.

use serde::Deserialize;
use serde_json::value::RawValue;
use tradewind_model::time::Timestamp;

use super::Rows;
use crate::errors::VenueError;
use crate::number::{Malformed, Number, Word};

/// An answer: how it went, and what it says.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Envelope<'a> {
    code: Word,
    #[serde(default)]
    msg: Word,
    /// Some of the pages on wallets have it so.
    #[serde(default)]
    message: Word,
    #[serde(default)]
    request_time: Number,
    #[serde(default, borrow)]
    data: Option<&'a RawValue>,
}

impl<'a> Envelope<'a> {
    pub(super) fn read(body: &'a [u8]) -> Result<Self, Malformed> {
        Ok(serde_json::from_slice(body)?)
    }

    pub(super) fn is_success(&self) -> bool {
        self.error().is_success()
    }

    pub(super) fn error(&self) -> VenueError {
        let words = if self.msg.given().is_some() { &self.msg } else { &self.message };
        VenueError::new(self.code.clone(), words)
    }

    /// What it says; a success that says nothing is none.
    pub(super) fn data(&self) -> Result<&'a RawValue, Malformed> {
        self.list().ok_or_else(|| Malformed::field("data", "is missing"))
    }

    /// The list that it holds; one that is empty may be left out.
    pub(super) fn list(&self) -> Rows<'a> {
        self.data.filter(|data| data.get() != "null")
    }

    /// When it was written, by the venue's clock.
    pub(super) fn at(&self) -> Option<Timestamp> {
        self.request_time.time("requestTime").ok()
    }
}
