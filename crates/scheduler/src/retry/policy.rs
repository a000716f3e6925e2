//! How often what failed is tried again.
//!
//! An operator may allow fewer retries than this, never more: the figures are the most that is
//! safe on an account that others must not lose.

use serde::{Deserialize, Serialize};

use crate::retry::class::FailureClass;

/// How many retries a failure of each class has. An order in doubt has none and never will, so it
/// is no field.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Table", into = "Table")]
pub struct RetryPolicy {
    table: Table,
}

/// The table as it stands in a configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Table {
    auth: u32,
    rate_limit: u32,
    transient: u32,
    validation: u32,
    clock: u32,
}

/// The most there is, and what holds unless less is asked for.
impl Default for Table {
    fn default() -> Self {
        Self { auth: 0, rate_limit: 2, transient: 2, validation: 0, clock: 1 }
    }
}

/// More retries were asked for than is safe.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("retry.{} is {asked} and no more than {most} is safe; lower it", class.name())]
pub struct Loosened {
    /// After which failures.
    pub class: FailureClass,
    /// How many were asked for.
    pub asked: u32,
    /// How many there may be.
    pub most: u32,
}

impl RetryPolicy {
    /// How many retries a failure of this class has.
    #[must_use]
    pub const fn tries(&self, class: FailureClass) -> u32 {
        self.table.tries(class)
    }

    /// With at most so many retries after failures of this class.
    ///
    /// # Errors
    /// When that is more than is safe.
    pub fn with(mut self, class: FailureClass, tries: u32) -> Result<Self, Loosened> {
        let place = match class {
            FailureClass::Auth => &mut self.table.auth,
            FailureClass::RateLimit => &mut self.table.rate_limit,
            FailureClass::Transient => &mut self.table.transient,
            FailureClass::Validation => &mut self.table.validation,
            FailureClass::Clock => &mut self.table.clock,
            FailureClass::InDoubt if tries == 0 => return Ok(self),
            FailureClass::InDoubt => return Err(Loosened { class, asked: tries, most: 0 }),
        };
        *place = tries;
        Self::try_from(self.table)
    }
}

impl Table {
    const fn tries(&self, class: FailureClass) -> u32 {
        match class {
            FailureClass::Auth => self.auth,
            FailureClass::RateLimit => self.rate_limit,
            FailureClass::Transient => self.transient,
            FailureClass::Validation => self.validation,
            FailureClass::Clock => self.clock,
            FailureClass::InDoubt => 0,
        }
    }
}

impl TryFrom<Table> for RetryPolicy {
    type Error = Loosened;

    fn try_from(table: Table) -> Result<Self, Loosened> {
        for class in FailureClass::ALL {
            let (asked, most) = (table.tries(class), Table::default().tries(class));
            if asked > most {
                return Err(Loosened { class, asked, most });
            }
        }
        Ok(Self { table })
    }
}

impl From<RetryPolicy> for Table {
    fn from(policy: RetryPolicy) -> Self {
        policy.table
    }
}
