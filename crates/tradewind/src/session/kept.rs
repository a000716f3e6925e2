//! What is kept between the runs of a configuration: where, for whom, and the word of a person who
//! has seen to a refused key.

use std::path::{Path, PathBuf};

use tradewind_engine::Beginning;
use tradewind_engine::journal::Recovered;
use tradewind_journal::SyncMode;
use tradewind_model::attempt::AccountHash;
use tradewind_runtime::config::{JournalDurability, Place, VenueConfig};
use tradewind_runtime::state::{Inspection, Login, Tenant, folder_name, state_dir};
use tradewind_runtime::{Clock, Config, Scribe, State, StateError};

use super::{StartError, reach};

/// Where a run's state and journal are, for whoever looks for them from outside.
#[derive(Clone, Debug)]
pub(crate) struct Kept {
    pub(crate) dir: PathBuf,
    pub(crate) tenant: Tenant,
}

impl Kept {
    /// Of the runs of a configuration.
    pub(crate) fn of(config: &Config<'_>) -> Result<Self, StartError> {
        let dir = dir(config)?.ok_or_else(keeps_nothing)?;
        let login = Login { account: config.route.account.name, hash: hash(config)? };
        let holds_back = !config.route.venue.place.is_simulated();
        let slot = config.engine.slot;
        Ok(Self { dir, tenant: Tenant { venue: venue(config), login, slot, holds_back } })
    }

    /// The folder of the venue.
    pub(crate) fn folder(&self) -> PathBuf {
        self.dir.join(&self.tenant.venue)
    }
}

/// What a record of the journal survives.
pub(crate) const fn sync(config: &Config<'_>) -> SyncMode {
    match config.journal.durability {
        JournalDurability::Normal => SyncMode::Normal,
        JournalDurability::Full => SyncMode::Full,
    }
}

/// Opens the state of a run; none for an embedded venue that was given no folder.
pub(super) fn open(
    config: &Config<'_>,
    hash: AccountHash,
    clock: &Clock,
) -> Result<Option<State>, StartError> {
    let Some(dir) = dir(config)? else { return Ok(None) };
    let login = Login { account: config.route.account.name, hash };
    let holds_back = !config.route.venue.place.is_simulated();
    let tenant = Tenant { venue: venue(config), login, slot: config.engine.slot, holds_back };
    let state = State::open(&dir, tenant, clock)?;
    if let Some(since) = state.refused_since() {
        let (venue, account) = (config.route.venue.name, config.route.account.name);
        return Err(StartError::KeyRefused { venue, account, since });
    }
    Ok(Some(state))
}

/// Opens the journal of a run, and gives what it holds. An embedded venue forgets its orders with
/// the process: what was written of them would only be doubted in the next.
pub(super) fn open_journal(
    config: &Config<'_>,
    state: Option<&State>,
    hash: AccountHash,
    clock: &Clock,
) -> Result<(Scribe, Recovered), StartError> {
    let state = match config.route.venue.place {
        Place::Embedded { .. } => None,
        Place::Served(_) | Place::Remote { .. } => state,
    };
    let Some(state) = state else {
        return Ok((Scribe::in_memory()?, Recovered::default()));
    };
    let folder = state.path().join(journal_name(config, hash));
    let next = next_journal(&folder);
    if !folder.exists() && next.exists() {
        // Whoever had set the one before aside was stopped just before this.
        std::fs::rename(&next, &folder).map_err(|error| super::machine(&error))?;
    }
    Ok(Scribe::open(&folder, sync(config), clock.now(), config.journal.keep())?)
}

/// Where the journal of a configuration is, whether or not there is one yet.
///
/// # Errors
/// When nothing is kept for it, or its key, which says whose journal it is, is not in the
/// environment.
pub fn journal_folder(config: &Config<'_>) -> Result<PathBuf, StartError> {
    if let Place::Embedded { .. } = config.route.venue.place {
        return Err(keeps_nothing());
    }
    let dir = dir(config)?.ok_or_else(keeps_nothing)?;
    Ok(dir.join(venue(config)).join(journal_name(config, hash(config)?)))
}

/// Where a journal is made that is to take the place of another.
pub(crate) fn next_journal(folder: &Path) -> PathBuf {
    let mut name = folder.file_name().unwrap_or_default().to_owned();
    name.push(".next");
    folder.with_file_name(name)
}

