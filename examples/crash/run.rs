//! The kills, one after the other.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use tradewind_engine::journal::{OrderRecord, Recovered};
use tradewind_journal::inspect;
use tradewind_lab::Chance;
use tradewind_model::id::ClientOrderId;
use tradewind_model::time::Timestamp;
use tradewind_runtime::Clock;
use tradewind_simulator::binance::{self, BinanceConfig};
use tradewind_simulator::bitget::{self, BitgetConfig};
use tradewind_simulator::server::Embedded;
use tradewind_simulator::venue::VenueConfig;

use crate::Failed;
use crate::aim::{Aim, Weather};
use crate::args::{Args, Place};
use crate::bot::Bot;
use crate::verdict::{Tally, Verdict};

/// How often it is looked whether the moment has come.
const LOOK_EVERY: Duration = Duration::from_millis(2);
/// How long a life may go without the orders that its end waits for: it is killed then, too.
const LIFE_MAX: Duration = Duration::from_secs(20);
/// How long the last life trades once it is live.
const LAST_LIFE: Duration = Duration::from_secs(3);
/// How long it may take in all.
const LAST_LIFE_MAX: Duration = Duration::from_secs(120);
/// Kills between two lines of progress.
const PROGRESS_EVERY: u32 = 20;
/// What tells the draws of moments from all others of the seed.
const MOMENTS: u64 = 0x6b69_6c6c;

/// Kills the bot as often as is asked, and says what it came to.
pub(crate) fn run(args: &Args) -> Result<Verdict, Failed> {
    let folder = folder(args)?;
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let done = runtime.block_on(async {
        let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let venue = Embedded::serve(venue_config(args.venue), args.seed, any).await?;
        let bot = Bot::new(&folder, args.venue, venue.address(), args.seed)?;
        let verdict = Harness::new(&venue, &bot, args).run().await;
        venue.stop().await;
        verdict
    });
    let is_good = done.as_ref().is_ok_and(|verdict| verdict.flaw().is_none());
    if is_good && args.keep.is_none() {
        fs::remove_dir_all(&folder)?;
    } else {
        say(&format!("the bot's files are in {}", folder.display()));
    }
    done
}

/// The embedded venue, whose reads lag almost as far as it promises that they never do.
fn venue_config(place: Place) -> VenueConfig {
    const SHORT_OF_IT: Duration = Duration::from_millis(100);
    match place {
        Place::Binance => {
            let mut config = BinanceConfig::embedded();
            let lag = binance::embedded::READ_LAG_MAX.saturating_sub(SHORT_OF_IT);
            (config.front.order_read_lag_max, config.front.history_read_lag_max) = (lag, lag);
            config.into()
        }
        Place::Bitget => {
            let mut config = BitgetConfig::embedded();
            let lag = bitget::embedded::READ_LAG_MAX.saturating_sub(SHORT_OF_IT);
            (config.front.order_read_lag_max, config.front.history_read_lag_max) = (lag, lag);
            config.into()
        }
    }
}

/// An empty folder for the bot's files.
fn folder(args: &Args) -> Result<PathBuf, Failed> {
    let folder = args.keep.clone().unwrap_or_else(|| {
        let name = format!("tradewind-crash-{}-{}", std::process::id(), args.seed);
        std::env::temp_dir().join(name)
    });
    fs::create_dir_all(&folder)?;
    if fs::read_dir(&folder)?.next().is_some() {
        return Err(format!("{} is not empty; name another folder", folder.display()).into());
    }
    // Processes find it wherever they are started.
    Ok(fs::canonicalize(folder)?)
}

/// Progress, beside what is printed at the end.
fn say(line: &str) {
    // Whoever does not read it is told at the end.
    writeln!(std::io::stderr(), "{line}").ok();
}

struct Harness<'h> {
    venue: &'h Embedded,
    bot: &'h Bot,
    chance: Chance,
    clock: Clock,
    args: &'h Args,
    tally: Tally,
    /// Orders whose fate was not known when the bot was last killed.
    unsettled: BTreeSet<ClientOrderId>,
}

impl<'h> Harness<'h> {
    fn new(venue: &'h Embedded, bot: &'h Bot, args: &'h Args) -> Self {
        Self {
            venue,
            bot,
            chance: Chance::new(args.seed, MOMENTS),
            clock: Clock::start(),
            args,
            tally: Tally::default(),
            unsettled: BTreeSet::new(),
        }
    }

