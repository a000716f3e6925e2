//! New client order ids: unique for ever without asking anybody.

use super::ClientOrderId;
use crate::time::Timestamp;

/// What every id of ours begins with: how our orders are told from everyone else's on an account.
const SCHEMA: &str = "tw1";
/// Base 32 without `i l o u`, so that an id read aloud or copied by hand stays itself.
const DIGITS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
const SLOT_DIGITS: usize = 3;
const TIME_DIGITS: usize = 9;

/// A source of client order ids.
///
/// An id is schema, slot, start of the source in milliseconds, and a count: at most 29 characters
/// of `[0-9a-z-]`, which every venue of ours accepts. Two sources never give the same id as long
/// as no two with the same slot begin in the same millisecond, so nothing has to be remembered
/// over a restart.
#[derive(Clone, Debug)]
pub struct ClientOrderIds {
    prefix: String,
    next: u64,
}

impl ClientOrderIds {
    /// One past the highest slot.
    pub const SLOTS: u16 = 32_768;

    /// A source for `slot`, which no other source that begins at the same moment may have.
    /// Slots from [`Self::SLOTS`] on wrap round.
    #[must_use]
    pub fn new(slot: u16, started: Timestamp) -> Self {
        let slot = base32(u64::from(slot % Self::SLOTS), SLOT_DIGITS);
        let time = base32(started.as_millis(), TIME_DIGITS);
        Self { prefix: format!("{SCHEMA}{slot}{time}-"), next: 0 }
    }

    /// What all names of this slot begin with, those of earlier sources included.
    #[must_use]
    pub fn slot_prefix(&self) -> &str {
        &self.prefix[..SCHEMA.len() + SLOT_DIGITS]
    }

    /// A name that was never given out before.
    #[expect(clippy::should_implement_trait, reason = "it never ends, so it is no iterator")]
    pub fn next(&mut self) -> ClientOrderId {
        let count = base32(self.next, 1);
        self.next += 1;
        ClientOrderId::new(&format!("{}{count}", self.prefix))
            .expect("prefix and count stay within the alphabet and the length")
    }
}

/// What an id of ours was made from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Minted {
    /// The slot of its source.
    pub slot: u16,
    /// When its source began, to the millisecond.
    pub started: Timestamp,
    /// How many ids its source had given before.
    pub count: u64,
}

impl ClientOrderId {
    /// What this id was made from; none when it is not one of [`ClientOrderIds`].
    #[must_use]
    pub fn minted(&self) -> Option<Minted> {
        let (slot, rest) = self.as_str().strip_prefix(SCHEMA)?.split_at_checked(SLOT_DIGITS)?;
        let (started, count) = rest.split_at_checked(TIME_DIGITS)?;
        Some(Minted {
            slot: u16::try_from(number(slot)?).ok()?,
            started: Timestamp::from_millis(number(started)?),
            count: number(count.strip_prefix('-')?)?,
        })
    }

    /// Whether an id was minted by Tradewind, in this process or another.
    #[must_use]
    pub fn is_ours(&self) -> bool {
        self.as_str().starts_with(SCHEMA)
    }
}

/// The number that digits of base 32 stand for; none when there are none, or others among them, or
/// too many.
fn number(digits: &str) -> Option<u64> {
    if digits.is_empty() {
        return None;
    }
    digits.bytes().try_fold(0_u64, |sum, byte| {
        let digit = DIGITS.iter().position(|digit| *digit == byte)?;
        sum.checked_mul(32)?.checked_add(u64::try_from(digit).ok()?)
    })
}

/// A number in base 32, with leading zeros up to `width`.
fn base32(mut number: u64, width: usize) -> String {
    let mut digits = Vec::with_capacity(13);
    while number > 0 || digits.len() < width {
        digits.push(char::from(DIGITS[usize::from((number % 32) as u8)]));
        number /= 32;
    }
    digits.iter().rev().collect()
}
