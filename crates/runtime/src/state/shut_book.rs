//! What the venue has shut, for every process of this user on this machine, as one file.
//!
//! A ban is met by one process and holds for all that leave by the same address; a refused key is
//! met by one and holds for all that use it. So all of them write into one book, and each entry is
//! the latest and gravest that anybody was told. Three rules keep the book from keeping itself
//! alive:
//!
//! - An entry is taken out by whoever sees the scope open, unless somebody has lengthened it.
//! - An entry whose time is over is news only to a process that begins: it owes a probe. To one
//!   that runs it says nothing, or two processes could shut each other for ever.
//! - A refused key that a person has seen to is void, whoever still notes it, until it is refused
//!   again.
//!
//! Accounts stand in it as hashes of their keys: names are each configuration's own, and nobody
//! else's business. All times are by the wall's clock, which is all that processes have in common.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tradewind_model::Timestamp;
use tradewind_model::attempt::AccountHash;
use tradewind_model::call::EndpointGroup;
use tradewind_model::id::{AccountId, EgressId};
use tradewind_scheduler::{ScopeKey, ShutReason, ShutRecord};

use super::document::{self, Damage, exact, exact_or_none};

/// The longest that a scope is noted to be shut: ten times the longest ban there is (Binance:
/// three days; rest-api.md, IP limits, read 2026-11). What is longer was never written by us.
pub const STAY_MAX: Duration = Duration::from_secs(30 * DAY);
/// Two ends that are no further apart are one: processes tell the time by clocks that differ a
/// little, and must not outbid each other for that.
const SAME: Duration = Duration::from_secs(2);
/// For how long after its end an entry that owes a probe is kept for whoever begins.
const OWED_FOR: Duration = Duration::from_secs(DAY);

const DAY: u64 = 86_400;

/// A process, as far as the book tells them apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Login {
    /// What its configuration calls the account.
    pub account: AccountId,
    /// What everybody can call it.
    pub hash: AccountHash,
}

/// What is shut, by scope.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ShutBook {
    entries: BTreeMap<Place, Entry>,
    /// When a person last saw to a refused key.
    cleared: BTreeMap<AccountHash, Timestamp>,
}

/// A [`ScopeKey`] that means the same to every process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Place {
    Egress(EgressId),
    Account(AccountHash),
    NewOrders(AccountHash),
    Group(EgressId, EndpointGroup),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Entry {
    reason: ShutReason,
    since: Timestamp,
    /// None for until a person clears it.
    until: Option<Timestamp>,
    strikes: u32,
}

#[derive(Serialize, Deserialize)]
struct Body {
    shut: Vec<Line>,
    #[serde(default)]
    cleared: Vec<Clearing>,
}

#[derive(Serialize, Deserialize)]
struct Line {
    scope: Place,
    reason: ShutReason,
    #[serde(with = "exact")]
    since: Timestamp,
    #[serde(with = "exact_or_none")]
    until: Option<Timestamp>,
    strikes: u32,
}

#[derive(Serialize, Deserialize)]
struct Clearing {
    account: AccountHash,
    #[serde(with = "exact")]
    at: Timestamp,
}