    async fn run(mut self) -> Result<Verdict, Failed> {
        let began = self.clock.now();
        let weather = Weather::begin(self.venue, self.args.venue);
        while self.tally.kills < self.args.kills {
            self.one_life(&weather).await?;
            self.look_at_remains()?;
            if self.tally.kills.is_multiple_of(PROGRESS_EVERY) {
                say(&self.tally.line(self.clock.now().since(began)));
            }
        }
        Weather::end(self.venue);
        let closing = self.last_life().await?;
        let recovered = journal(&self.bot.journal)?.ok_or("there is no journal")?;
        let took = self.clock.now().since(began);
        let ledger = self.venue.ledger();
        self.venue.with(|venue, _| {
            Verdict::of(self.args, self.tally, took, &recovered, &ledger, venue.exchange(), closing)
        })
    }

    /// Starts the bot and kills it when its moment has come.
    async fn one_life(&mut self, weather: &Weather) -> Result<(), Failed> {
        let aim = Aim::draw(&mut self.chance);
        let before = weather.arrived(self.venue);
        let begun = self.clock.now();
        let mut bot = self.bot.start()?;
        let mut arrived_at: Option<Timestamp> = None;
        loop {
            let now = self.clock.now();
            if arrived_at.is_none() && weather.arrived(self.venue) >= before + aim.orders {
                arrived_at = Some(now);
            }
            let is_due = arrived_at.is_some_and(|at| now >= at + aim.after);
            if is_due || now >= begun + LIFE_MAX {
                break;
            }
            if let Some(status) = bot.try_wait()? {
                let log = self.bot.log();
                return Err(
                    format!("the bot ended by itself ({status}); see {}", log.display()).into()
                );
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
        // On Unix this is SIGKILL: nothing in the process hears of it.
        bot.kill()?;
        bot.wait()?;
        self.tally.kills += 1;
        Ok(())
    }

    /// Looks into the dead bot's journal: what was it doing?
    fn look_at_remains(&mut self) -> Result<(), Failed> {
        // It may have been killed before it had one.
        let recovered = journal(&self.bot.journal)?.unwrap_or_default();
        let is_unsettled = |order: &&OrderRecord| order.accepted_at.is_none();
        let unsettled: BTreeSet<_> = recovered.orders.values().filter(is_unsettled).collect_ids();
        let is_old = |id: &&ClientOrderId| self.unsettled.contains(*id);
        self.tally.in_flight += u32::from(unsettled.iter().any(|id| !is_old(&id)));
        self.tally.resolving += u32::from(unsettled.iter().any(|id| is_old(&id)));
        self.unsettled = unsettled;
        let doubled = self.venue.with(|venue, _| crate::verdict::doubled(venue.exchange()));
        self.tally.doubled = self.tally.doubled.max(doubled);
        Ok(())
    }

    /// Lets the bot come to terms with what there is, trade for a while and end in peace; gives its
    /// closing report.
    async fn last_life(&mut self) -> Result<serde_json::Value, Failed> {
        let mut bot = self.bot.start_last(LAST_LIFE)?;
        let said = bot.stdout.take().ok_or("the bot has no stdout")?;
        let reader = tokio::task::spawn_blocking(move || std::io::read_to_string(said));
        let until = self.clock.now() + LAST_LIFE_MAX;
        let status = loop {
            if let Some(status) = bot.try_wait()? {
                break status;
            }
            if self.clock.now() >= until {
                bot.kill()?;
                bot.wait()?;
                return Err("the last life of the bot did not come to its end".into());
            }
            tokio::time::sleep(LOOK_EVERY * 10).await;
        };
        if !status.success() {
            let log = self.bot.log();
            return Err(format!("the last life did not end well; see {}", log.display()).into());
        }
        let said = reader.await??;
        let last = said.lines().last().unwrap_or_default();
        serde_json::from_str(last).map_err(|error| {
            format!("the bot's last line is no report ({error}); see {}", self.bot.log().display())
                .into()
        })
    }
}

/// What is written down.
fn journal(folder: &Path) -> Result<Option<Recovered>, Failed> {
    Ok(inspect(folder)?)
}

/// Names of orders.
trait Ids<'o> {
    fn collect_ids(self) -> BTreeSet<ClientOrderId>;
}

impl<'o, I: Iterator<Item = &'o OrderRecord>> Ids<'o> for I {
    fn collect_ids(self) -> BTreeSet<ClientOrderId> {
        self.map(|order| order.intent.client_order_id).collect()
    }
}
