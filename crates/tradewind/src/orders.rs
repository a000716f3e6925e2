//! What an operator may see and do beside a bot: its orders, what a start would do, and the word
//! that an order is gone for good.
//!
//! Everything but that word only reads, so that it can be asked while a bot runs. What is said of
//! orders is what the journal says; what is said of the venue was just asked of the venue, or it is
//! said that it could not be.

mod confirm;
mod forget;
mod list;
mod look;
mod plan;

use std::path::PathBuf;

use clap::{Args, Subcommand};
use tradewind_engine::journal::{OrderRecord, Recovered, StorageFault};
use tradewind_journal::OpenError;
use tradewind_model::id::ClientOrderId;
use tradewind_model::time::Timestamp;
use tradewind_runtime::{Clock, Config};

use crate::session::{StartError, kept};

/// `tradewind orders`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct OrdersArgs {
    #[command(subcommand)]
    pub(crate) change: Option<Change>,
    /// The configuration of the bot.
    #[arg(long, value_name = "FILE", required = true)]
    pub(crate) config: Option<PathBuf>,
    /// List the orders instead that are open at the venue and not this bot's.
    #[arg(long)]
    foreign: bool,
    /// Print one JSON object instead of text.
    #[arg(long)]
    json: bool,
}

/// What can be done to the orders that are written down.
#[derive(Debug, Subcommand)]
pub(crate) enum Change {
    /// Say that an order which the venue does not know any more is gone for good, or all of them
    /// after the venue was reset. The bot must not run.
    Forget(ForgetArgs),
}

/// `tradewind orders forget`.
#[derive(Debug, Args)]
pub(crate) struct ForgetArgs {
    /// The order, by our name of it, as `tradewind orders` lists it.
    #[arg(value_name = "ID", required_unless_present = "all_of_venue")]
    id: Option<String>,
    /// The venue was reset: set the whole journal aside and begin another, which keeps what was
    /// decided and what strategies want remembered.
    #[arg(long, conflicts_with = "id")]
    all_of_venue: bool,
    /// The configuration of the bot.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: PathBuf,
    /// Do not ask back.
    #[arg(long)]
    yes: bool,
}

/// `tradewind reconcile`.
#[derive(Debug, Args)]
pub(crate) struct PlanArgs {
    /// Show what a start would do about orders of earlier runs, and do nothing. A start does it by
    /// itself, so that there is nothing else to ask for.
    #[arg(long, required = true)]
    plan: bool,
    /// The configuration of the bot.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: PathBuf,
    /// Print one JSON object instead of text.
    #[arg(long)]
    json: bool,
}

/// Why an operator is not served.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OperatorError {
    /// The journal is not to be found.
    #[error(transparent)]
    Start(#[from] StartError),
    /// It cannot be read.
    #[error(transparent)]
    Journal(#[from] OpenError),
    /// There is none yet.
    #[error(
        "there is no journal at {0}; a bot makes it at its first start with this configuration"
    )]
    NoJournal(PathBuf),
    /// A bot writes to it.
    #[error(
        "a bot runs on this journal ({holder}), and it alone writes there; stop it, then say it \
         again"
    )]
    Running {
        /// Who.
        holder: String,
    },
    /// No name of an order.
    #[error("{text:?} is no name of an order ({problem}); `tradewind orders` lists them")]
    NoId {
        /// What was given.
        text: String,
        /// What is wrong with it.
        problem: String,
    },
    /// No order of that name.
    #[error("the journal at {folder} has no order {id}; `tradewind orders` lists them")]
    Unknown {
        /// Its name.
        id: ClientOrderId,
        /// The journal.
        folder: PathBuf,
    },
    /// It is over already.
    #[error("order {id} is {stage} since {at}; only an order without an end can be forgotten")]
    Over {
        /// Its name.
        id: ClientOrderId,
        /// How it ended.
        stage: &'static str,
        /// When.
        at: Timestamp,
    },
    /// Nobody has said yes.
    #[error("nothing was changed; {0}")]
    NotConfirmed(&'static str),
    /// It could not be written down.
    #[error("nothing was changed: {0}")]
    NotWritten(#[from] StorageFault),
    /// The venue does not answer.
    #[error("the venue does not say what is open: {0}")]
    Silent(String),
    /// This machine would not do its part.
    #[error("{what} cannot be {done}: {error}")]
    Machine {
        /// A file or folder, or a thread.
        what: String,
        /// What was to be done.
        done: &'static str,
        /// Why not.
        error: std::io::Error,
    },
}

/// Lists orders, of the bot or of others.
///
/// # Errors
/// When there is no journal, it cannot be read, or the venue has to be asked and does not answer.
pub(crate) fn list(config: &Config<'_>, args: &OrdersArgs) -> Result<String, OperatorError> {
    let books = Books::read(config)?;
    if args.foreign {
        let open = look::open_orders(config, &books).map_err(OperatorError::Silent)?;
        return Ok(list::foreign(config, &books, &open, args.json));
    }
    Ok(if args.json { list::json(&books).to_string() } else { list::text(&books) })
}

/// Changes what is written down of orders.
///
/// # Errors
/// When a bot runs, there is no such order, or nobody says yes. Nothing was changed then.
pub(crate) fn change(config: &Config<'_>, change: &Change) -> Result<String, OperatorError> {
    let Change::Forget(ForgetArgs { id, all_of_venue: _, config: _, yes }) = change;
    let assent = confirm::Assent::of(*yes);
    match id {
        Some(id) => forget::one(config, id, assent),
        None => forget::all(config, assent),
    }
}

/// Says what a start would do.
///
/// # Errors
/// When there is no journal, or it cannot be read.
pub(crate) fn plan(config: &Config<'_>, args: &PlanArgs) -> Result<String, OperatorError> {
    let books = Books::read(config)?;
    let open = look::open_orders(config, &books);
    Ok(plan::of(config, &books, &open).print(args.json))
}

/// A journal as it is read, as far as it is about a configuration's account.
struct Books {
    folder: PathBuf,
    at: Timestamp,
    recovered: Recovered,
}

impl Books {
    fn read(config: &Config<'_>) -> Result<Self, OperatorError> {
        let folder = kept::journal_folder(config)?;
        let Some(mut recovered) = tradewind_journal::inspect(&folder)? else {
            return Err(OperatorError::NoJournal(folder));
        };
        let is_here = |record: &OrderRecord| {
            (record.intent.venue, record.intent.account)
                == (config.route.venue.name, config.route.account.name)
        };
        recovered.orders.retain(|_, record| is_here(record));
        recovered.closed.retain(|_, record| is_here(record));
        Ok(Self { folder, at: Clock::start().now(), recovered })
    }

    /// Orders that are not over, the oldest first.
    fn open(&self) -> Vec<&OrderRecord> {
        let mut open: Vec<_> = self.recovered.orders.values().collect();
        open.sort_by_key(|record| (record.intent.created_at, record.intent.client_order_id));
        open
    }

    fn order(&self, id: &str) -> Result<ClientOrderId, OperatorError> {
        ClientOrderId::new(id).map_err(|error| OperatorError::NoId {
            text: id.to_owned(),
            problem: error.to_string(),
        })
    }
}

#[cfg(test)]
mod tests;
