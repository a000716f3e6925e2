//! A run from its start to its exit code: what `tradewind run` does, and any program like it.
//!
//! It trades until its time is over, somebody asks it to stop, or it cannot go on; then it cancels
//! its own orders, waits for the venue's word on each, and prints what it all came to. Whoever
//! asks twice is not kept waiting.

mod routed;

use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use tracing_subscriber::filter::LevelFilter;
use tradewind_engine::journal::Trading;
use tradewind_engine::{Failure, Snapshot};
use tradewind_model::Timestamp;
use tradewind_model::notice::VenueStatus;
use tradewind_model::trading::{TradingScope, TradingState};
use tradewind_runtime::{Config, End, Subject};
use tradewind_strategy::Registry;

use crate::cli::{UsageError, time};
use crate::logs;
use crate::report::Closing;
use crate::routed::RoutedClosing;
use crate::session::{About, Session, StartError};
use crate::signals::{Asked, Signals};
use crate::view::screen::Screen;
use crate::view::{LOG_LINES, Scene};

/// How long canceling may take at the end, and how long asking the venue afterwards.
const PATIENCE: Duration = Duration::from_secs(15);
/// How often a line is written to a pipe.
const LINE_EVERY: Duration = Duration::from_secs(1);
/// How often the page is drawn.
const PAGE_EVERY: Duration = Duration::from_millis(200);
/// How long strategies and tasks that hang are waited for when all is said.
const GOODBYE_MAX: Duration = Duration::from_millis(200);

/// How long to run, what to print, and what goes wrong at an embedded venue meanwhile.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// From when the venue is live; without end when it is not given.
    pub time: Option<Duration>,
    /// Whether every line on stdout is an object of JSON, the closing report the last.
    pub is_json: bool,
    /// A ban by the most preferred venue, which has to be an embedded one: with the first order
    /// that it gets by then.
    pub ban: Option<Ban>,
}

/// A ban that is asked for, to see what comes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ban {
    /// When it begins, from when the venue is live.
    pub after: Duration,
    /// How long it lasts.
    pub lasts: Duration,
}

impl std::str::FromStr for Ban {
    type Err = UsageError;

    /// Reads `ban@10s:20s`: ten seconds after the start, for twenty.
    fn from_str(text: &str) -> Result<Self, UsageError> {
        let ban = text.strip_prefix("ban@").and_then(|rest| {
            let (after, lasts) = rest.split_once(':')?;
            Some(Self { after: time(after).ok()?, lasts: time(lasts).ok()? })
        });
        ban.ok_or_else(|| {
            UsageError::new(format!("`{text}` is no chaos; write ban@WHEN:HOWLONG, as ban@10s:20s"))
        })
    }
}

/// Where a run prints to.
pub struct Console<'w> {
    /// The report, and the state while it lasts.
    pub out: &'w mut dyn Write,
    /// Whether that is a terminal, so that the state may be shown in place.
    pub is_terminal: bool,
}