impl ShutBook {
    /// Reads the book from its file. When it is from the future, the wall's clock was set back
    /// since, and all of its times with it: what was left to wait is left to wait.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(now: Timestamp, text: &[u8]) -> Result<Self, Damage> {
        let (written_at, body) = document::read::<Body>(text)?;
        let ahead = written_at.since(now);
        let mut book = Self::default();
        for Line { scope, reason, since, until, strikes } in body.shut {
            if let Some(until) = until
                && until.since(written_at) > STAY_MAX
            {
                let days = until.since(written_at).as_secs() / DAY;
                return Err(Damage::Absurd(format!(
                    "it says that something is shut for {days} days"
                )));
            }
            let (since, until) = (since - ahead, until.map(|until| until - ahead));
            book.entries.insert(scope, Entry { reason, since, until, strikes });
        }
        book.cleared = body.cleared.into_iter().map(|one| (one.account, one.at - ahead)).collect();
        Ok(book)
    }

    /// The text of its file.
    #[must_use]
    pub fn render(&self, now: Timestamp) -> Vec<u8> {
        let line = |(scope, entry): (&Place, &Entry)| {
            let Entry { reason, since, until, strikes } = *entry;
            Line { scope: *scope, reason, since, until, strikes }
        };
        let shut = self.entries.iter().map(line).collect();
        let cleared =
            self.cleared.iter().map(|(account, at)| Clearing { account: *account, at: *at });
        document::write(now, Body { shut, cleared: cleared.collect() })
    }

    /// Enters what a process knows to be shut, `known`, where `before` is what it knew when it
    /// last did so: what is no longer there has opened.
    pub fn enter(
        &mut self,
        now: Timestamp,
        login: Login,
        before: &[ShutRecord],
        known: &[ShutRecord],
    ) {
        for record in before.iter().filter(|record| find(known, &record.scope).is_none()) {
            let (place, knew) = (Place::of(login, &record.scope), Entry::of(now, record));
            // Whoever was told more than we were keeps it shut.
            if self.entries.get(&place).is_some_and(|entry| knew.outlives(entry)) {
                self.entries.remove(&place);
            }
        }
        for record in known {
            let (place, entry) = (Place::of(login, &record.scope), Entry::of(now, record));
            let is_new = find(before, &record.scope).is_none();
            let is_over = entry.until.is_some_and(|until| until <= now);
            if self.is_void(&place, &entry) || (is_over && !is_new) {
                continue;
            }
            match self.entries.get_mut(&place) {
                Some(noted) if noted.covers(&entry) => {}
                Some(noted) => *noted = noted.with(entry),
                None => drop(self.entries.insert(place, entry)),
            }
        }
        self.expire(now);
    }

    /// What a process that runs and knows this much has still to be told.
    #[must_use]
    pub fn news(&self, now: Timestamp, login: Login, known: &[ShutRecord]) -> Vec<ShutRecord> {
        let is_news = |record: &ShutRecord| {
            let entry = Entry::of(now, record);
            let is_known = find(known, &record.scope)
                .is_some_and(|known| Entry::of(now, known).covers(&entry));
            entry.until.is_none_or(|until| until > now) && !is_known
        };
        self.records(login).into_iter().filter(is_news).collect()
    }

    /// What a process of this login that begins has to know.
    #[must_use]
    pub fn records(&self, login: Login) -> Vec<ShutRecord> {
        let record = |(place, entry): (&Place, &Entry)| {
            let Entry { reason, since, until, strikes } = *entry;
            let scope = place.scope(login).filter(|_| !self.is_void(place, entry))?;
            Some(ShutRecord { scope, reason, since, until, strikes })
        };
        self.entries.iter().filter_map(record).collect()
    }

    /// A person has seen to the key of an account: what was noted of its refusal is void. Tells
    /// whether anything was.
    pub fn clear(&mut self, now: Timestamp, account: AccountHash) -> bool {
        self.cleared.insert(account, now);
        let noted = self.entries.len();
        self.entries
            .retain(|place, entry| *place != Place::Account(account) || entry.until.is_some());
        self.entries.len() < noted
    }

    /// When a person last saw to the key of an account.
    #[must_use]
    pub fn cleared_at(&self, account: AccountHash) -> Option<Timestamp> {
        self.cleared.get(&account).copied()
    }

    /// A line for a person to read about each entry.
    #[must_use]
    pub fn lines(&self, now: Timestamp) -> Vec<String> {
        let line = |(place, entry): (&Place, &Entry)| {
            let Entry { reason, since, until, strikes } = entry;
            let until = match until {
                Some(until) if *until > now => {
                    format!("until {until} ({} s more)", until.since(now).as_secs())
                }
                Some(until) => format!("until {until}; a probe is owed"),
                None => "until a person clears it".to_owned(),
            };
            let times = if *strikes > 1 { format!(", {strikes} times") } else { String::new() };
            format!("{place} is shut {until}: {reason}, since {since}{times}")
        };
        self.entries.iter().map(line).collect()
    }

    /// Forgets what can matter to nobody any more.
    fn expire(&mut self, now: Timestamp) {
        self.entries.retain(|_, entry| match entry.until {
            Some(until) if entry.reason.needs_probe() => until + OWED_FOR > now,
            Some(until) => until > now,
            None => true,
        });
        self.cleared.retain(|_, at| *at + STAY_MAX > now);
    }

    /// Whether a person has seen to it since.
    fn is_void(&self, place: &Place, entry: &Entry) -> bool {
        let Place::Account(account) = place else { return false };
        let cleared = self.cleared.get(account);
        entry.until.is_none() && cleared.is_some_and(|cleared| entry.since <= *cleared)
    }
}

