//! What an operator commands from a shell: `halt`, `reduce-only`, `flatten`, `resume`, `status`.
//!
//! Nobody writes in a journal but its run. So while there is a run it is asked, at the endpoint
//! that it has noted in the folder of its state; when there is none, its slot is taken for a moment
//! and the command is written down for the next one to find. Whoever holds the slot is the one that
//! writes, and a run that holds it and cannot be reached is never written past.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::mpsc;
use std::time::Duration;

use clap::Args;
use serde_json::{Value, json};
use tradewind_engine::journal::{Answer, Append, AppendId, Entry, Record, Recovered, Trading};
use tradewind_journal::{DiskJournal, Journal as _, inspect};
use tradewind_model::id::StrategyId;
use tradewind_model::trading::{TradingScope, TradingState};
use tradewind_runtime::config::Place;
use tradewind_runtime::control::{self, CommandError, Reached};
use tradewind_runtime::state::{Announcement, Claim, halt_file};
use tradewind_runtime::{Clock, Config, State, StateError};

use crate::session::StartError;
use crate::session::command::given_token;
use crate::session::kept::{self, Kept};
use crate::trade;

/// How long the disk may take.
const DISK_MAX: Duration = Duration::from_secs(10);
/// How often a run is looked for that has begun and cannot be reached yet, and after how long.
const LOOKS: u32 = 20;
const BETWEEN_LOOKS: Duration = Duration::from_millis(100);

/// What a command is about.
#[derive(Clone, Debug, Args)]
pub(crate) struct About {
    /// The configuration of the run, as those in `config/`.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: PathBuf,
    /// One strategy alone, by its name; without it, everything that the run trades.
    #[arg(long, value_name = "NAME")]
    strategy: Option<StrategyId>,
    /// The account, by itself: what is set for it is resumed for it.
    #[arg(long, conflicts_with = "strategy")]
    account: bool,
    /// Why; it is written down.
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

/// Why a command was not carried out.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OperateError {
    #[error(transparent)]
    Start(#[from] StartError),
    #[error(transparent)]
    Command(#[from] CommandError),
    #[error(
        "a run has engine.slot {slot} and cannot be reached; make a file {} to halt it, or send it \
         SIGUSR1", .halt.display()
    )]
    OutOfReach { slot: u16, halt: PathBuf },
    #[error("{} is there; remove it, then resume", .0.display())]
    HaltFile(PathBuf),
    #[error("{0} is not in the configuration; it names {1}")]
    NoStrategy(StrategyId, String),
    #[error(
        "there are {0} accounts in the configuration; leave --account out to command all of them, \
         or name a strategy"
    )]
    SeveralAccounts(usize),
    #[error("{0}")]
    Journal(String),
}

impl About {
    fn scope(&self, config: &Config<'_>) -> Result<TradingScope, OperateError> {
        if self.account && !config.others.is_empty() {
            return Err(OperateError::SeveralAccounts(config.routes().count()));
        }
        if self.account {
            return Ok(TradingScope::Account(config.route.venue.name, config.route.account.name));
        }
        let Some(strategy) = self.strategy else { return Ok(TradingScope::Everything) };
        if config.strategies.iter().all(|one| one.id != strategy) {
            let names: Vec<_> = config.strategies.iter().map(|one| one.id.to_string()).collect();
            return Err(OperateError::NoStrategy(strategy, names.join(", ")));
        }
        Ok(TradingScope::Strategy(strategy))
    }

    /// Sets how much trading is allowed, and says what was done.
    pub(crate) fn set(&self, config: &Config<'_>, state: TradingState) -> ExitCode {
        let set = self.scope(config).and_then(|scope| {
            let command = match state {
                TradingState::Running => "resume",
                TradingState::ReduceOnly => "reduce-only",
                TradingState::Halted => "halt",
                TradingState::Flatten => "flatten",
            };
            let words = self.reason.as_deref().unwrap_or("").split_whitespace();
            let words = words.collect::<Vec<_>>().join(" ");
            let reason = match words.as_str() {
                "" => format!("`tradewind {command}`"),
                words => format!("`tradewind {command}`: {words}"),
            };
            set(config, Trading { scope, state, reason })
        });
        match set {
            Ok(said) => trade::say(&said),
            Err(error) => trade::fail(&error, error.code()),
        }
    }
}

impl OperateError {
    const fn code(&self) -> u8 {
        match self {
            Self::Start(_)
            | Self::NoStrategy(..)
            | Self::SeveralAccounts(_)
            | Self::HaltFile(_) => 2,
            Self::Command(_) | Self::OutOfReach { .. } | Self::Journal(_) => 1,
        }
    }
}

