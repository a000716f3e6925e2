//! What all files of the folder have in common: JSON with a version and the time of writing.
//!
//! A file may have been cut short by a full disk, edited by hand, or written by a program of
//! another version, and each of these is told apart, because a person has to do something else
//! about each. Nothing is guessed from a file that is not whole.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tradewind_model::Timestamp;

/// The version of every file of the folder.
pub const SCHEMA: u32 = 1;

/// What is wrong with a file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Damage {
    /// It ends too early, or is something else.
    #[error("it is cut short or not ours: {0}")]
    Unreadable(String),
    /// Another program has written it.
    #[error("it is of version {found}, and this program reads version {SCHEMA}")]
    OtherSchema {
        /// Its version.
        found: u64,
    },
    /// It says what cannot be.
    #[error("{0}")]
    Absurd(String),
}

#[derive(Deserialize)]
struct Head {
    schema: u64,
}

#[derive(Serialize, Deserialize)]
struct Envelope<T> {
    schema: u32,
    #[serde(with = "exact")]
    written_at: Timestamp,
    #[serde(flatten)]
    body: T,
}

/// Reads a file: what it says, and when it was written.
///
/// # Errors
/// What is wrong with it.
pub(super) fn read<T: DeserializeOwned>(text: &[u8]) -> Result<(Timestamp, T), Damage> {
    let unreadable = |error: serde_json::Error| Damage::Unreadable(error.to_string());
    let Head { schema } = serde_json::from_slice(text).map_err(unreadable)?;
    if schema != u64::from(SCHEMA) {
        return Err(Damage::OtherSchema { found: schema });
    }
    let Envelope { written_at, body, .. } = serde_json::from_slice(text).map_err(unreadable)?;
    Ok((written_at, body))
}

/// The text of a file, for a person to read as well.
pub(super) fn write<T: Serialize>(now: Timestamp, body: T) -> Vec<u8> {
    let envelope = Envelope { schema: SCHEMA, written_at: now, body };
    let mut text =
        serde_json::to_vec_pretty(&envelope).expect("names, numbers and times have a form in JSON");
    text.push(b'\n');
    text
}

/// A point in time as its date, to the nanosecond: who looks into a file does not count them, and
/// what is read is what was written.
pub(super) mod exact {
    use std::borrow::Cow;

    use serde::{Deserialize, Deserializer, Serializer, de};
    use tradewind_model::Timestamp;

    pub(in crate::state) fn text(at: Timestamp) -> String {
        let date = at.to_string();
        let seconds = date.split('.').next().unwrap_or(&date);
        format!("{seconds}.{:09}Z", at.as_nanos() % 1_000_000_000)
    }

    pub(in crate::state) fn serialize<S: Serializer>(
        at: &Timestamp,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        to.serialize_str(&text(*at))
    }

    pub(in crate::state) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Timestamp, D::Error> {
        Cow::<'de, str>::deserialize(from)?.parse().map_err(de::Error::custom)
    }
}

/// The same of a point in time that there may be none of.
pub(super) mod exact_or_none {
    use std::borrow::Cow;

    use serde::{Deserialize, Deserializer, Serializer, de};
    use tradewind_model::Timestamp;

    use super::exact;

    pub(in crate::state) fn serialize<S: Serializer>(
        at: &Option<Timestamp>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        match at {
            Some(at) => to.serialize_some(&exact::text(*at)),
            None => to.serialize_none(),
        }
    }

    pub(in crate::state) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<Timestamp>, D::Error> {
        let text = Option::<Cow<'de, str>>::deserialize(from)?;
        text.map(|text| text.parse().map_err(de::Error::custom)).transpose()
    }
}
