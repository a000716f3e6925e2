//! How values stand in columns, and how they are read back.

use std::collections::BTreeMap;
use std::str::FromStr;

use rusqlite::Row;
use rusqlite::types::FromSql;
use serde::de::DeserializeOwned;
use tradewind_model::Decimal;
use tradewind_model::id::Asset;
use tradewind_model::order::Side;
use tradewind_model::time::Timestamp;

use super::fault::Fault;

/// A time; beyond the year 2262 it is negative, and still itself when read back.
pub(super) fn time(at: Timestamp) -> i64 {
    at.as_nanos().cast_signed()
}

/// A row that is being read.
pub(super) struct Cells<'r> {
    table: &'static str,
    row: &'r Row<'r>,
}

impl<'r> Cells<'r> {
    pub(super) const fn of(table: &'static str, row: &'r Row<'r>) -> Self {
        Self { table, row }
    }

    /// A value as SQLite has it.
    pub(super) fn get<T: FromSql>(&self, column: &str) -> Result<T, Fault> {
        Ok(self.row.get(column)?)
    }

    /// A value that is written as text.
    pub(super) fn parse<T: FromStr<Err: std::fmt::Display>>(
        &self,
        column: &str,
    ) -> Result<T, Fault> {
        let text: String = self.get(column)?;
        text.parse().map_err(|error| self.unreadable(column, error))
    }

    /// A value that is written as text, or is not there.
    pub(super) fn parse_some<T: FromStr<Err: std::fmt::Display>>(
        &self,
        column: &str,
    ) -> Result<Option<T>, Fault> {
        let text: Option<String> = self.get(column)?;
        text.map(|text| text.parse().map_err(|error| self.unreadable(column, error))).transpose()
    }

    /// A value that is written as JSON.
    pub(super) fn json<T: DeserializeOwned>(&self, column: &str) -> Result<T, Fault> {
        let text: String = self.get(column)?;
        serde_json::from_str(&text).map_err(|error| self.unreadable(column, error))
    }

    pub(super) fn time(&self, column: &str) -> Result<Timestamp, Fault> {
        Ok(Timestamp::from_nanos(self.get::<i64>(column)?.cast_unsigned()))
    }

    pub(super) fn some_time(&self, column: &str) -> Result<Option<Timestamp>, Fault> {
        let nanos: Option<i64> = self.get(column)?;
        Ok(nanos.map(|nanos| Timestamp::from_nanos(nanos.cast_unsigned())))
    }

    pub(super) fn unsigned(&self, column: &str) -> Result<u64, Fault> {
        Ok(self.get::<i64>(column)?.cast_unsigned())
    }

    /// A number that fits into 32 bits or fewer.
    pub(super) fn small<T: TryFrom<i64, Error: std::fmt::Display>>(
        &self,
        column: &str,
    ) -> Result<T, Fault> {
        T::try_from(self.get(column)?).map_err(|error| self.unreadable(column, error))
    }

    pub(super) fn decimal(&self, column: &str) -> Result<Decimal, Fault> {
        let text: String = self.get(column)?;
        Decimal::from_str_exact(&text).map_err(|error| self.unreadable(column, error))
    }

    pub(super) fn side(&self, column: &str) -> Result<Side, Fault> {
        let text: String = self.get(column)?;
        let sides = [Side::Buy, Side::Sell].into_iter();
        let mut named = sides.filter(|side| text == side_name(*side));
        named.next().ok_or_else(|| self.unreadable(column, format!("{text:?} is no side")))
    }

    pub(super) fn fees(&self, column: &str) -> Result<BTreeMap<Asset, Decimal>, Fault> {
        self.json(column)
    }

    pub(super) fn unreadable(&self, column: &str, problem: impl std::fmt::Display) -> Fault {
        let (table, column) = (self.table, column.to_owned());
        Fault::Unreadable { table, column, problem: problem.to_string() }
    }
}

pub(super) const fn side_name(side: Side) -> &'static str {
    match side {
        Side::Buy => "buy",
        Side::Sell => "sell",
    }
}