/// Prints how a run stands, or what the next one will find.
pub(crate) fn status(config: &Config<'_>) -> ExitCode {
    let kept = match all_kept(config) {
        Ok(kept) => kept,
        Err(error) => return trade::fail(&error, error.code()),
    };
    let said = match reached(config, &kept) {
        Ok(Some(reached)) => match block_on(control::status(&reached)) {
            // What a run that was killed has left.
            Ok(Err(CommandError::NotThere { .. })) => at_journals(&kept),
            Ok(said) => said.map_err(OperateError::from),
            Err(error) => Err(error),
        },
        Ok(None) => at_journals(&kept),
        Err(error) => Err(error),
    };
    match said.map(|value| serde_json::to_string_pretty(&value).unwrap_or_default()) {
        Ok(text) => trade::say(&text),
        Err(error) => trade::fail(&error, error.code()),
    }
}

/// Of each route of which anything is kept: the configuration as if it were alone, and where it is.
type AllKept<'t> = Vec<(Config<'t>, Kept)>;

/// Where the states and journals of a run are.
fn all_kept<'t>(config: &Config<'t>) -> Result<AllKept<'t>, OperateError> {
    let kept = |own: &Config<'t>| Ok((own.clone(), Kept::of(own)?));
    Ok(kept::by_each(config, kept)?)
}

/// What the next run will find, by each of its routes.
fn at_journals(all: &AllKept<'_>) -> Result<Value, OperateError> {
    let [(config, kept)] = all.as_slice() else {
        let mut routes = Vec::new();
        for (config, kept) in all {
            let mut found = at_journal(config, kept)?;
            if let Some(fields) = found.as_object_mut() {
                fields.insert("venue".to_owned(), config.route.venue.name.as_str().into());
                fields.insert("account".to_owned(), config.route.account.name.as_str().into());
            }
            routes.push(found);
        }
        let forbidden: Vec<_> =
            routes.iter().filter_map(|one| one["trading"].as_array()).flatten().cloned().collect();
        let is_said = |one: &&Value| !one["halt_file"].is_null();
        let file = routes.iter().find(is_said).map(|one| one["halt_file"].clone());
        return Ok(json!({
            "status": "not running",
            "trading": forbidden,
            "halt_file": file,
            "routes": routes,
        }));
    };
    at_journal(config, kept)
}

/// What the next run will find. Nothing is held meanwhile, so that a run can begin.
fn at_journal(config: &Config<'_>, kept: &Kept) -> Result<Value, OperateError> {
    let recovered = match config.route.venue.place {
        Place::Embedded { .. } => None,
        Place::Served(_) | Place::Remote { .. } => {
            inspect(&kept::journal_folder(config)?).map_err(StartError::Journal)?
        }
    };
    let recovered = recovered.unwrap_or_default();
    let trading = recovered.trading.values().map(|(since, trading)| {
        json!({
            "scope": trading.scope.spelled(),
            "state": trading.state.name(),
            "reason": trading.reason,
            "since": since.to_string(),
        })
    });
    let trading: Vec<_> = trading.collect();
    let file = halt_file(&kept.folder()).map(|file| file.display().to_string());
    Ok(json!({ "status": "not running", "trading": trading, "halt_file": file }))
}

fn set(config: &Config<'_>, trading: Trading) -> Result<String, OperateError> {
    let kept = all_kept(config)?;
    let of = (trading.scope, trading.state);
    let done = at_run_or_journal(
        config,
        &kept,
        |reached| {
            block_on(control::command(reached, &trading))??;
            Ok(format!("the run at {} has written it down", reached.address))
        },
        |claims| {
            let file = claims.iter().find_map(Claim::halt_file);
            if let Some(file) = file.filter(|_| of.1 == TradingState::Running) {
                return Err(OperateError::HaltFile(file));
            }
            write_all(&kept, claims, &trading)?;
            Ok("no run is there, and the next one will find it".to_owned())
        },
    )?;
    Ok(format!("trading is {} for {}: {done}", of.1, of.0))
}

