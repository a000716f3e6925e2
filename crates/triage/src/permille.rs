//! Shares and correlations as whole thousandths: the same digits on every machine.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A share or a correlation in thousandths: 984 is 98.4 %.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Permille(pub i64);

impl Permille {
    /// `part` of `whole`, rounded down; 0 of nothing.
    #[must_use]
    pub fn of(part: u64, whole: u64) -> Self {
        if whole == 0 {
            return Self(0);
        }
        let share = u128::from(part) * 1_000 / u128::from(whole);
        Self(i64::try_from(share).unwrap_or(i64::MAX))
    }

    /// As a number between -1 and 1, as correlations are written: `0.93`.
    pub(crate) fn as_coefficient(self) -> String {
        let hundredths = (self.0.abs() + 5) / 10;
        let sign = if self.0 < 0 && hundredths > 0 { "-" } else { "" };
        format!("{sign}{}.{:02}", hundredths / 100, hundredths % 100)
    }
}

impl fmt::Display for Permille {
    /// As a percentage: `98.4 %`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{} %", self.0 / 1_000 * 100 + self.0 % 1_000 / 10, (self.0 % 10).abs())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_prints_as_a_percentage_and_as_a_coefficient() {
        assert_eq!(Permille::of(984, 1_000).to_string(), "98.4 %");
        assert_eq!(Permille::of(5, 2).to_string(), "250.0 %");
        assert_eq!(Permille::of(1, 0).to_string(), "0.0 %");
        assert_eq!(Permille(-126).as_coefficient(), "-0.13");
        assert_eq!(Permille(-4).as_coefficient(), "0.00");
        assert_eq!(Permille(1_000).as_coefficient(), "1.00");
    }
}
