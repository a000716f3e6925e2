//! A venue with several accounts, and the folder and configurations of bots that trade by them.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use tokio::net::TcpListener;
use tradewind_model::Decimal;
use tradewind_simulator::binance::{ApiKey, BinanceConfig, KeySecret};
use tradewind_simulator::exchange::{AccountConfig, AccountId};
use tradewind_simulator::server::Embedded;

/// Longer than any of this takes on a machine that is busy with other things.
const PATIENCE: Duration = Duration::from_secs(120);
/// How many accounts the venue has.
pub(super) const ACCOUNTS: usize = 3;
/// What an account has to spend.
pub(super) const PLENTY: Decimal = Decimal::from_parts(100_000, 0, 0, false, 0);
/// What they are called in configurations.
const NAMES: [&str; ACCOUNTS] = ["main", "sub-1", "sub-2"];

pub(super) struct Stage {
    pub(super) venue: Embedded,
    folder: PathBuf,
}

/// A base URL of nobody.
pub(super) async fn unreachable() -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    listener.local_addr().unwrap()
}

/// A route that leaves by one of this machine's addresses.
pub(super) fn by_address(last: u8) -> String {
    format!("[egress]\nlocal_address = '127.0.0.{last}'\n")
}

fn key(account: usize) -> (String, String) {
    (format!("FAKE0key0of0account0{account}"), format!("FAKE0secret0of0account0{account}"))
}

