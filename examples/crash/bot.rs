//! The bot: the ordinary program with the grid in it, in a process that can be killed.

use std::fs::{File, OpenOptions};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::Duration;

use tradewind::cli::UsageError;
use tradewind::session::kept;
use tradewind::trade::{self, Options};
use tradewind::{Config, Registry};
use tradewind_grid::Grid;

use crate::Failed;
use crate::args::Place;

/// Lives as the configuration says.
pub(crate) fn live(config: &Path, time: Option<Duration>) -> ExitCode {
    let name = config.display().to_string();
    let text = match std::fs::read_to_string(config) {
        Ok(text) => text,
        Err(error) => return trade::fail(&UsageError::new(format!("{name}: {error}")), 2),
    };
    let registry = Registry::new().with::<Grid>("grid");
    match Config::parse(&name, &text) {
        Ok(config) => trade::launch(&config, &registry, Options { time, is_json: true, ban: None }),
        Err(error) => trade::fail(&error, 2),
    }
}

/// Where the bot's files are, and how it is started.
#[derive(Debug)]
pub(crate) struct Bot {
    folder: PathBuf,
    config: PathBuf,
    /// Where its journal will be.
    pub(crate) journal: PathBuf,
}

impl Bot {
    /// Writes the configuration of a bot that trades at `venue` and keeps its files in `folder`.
    pub(crate) fn new(
        folder: &Path,
        place: Place,
        venue: SocketAddr,
        seed: u64,
    ) -> Result<Self, Failed> {
        let text = configuration(folder, place, venue, seed);
        let config = folder.join("bot.toml");
        std::fs::write(&config, &text)?;
        let journal = kept::journal_folder(&Config::parse("bot.toml", &text)?)?;
        Ok(Self { folder: folder.to_owned(), config, journal })
    }

    /// What it prints when something is wrong.
    pub(crate) fn log(&self) -> PathBuf {
        self.folder.join("bot.log")
    }

    /// Starts a life that does not end by itself.
    pub(crate) fn start(&self) -> Result<Child, Failed> {
        Ok(self.command()?.stdout(Stdio::null()).spawn()?)
    }

    /// Starts a life that ends in peace after `time`, and tells what it did.
    pub(crate) fn start_last(&self, time: Duration) -> Result<Child, Failed> {
        let time = format!("{}ms", time.as_millis());
        Ok(self.command()?.args(["--for", &time]).stdout(Stdio::piped()).spawn()?)
    }

    fn command(&self) -> Result<Command, Failed> {
        let log: File = OpenOptions::new().create(true).append(true).open(self.log())?;
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("bot").arg("--config").arg(&self.config);
        command.stdin(Stdio::null()).stderr(log);
        Ok(command)
    }
}

/// A narrow grid, which the market crosses a rung of several times a second; no more rungs than
/// orders that may be under way at once, so that few intents never leave and a start is short.
fn configuration(folder: &Path, place: Place, venue: SocketAddr, seed: u64) -> String {
    let adapter = match place {
        Place::Binance => "binance",
        Place::Bitget => "bitget",
    };
    let state = toml_text(&folder.join("state").display().to_string());
    format!(
        "[venue]\nname = \"embedded\"\nadapter = \"{adapter}\"\n\
         [venue.embedded]\nat = \"{venue}\"\n\
         [engine]\nseed = {seed}\n\
         [state]\ndir = {state}\n\
         [journal]\ndurability = \"normal\"\n\
         [[strategy]]\nkind = \"grid\"\ninstruments = [\"BTC-USDT\"]\n\
         [strategy.params]\nwidth = \"0.008\"\nlevels = 8\nqty = \"0.001\"\n"
    )
}

/// A text as TOML has it.
fn toml_text(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}