fn find<'r>(records: &'r [ShutRecord], scope: &ScopeKey) -> Option<&'r ShutRecord> {
    records.iter().find(|record| record.scope == *scope)
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Egress(egress) => write!(f, "egress {egress}"),
            Self::Account(account) => write!(f, "account {account}"),
            Self::NewOrders(account) => write!(f, "new orders of account {account}"),
            Self::Group(egress, group) => write!(f, "{group:?} calls of egress {egress}"),
        }
    }
}

impl Place {
    fn of(login: Login, scope: &ScopeKey) -> Self {
        debug_assert!(
            !matches!(scope, ScopeKey::Account(account) | ScopeKey::NewOrders(account)
                if *account != login.account),
            "a process has one account"
        );
        match *scope {
            ScopeKey::Egress(egress) => Self::Egress(egress),
            ScopeKey::Account(_) => Self::Account(login.hash),
            ScopeKey::NewOrders(_) => Self::NewOrders(login.hash),
            ScopeKey::Group(egress, group) => Self::Group(egress, group),
        }
    }

    /// What a process of this login calls it; none when it is another account's.
    fn scope(&self, login: Login) -> Option<ScopeKey> {
        match *self {
            Self::Egress(egress) => Some(ScopeKey::Egress(egress)),
            Self::Account(hash) => (hash == login.hash).then_some(ScopeKey::Account(login.account)),
            Self::NewOrders(hash) => {
                (hash == login.hash).then_some(ScopeKey::NewOrders(login.account))
            }
            Self::Group(egress, group) => Some(ScopeKey::Group(egress, group)),
        }
    }
}

impl Entry {
    fn of(now: Timestamp, record: &ShutRecord) -> Self {
        let ShutRecord { reason, since, until, strikes, .. } = *record;
        Self { reason, since, until: until.map(|until| until.min(now + STAY_MAX)), strikes }
    }

    /// Whether whoever knows this need not be told `other`.
    fn covers(&self, other: &Self) -> bool {
        let lasts = match (self.until, other.until) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(until), Some(other)) => until + SAME >= other,
        };
        lasts && self.reason >= other.reason
    }

    /// Whether the end of this is the end of `other`: a key that was refused once more has not
    /// been accepted.
    fn outlives(&self, other: &Self) -> bool {
        let is_later = other.until.is_none() && other.since > self.since + SAME;
        self.covers(other) && !is_later
    }

    /// The later and graver of both. Where it is the key, the later since, too: it may have been
    /// refused again after a person had seen to it.
    fn with(self, other: Self) -> Self {
        let until = match (self.until, other.until) {
            (Some(until), Some(other)) => Some(until.max(other)),
            (None, _) | (_, None) => None,
        };
        Self {
            reason: self.reason.max(other.reason),
            since: self.since.max(other.since),
            until,
            strikes: self.strikes.max(other.strikes),
        }
    }
}

#[cfg(test)]
mod tests;