impl Stage {
    /// A venue whose accounts have so much to spend.
    pub(super) async fn set(name: &str, to_spend: [Decimal; ACCOUNTS]) -> Self {
        let name = format!("tradewind-it-{}-sub-{name}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&folder).unwrap();
        let mut config = BinanceConfig::default();
        config.exchange.accounts = to_spend
            .map(|usdt| AccountConfig::with_balances(&[("USDT", usdt), ("BTC", Decimal::TWO)]))
            .into();
        config.front.keys = (0_u32..)
            .zip(0..ACCOUNTS)
            .map(|(id, account)| {
                let (api_key, secret) = key(account);
                let (account, secret) = (AccountId(id), KeySecret::Hmac(secret));
                ApiKey { api_key, secret, account, can_trade: true }
            })
            .collect();
        let venue = Embedded::start(config, 5).await.unwrap();
        Self { venue, folder }
    }

    /// A configuration with a route for each egress, by the first accounts in their order. What is
    /// dead is the first base URL of each.
    pub(super) fn config(
        &self,
        egresses: &[&str],
        further: &str,
        dead: Option<SocketAddr>,
    ) -> PathBuf {
        let accounts: Vec<usize> = (0..egresses.len()).collect();
        self.config_of(&accounts, egresses, further, dead)
    }

    pub(super) fn config_of(
        &self,
        accounts: &[usize],
        egresses: &[&str],
        further: &str,
        dead: Option<SocketAddr>,
    ) -> PathBuf {
        let routes = accounts.iter().zip(egresses).enumerate();
        let routes = routes.map(|(index, (account, egress))| {
            let place = if index == 0 { "" } else { "routes." };
            let begin = if index == 0 { "" } else { "[[routes]]\n" };
            let name = NAMES[*account];
            let egress = egress.replace("[egress]", &format!("[{place}egress]"));
            format!(
                "{begin}[{place}venue]\nname = 'binance'\nadapter = 'binance'\n{}\
                 [{place}account]\nname = '{name}'\napi_key_env = 'TEST_{account}_KEY'\n\
                 api_secret_env = 'TEST_{account}_SECRET'\n{egress}",
                self.urls(place, dead)
            )
        });
        let text = format!(
            "{}{further}[state]\ndir = '{}'\nstart_jitter_ms = 0\n\
             [[strategy]]\nkind = 'grid'\ninstruments = ['BTC-USDT']\n\
             [strategy.params]\nwidth = '0.03'\nlevels = 11\nqty = '0.001'\n",
            routes.collect::<String>(),
            self.folder.display()
        );
        let names: Vec<_> = accounts.iter().map(ToString::to_string).collect();
        let file = self.folder.join(format!("bot-{}.toml", names.join("-")));
        std::fs::write(&file, text).unwrap();
        file
    }

    fn urls(&self, place: &str, dead: Option<SocketAddr>) -> String {
        let (rest, account) = (self.venue.rest_url(), self.venue.ws_api_url());
        let market = self.venue.stream_url();
        let urls = |rest: &str, account: &str, market: &str| {
            format!("rest = '{rest}'\naccount_stream = '{account}'\nmarket_stream = '{market}'\n")
        };
        let own = urls(&rest, &account, &market);
        match dead {
            None => format!("[{place}venue.endpoint]\n{own}"),
            Some(at) => format!(
                "[{place}venue.endpoint]\n{}[[{place}venue.endpoint.base_urls]]\n{own}",
                urls(
                    &format!("http://{at}"),
                    &format!("ws://{at}/ws-api/v3"),
                    &format!("ws://{at}")
                )
            ),
        }
    }

    fn command(&self, config: &Path, args: &[&str], variables: &[(&str, &str)]) -> Command {
        let config = config.display().to_string();
        let args: Vec<_> = args.iter().copied().chain(["--config", config.as_str()]).collect();
        let mut command = Command::new(std::env::current_exe().unwrap());
        command
            .args(["--exact", "control::a_bot_for_the_tests_beside_it"])
            .args(["--include-ignored", "--nocapture"])
            .env("TRADEWIND_TEST_ARGS", args.join("\n"))
            .envs(variables.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        for account in 0..ACCOUNTS {
            let (api_key, secret) = key(account);
            command.env(format!("TEST_{account}_KEY"), api_key);
            command.env(format!("TEST_{account}_SECRET"), secret);
        }
        command
    }

    fn shell(&self, config: &Path, args: &[&str]) -> Output {
        self.command(config, args, &[]).output().unwrap()
    }

    pub(super) fn succeeds(&self, config: &Path, args: &[&str]) -> String {
        let output = self.shell(config, args);
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let problem = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{args:?}: {said} {problem}");
        said
    }

    pub(super) fn fails(&self, config: &Path, args: &[&str]) -> String {
        let output = self.shell(config, args);
        assert!(!output.status.success(), "{args:?}");
        String::from_utf8_lossy(&output.stderr).into_owned()
    }

    pub(super) fn run(&self, config: &Path) -> Bot {
        self.run_by(config, &[])
    }

    pub(super) fn run_by(&self, config: &Path, variables: &[(&str, &str)]) -> Bot {
        let mut command = self.command(config, &["run", "--json"], variables);
        let log = std::fs::File::options().create(true).append(true).open(self.log()).unwrap();
        command.stdout(log.try_clone().unwrap()).stderr(log);
        Bot { child: command.spawn().unwrap() }
    }

    /// What its bots print.
    pub(super) fn log(&self) -> PathBuf {
        self.folder.join("bot.log")
    }

    pub(super) fn open(&self, account: usize) -> usize {
        self.venue.ledger().accounts[account].open_orders.len()
    }

    pub(super) fn all_open(&self) -> usize {
        (0..ACCOUNTS).map(|account| self.open(account)).sum()
    }

    pub(super) fn accepted(&self, account: usize) -> usize {
        self.venue.ledger().accounts[account].orders_accepted
    }

    pub(super) fn placed(&self) -> u64 {
        self.venue.ledger().requests.get("POST /api/v3/order").copied().unwrap_or_default()
    }

    /// The status that `tradewind status` prints.
    pub(super) fn status(&self, config: &Path) -> serde_json::Value {
        let said = self.succeeds(config, &["status"]);
        let json = &said[said.find('{').unwrap()..=said.rfind('}').unwrap()];
        serde_json::from_str(json).unwrap()
    }

    /// Whether every route is.
    pub(super) fn is_live(&self, config: &Path) -> bool {
        let status = self.status(config);
        let routes = status["routes"].as_array();
        status["status"] == "live"
            && routes.is_none_or(|routes| routes.iter().all(|one| one["status"] == "live"))
    }

    /// Waits until something is so.
    pub(super) async fn until(&self, what: &str, is_so: impl Fn(&Self) -> bool) {
        let waited = tokio::time::timeout(PATIENCE, async {
            while !is_so(self) {
                tokio::task::yield_now().await;
            }
        });
        if waited.await.is_err() {
            let log = std::fs::read_to_string(self.log()).unwrap_or_default();
            let last: Vec<_> = log.lines().rev().take(20).collect();
            panic!("not reached: {what}; the last first: {last:#?}");
        }
    }

    pub(super) async fn strike(self) {
        self.venue.stop().await;
        std::fs::remove_dir_all(&self.folder).ok();
    }
}

/// A bot, killed when it is dropped.
pub(super) struct Bot {
    child: Child,
}

impl Bot {
    pub(super) fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args([name, &pid]).status().unwrap().success());
    }
}

impl Drop for Bot {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