/// Does something at the run, or with the slot of a run that is not there.
fn at_run_or_journal<T>(
    config: &Config<'_>,
    kept: &AllKept<'_>,
    at_run: impl Fn(&Reached) -> Result<T, OperateError>,
    at_journals: impl Fn(&[Claim]) -> Result<T, OperateError>,
) -> Result<T, OperateError> {
    let mut looks = 0;
    loop {
        if let Some(reached) = reached(config, kept)? {
            match at_run(&reached) {
                // What a run that was killed has left.
                Err(OperateError::Command(CommandError::NotThere { .. })) => {}
                done => return done,
            }
        }
        let claims = kept.iter().map(|(_, kept)| State::claim(&kept.dir, &kept.tenant));
        match claims.collect::<Result<Vec<_>, _>>() {
            Ok(claims) => return at_journals(&claims),
            // It begins, or it ends.
            Err(StateError::SlotTaken { .. }) if looks < LOOKS => {
                looks += 1;
                std::thread::sleep(BETWEEN_LOOKS);
            }
            Err(StateError::SlotTaken { slot }) => {
                // One beside the venues' folders halts every route.
                let place = match kept.as_slice() {
                    [(_, kept)] => Some(kept.folder()),
                    several => several.first().map(|(_, kept)| kept.dir.clone()),
                };
                let halt = place.unwrap_or_default().join(tradewind_runtime::state::HALT);
                return Err(OperateError::OutOfReach { slot, halt });
            }
            Err(error) => return Err(StartError::State(error).into()),
        }
    }
}

/// Where the run is commanded; none when no run has said so.
fn reached(config: &Config<'_>, all: &AllKept<'_>) -> Result<Option<Reached>, OperateError> {
    for (_, kept) in all {
        if let Some(reached) = reached_by(config, kept)? {
            return Ok(Some(reached));
        }
    }
    Ok(None)
}

fn reached_by(config: &Config<'_>, kept: &Kept) -> Result<Option<Reached>, OperateError> {
    let found = Announcement::find(&kept.folder(), kept.tenant.login.hash, kept.tenant.slot);
    let found = found.map_err(|error| {
        let path = kept.folder();
        OperateError::Journal(format!("{} cannot be read ({error})", path.display()))
    })?;
    let Some((address, noted)) = found else { return Ok(None) };
    let token = match noted {
        Some(token) => Some(token),
        None => given_token(&config.control)?,
    };
    let token = token.ok_or_else(|| {
        let variable = &config.control.token_env;
        OperateError::Journal(format!("the run asks for the token in {variable}; set it here too"))
    })?;
    Ok(Some(Reached { address, token }))
}

/// Opens the journal; the claim is that no run has it.
fn open(
    config: &Config<'_>,
    _claim: &Claim,
) -> Result<((DiskJournal, mpsc::Receiver<Answer>), Recovered), OperateError> {
    if let Place::Embedded { .. } = config.route.venue.place {
        let problem = "the embedded venue forgets everything with its run, and no run is there";
        return Err(OperateError::Journal(problem.to_owned()));
    }
    let folder = kept::journal_folder(config)?;
    let (told, answers) = mpsc::channel();
    // Nobody listens any more when this has ended.
    let tell = Box::new(move |answer| drop(told.send(answer)));
    let now = Clock::start().now();
    let opened = DiskJournal::open(&folder, kept::sync(config), now, tell);
    let (journal, recovered) = opened.map_err(StartError::Journal)?;
    Ok(((journal, answers), recovered))
}

/// Writes a command down for each route that keeps a journal.
fn write_all(kept: &AllKept<'_>, claims: &[Claim], trading: &Trading) -> Result<(), OperateError> {
    let is_inside = |config: &Config<'_>| config.route.venue.place.is_inside();
    // One that forgets everything is left out, where there is another.
    let remembers = kept.iter().any(|(config, _)| !is_inside(config));
    for ((config, _), claim) in kept.iter().zip(claims) {
        if !remembers || !is_inside(config) {
            write(config, claim, trading.clone())?;
        }
    }
    Ok(())
}

/// Writes a command down, and waits until it is durable.
fn write(config: &Config<'_>, claim: &Claim, trading: Trading) -> Result<(), OperateError> {
    let ((journal, answers), _) = open(config, claim)?;
    let records =
        vec![Record { at: Clock::start().now(), entry: Entry::Trading(Box::new(trading)) }];
    let failed = |problem: String| OperateError::Journal(problem);
    journal
        .append(Append { id: AppendId(1), records })
        .map_err(|_| failed("the journal takes nothing".to_owned()))?;
    loop {
        match answers.recv_timeout(DISK_MAX) {
            Ok(Answer::Durable(_)) => break,
            Ok(Answer::Refused(_, fault) | Answer::Failed(fault)) => {
                return Err(failed(fault.to_string()));
            }
            Ok(Answer::Restored | Answer::Compacted { .. }) => {}
            Err(_) => return Err(failed(format!("the disk has not answered in {DISK_MAX:?}"))),
        }
    }
    journal.close().map_err(|fault| failed(fault.to_string()))
}

fn block_on<T>(future: impl Future<Output = T>) -> Result<T, OperateError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| OperateError::Journal(error.to_string()))?;
    Ok(runtime.block_on(future))
}