/// Why a run was no success.
#[derive(Debug, thiserror::Error)]
pub enum Stopped {
    /// It never started.
    #[error(transparent)]
    Start(#[from] StartError),
    /// It could not go on.
    #[error(transparent)]
    Failed(#[from] Failure),
    /// It ended as asked, and something is wrong.
    #[error("{0}")]
    Flawed(String),
    /// This machine would not do its part.
    #[error("cannot go on: {0}")]
    Machine(#[from] io::Error),
    /// The engine is gone without a word, which is a mistake of ours. Orders may be open.
    #[error("the engine has ended unasked; orders may still be open at the venue")]
    Lost,
    /// Somebody asked twice. Orders may be open.
    #[error("interrupted before the end; orders may still be open at the venue")]
    Interrupted,
}

impl Stopped {
    /// The exit code: 2 for wrong input, 130 for an interruption, 1 for everything else.
    #[must_use]
    pub const fn code(&self) -> u8 {
        match self {
            Self::Start(error) if error.is_of_machine() => 1,
            Self::Start(_)
            | Self::Failed(
                Failure::UnknownInstrument { .. }
                | Failure::Auth { .. }
                | Failure::VenueReset { .. },
            ) => 2,
            Self::Failed(Failure::Unreachable { .. })
            | Self::Flawed(_)
            | Self::Machine(_)
            | Self::Lost => 1,
            Self::Interrupted => 130,
        }
    }
}

/// Runs a configuration in this process, as its whole program: prints the state and the closing
/// report on stdout, what is wrong on stderr in one line, and gives the exit code.
#[must_use]
pub fn launch(config: &Config<'_>, registry: &Registry, options: Options) -> ExitCode {
    let is_terminal = io::stdout().is_terminal() && !options.is_json;
    let is_quiet = is_terminal || options.is_json;
    let level = if is_quiet { LevelFilter::WARN } else { LevelFilter::INFO };
    if let Err(error) = logs::start(level, config.log.attempts.as_deref()) {
        let path = config.log.attempts.as_deref().unwrap_or_else(|| Path::new("")).display();
        let error =
            format!("log.attempts names {path}, which cannot be written ({error}); name another");
        return fail(&UsageError::new(error), 2);
    }
    let mut out = io::stdout();
    let console = Console { out: &mut out, is_terminal };
    let ended = if config.is_routed() {
        run_routed(config, registry, options, console).map(drop)
    } else {
        run(config, registry, options, console).map(drop)
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(stopped) => fail(&stopped, stopped.code()),
    }
}

/// Runs a configuration with several routes, and gives the closing report.
///
/// # Errors
/// As for [`run`].
pub fn run_routed(
    config: &Config<'_>,
    registry: &Registry,
    options: Options,
    console: Console<'_>,
) -> Result<RoutedClosing, Stopped> {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let result = runtime.block_on(routed::trade(config, registry, options, console));
    runtime.shutdown_timeout(GOODBYE_MAX);
    result
}

/// Says on stderr, in one line, why the program ends, and gives the exit code.
pub fn fail(error: &dyn std::error::Error, code: u8) -> ExitCode {
    // An error is a line, whatever it quotes.
    let line = error.to_string().split_whitespace().collect::<Vec<_>>().join(" ");
    // A closed stderr is nobody to tell.
    writeln!(io::stderr(), "error: {line}").ok();
    ExitCode::from(code)
}

/// Prints a text that was asked for.
pub fn say(text: &str) -> ExitCode {
    // Whoever stops reading has seen enough.
    writeln!(io::stdout(), "{}", text.trim_end()).ok();
    ExitCode::SUCCESS
}

/// Runs a configuration, and gives the closing report.
///
/// # Errors
/// When it did not start, could not go on, or ended with something wrong; the report is printed
/// all the same when there is one.
pub fn run(
    config: &Config<'_>,
    registry: &Registry,
    options: Options,
    console: Console<'_>,
) -> Result<Closing, Stopped> {
    // One thread for the engine and one for what would keep it waiting.
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let result = runtime.block_on(trade(config, registry, options, console));
    runtime.shutdown_timeout(GOODBYE_MAX);
    result
}

async fn trade(
    config: &Config<'_>,
    registry: &Registry,
    options: Options,
    console: Console<'_>,
) -> Result<Closing, Stopped> {
    let mut signals = Signals::listen()?;
    let session = Session::start(config, registry).await?;
    let mut face = Face::new(console, options.is_json, session.about().clone());
    if let Err(stopped) = watch(&session, options, &mut face, &mut signals).await {
        session.abandon().await;
        return Err(stopped);
    }
    let closing = tokio::select! {
        closing = session.close(PATIENCE) => closing?,
        () = signals.stop() => return Err(Stopped::Interrupted),
    };
    face.close(&closing);
    match closing.flaw() {
        Some(flaw) => Err(Stopped::Flawed(flaw)),
        None => Ok(closing),
    }
}

/// Shows the run until it is to end.
async fn watch(
    session: &Session,
    options: Options,
    face: &mut Face<'_>,
    signals: &mut Signals,
) -> Result<(), Stopped> {
    let (mut watched, mut ending) = (session.desk(), session.desk());
    let mut deadline = None;
    loop {
        // In order: who wants to stop is not kept waiting by what is to be seen.
        let snapshot = tokio::select! {
            biased;
            asked = signals.next() => match asked {
                Asked::Stop => break,
                Asked::Halt => {
                    // Nothing waits for the disk here: what it forbids is forbidden already.
                    tokio::spawn(halt(session.desk()));
                    continue;
                }
            },
            end = ending.ended() => match end {
                End::Failed(failure) => return Err(failure.into()),
                End::Drained { .. } => break,
            },
            renewed = watched.renewed() => match renewed {
                Some(snapshot) => snapshot,
                None => return Err(Stopped::Lost),
            },
        };
        let now = session.now();
        if deadline.is_none() && snapshot.status == VenueStatus::Live {
            deadline = options.time.map(|time| now + time);
        }
        face.show(&snapshot, deadline.map(|deadline| deadline.since(now)), false);
        if deadline.is_some_and(|deadline| now >= deadline) {
            break;
        }
    }
    face.show(&session.desk().snapshot(), None, true);
    Ok(())
}

/// Halts trading because a signal says so.
async fn halt(subject: impl Into<Subject>) {
    let (scope, state) = (TradingScope::Everything, TradingState::Halted);
    let trading = Trading { scope, state, reason: "SIGUSR1".to_owned() };
    if let Err(error) = subject.into().set_trading(trading).await {
        tracing::warn!("trading is halted until this run ends: {error}");
    }
}

/// The way a run is shown.
struct Face<'w> {
    out: &'w mut dyn Write,
    screen: Option<Screen>,
    is_json: bool,
    about: About,
    shown_at: Option<Timestamp>,
}

impl<'w> Face<'w> {
    fn new(console: Console<'w>, is_json: bool, about: About) -> Self {
        // A terminal that will not be borrowed gets lines like a pipe.
        let screen = console.is_terminal.then(Screen::borrow).and_then(Result::ok);
        Self { out: console.out, screen, is_json, about, shown_at: None }
    }

    fn show(&mut self, snapshot: &Arc<Snapshot>, left: Option<Duration>, is_stopping: bool) {
        let every = if self.screen.is_some() { PAGE_EVERY } else { LINE_EVERY };
        let is_due = self.shown_at.is_none_or(|last| snapshot.at.since(last) >= every);
        // A page says that it is stopping; a line that was written already says nothing new.
        let is_news = self.screen.is_some() || self.shown_at != Some(snapshot.at);
        let is_shown = is_due || (is_stopping && is_news);
        if !is_shown {
            return;
        }
        self.shown_at = Some(snapshot.at);
        let scene = Scene { about: &self.about, snapshot, left, is_stopping };
        match &self.screen {
            Some(screen) => {
                let page = scene.page(screen.size(), &logs::last(LOG_LINES));
                // A terminal that is gone sees nothing; the run goes on.
                screen.draw(&page).ok();
            }
            None if self.is_json => self.line(&scene.json()),
            None => self.line(&scene.text()),
        }
    }

    fn close(&mut self, closing: &Closing) {
        self.screen = None;
        if self.is_json {
            self.line(&closing.json());
        } else {
            self.line(closing);
        }
    }

    fn line(&mut self, line: &dyn std::fmt::Display) {
        // Whoever stops reading, as `head` does, has seen enough; the run goes on to its end.
        writeln!(self.out, "{}", line.to_string().trim_end()).ok();
        self.out.flush().ok();
    }
}