/// How somebody has to begin who only looks: beside a bot, and silent where it is.
pub(crate) fn glance(
    config: &Config<'_>,
    hash: AccountHash,
    clock: &Clock,
) -> Result<Beginning, StartError> {
    let dir = dir(config)?.ok_or_else(keeps_nothing)?;
    let login = Login { account: config.route.account.name, hash };
    Ok(State::glance(&dir, &venue(config), login, clock)?)
}

fn journal_name(config: &Config<'_>, hash: AccountHash) -> String {
    format!("journal-{hash}-{}", config.engine.slot)
}

/// Whose login it is.
fn hash(config: &Config<'_>) -> Result<AccountHash, StartError> {
    Ok(reach::signer(&config.route)?.account_hash())
}

/// Does something with each of a configuration's routes as if it were alone. Those of which nothing
/// is kept are left out, unless there is no other.
///
/// # Errors
/// The first thing that is wrong with one of them.
pub(crate) fn by_each<'t, T>(
    config: &Config<'t>,
    act: impl Fn(&Config<'t>) -> Result<T, StartError>,
) -> Result<Vec<T>, StartError> {
    let mut all = Vec::new();
    for route in config.routes() {
        match act(&config.by(route)) {
            Ok(one) => all.push(one),
            Err(StartError::State(StateError::NotKept)) => {}
            Err(error) => return Err(error),
        }
    }
    if all.is_empty() { Err(keeps_nothing()) } else { Ok(all) }
}

/// Says what is kept for a configuration, in lines; nothing is changed.
///
/// # Errors
/// When nothing is kept for it, or that cannot be read.
pub fn inspect(config: &Config<'_>) -> Result<String, StartError> {
    let dir = dir(config)?.ok_or_else(keeps_nothing)?;
    let inspection = Inspection::of(&dir, &venue(config), Clock::start().now());
    let inspection = inspection.map_err(|error| StateError::Unusable { path: dir, error })?;
    Ok(inspection.to_string())
}

/// Notes that a person has seen to the key of a configuration's account. Processes that run with it
/// try it once more within a second; those that begin do as if nothing had been.
///
/// # Errors
/// When nothing is kept for it, its key is not in the environment, or the state cannot be written.
pub fn clear_key(config: &Config<'_>) -> Result<String, StartError> {
    let dir = dir(config)?.ok_or_else(keeps_nothing)?;
    let hash = hash(config)?;
    let login = Login { account: config.route.account.name, hash };
    let was_refused = State::clear_key(&dir, &venue(config), login, &Clock::start())?;
    let account = config.route.account.name;
    Ok(if was_refused {
        format!("the key of account {account} ({hash}) may be tried again")
    } else {
        format!("the key of account {account} ({hash}) was not noted as refused")
    })
}

fn keeps_nothing() -> StartError {
    StartError::State(StateError::NotKept)
}

/// Where it is kept; none when it is not.
fn dir(config: &Config<'_>) -> Result<Option<PathBuf>, StateError> {
    match (&config.route.venue.place, &config.state.dir) {
        // Its bans end with it.
        (Place::Embedded { .. }, None) => Ok(None),
        (_, configured) => match state_dir(configured.as_deref()) {
            Some(dir) => Ok(Some(dir)),
            None => Err(StateError::NoPlace),
        },
    }
}

/// What the folder of the venue is called. Simulated ones are where somebody put them: what is kept
/// of one kind is no catalog for another that is at the same place later.
fn venue(config: &Config<'_>) -> String {
    let VenueConfig { name, adapter, place, base_urls: _ } = &config.route.venue;
    let url = match place {
        Place::Embedded { .. } => format!("{name}.{adapter}"),
        Place::Served(at) => format!("{at}.{adapter}"),
        Place::Remote { endpoint, .. } => endpoint.rest.clone(),
    };
    folder_name(*name, Some(&url))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(adapter: &str, place: &str) -> String {
        let text = format!(
            "[venue]\nname = 'here'\nadapter = '{adapter}'\n{place}\n\
             [[strategy]]\nkind = 'grid'\ninstruments = ['BTC-USDT']\n"
        );
        venue(&Config::parse("a.toml", &text).unwrap())
    }

    #[test]
    fn venues_of_two_kinds_at_one_place_share_no_folder() {
        for place in ["[venue.embedded]", "[venue.embedded]\nat = '127.0.0.1:9000'"] {
            assert_ne!(folder("binance", place), folder("bitget", place), "{place}");
        }
        let remote = "[venue.endpoint]\nrest = 'https://venue.test'\n\
                      account_stream = 'wss://venue.test'\nmarket_stream = 'wss://venue.test'";
        assert_eq!(folder("binance", remote), "venue.test", "what bans is the host");
    }
}
