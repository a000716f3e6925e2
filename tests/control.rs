//! A run that is commanded from outside: by signal, by file, over HTTP and from a shell.
//!
//! The bots are processes of their own, and the venue is this one: what they do is read in its
//! books.

#![expect(clippy::unwrap_used, reason = "a process that cannot be started is a failed test")]

use std::io::Read as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Output, Stdio};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tradewind::{Config, Registry, Session, cli};
use tradewind_grid::Grid;
use tradewind_model::Decimal;
use tradewind_runtime::state::{Announcement, HALT};
use tradewind_simulator::binance::{BinanceConfig, fake};
use tradewind_simulator::server::Embedded;
use tradewind_venue::Signer;

/// Longer than any of this takes on a machine that is busy with other things.
const PATIENCE: Duration = Duration::from_secs(90);
/// The command line of a bot that is one of these tests.
const ARGS: &str = "TRADEWIND_TEST_ARGS";

/// What the other tests run as processes of their own, with the command line in a variable.
#[test]
#[ignore = "it is run by the tests beside it"]
fn a_bot_for_the_tests_beside_it() {
    let Ok(args) = std::env::var(ARGS) else { return };
    let registry = Registry::new().with::<Grid>("grid");
    let args = ["tradewind"].into_iter().chain(args.split('\n'));
    assert_eq!(cli::run(args, registry), ExitCode::SUCCESS);
}

/// A venue, and a bot's folder and configuration.
struct Stage {
    venue: Embedded,
    folder: PathBuf,
    config: PathBuf,
}

impl Stage {
    async fn set(name: &str) -> Self {
        let name = format!("tradewind-it-{}-{name}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&folder).unwrap();
        let venue = Embedded::start(&BinanceConfig::default(), 5).await.unwrap();
        let text = format!(
            "[venue]\nname = 'binance'\nadapter = 'binance'\n\
             [venue.endpoint]\nrest = '{}'\naccount_stream = '{}'\nmarket_stream = '{}'\n\
             [state]\ndir = '{}'\nstart_jitter_ms = 0\n\
             [[strategy]]\nkind = 'grid'\ninstruments = ['BTC-USDT']\n\
             [strategy.params]\nwidth = '0.01'\nlevels = 11\nqty = '0.001'\n",
            venue.rest_url(),
            venue.ws_api_url(),
            venue.stream_url(),
            folder.display()
        );
        let config = folder.join("bot.toml");
        std::fs::write(&config, text).unwrap();
        Self { venue, folder, config }
    }

    fn command(&self, args: &[&str]) -> Command {
        let config = self.config.display().to_string();
        let args: Vec<_> = args.iter().copied().chain(["--config", config.as_str()]).collect();
        let mut command = Command::new(std::env::current_exe().unwrap());
        command
            .args(["--exact", "control::a_bot_for_the_tests_beside_it"])
            .args(["--include-ignored", "--nocapture"])
            .env(ARGS, args.join("\n"))
            .env("BINANCE_API_KEY", fake::API_KEY)
            .env("BINANCE_API_SECRET", fake::API_SECRET)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Does a command to its end.
    fn shell(&self, args: &[&str]) -> Output {
        self.command(args).output().unwrap()
    }

    fn succeeds(&self, args: &[&str]) -> String {
        let output = self.shell(args);
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let problem = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{args:?}: {said} {problem}");
        said
    }

    fn fails(&self, args: &[&str]) -> String {
        let output = self.shell(args);
        assert!(!output.status.success(), "{args:?}");
        String::from_utf8_lossy(&output.stderr).into_owned()
    }

    fn run(&self) -> Bot {
        let mut command = self.command(&["run", "--json"]);
        let log = std::fs::File::options().create(true).append(true).open(self.log()).unwrap();
        command.stdout(log.try_clone().unwrap()).stderr(log);
        Bot { child: command.spawn().unwrap() }
    }

    /// What its bots print.
    fn log(&self) -> PathBuf {
        self.folder.join("bot.log")
    }

    fn open_orders(&self) -> usize {
        let accounts = self.venue.ledger().accounts;
        accounts.iter().map(|account| account.open_orders.len()).sum()
    }

    fn placed(&self) -> u64 {
        self.venue.ledger().requests.get("POST /api/v3/order").copied().unwrap_or_default()
    }

    fn base(&self) -> Decimal {
        let ledger = self.venue.ledger();
        let mut traded = ledger.accounts[0].position.iter();
        traded.find(|(asset, _)| asset == "BTC").map(|(_, qty)| *qty).unwrap_or_default()
    }

    /// The status that `tradewind status` prints.
    fn status(&self) -> serde_json::Value {
        let said = self.succeeds(&["status"]);
        let json = &said[said.find('{').unwrap()..=said.rfind('}').unwrap()];
        serde_json::from_str(json).unwrap()
    }

    fn states(&self) -> Vec<String> {
        let status = self.status();
        let trading = status["trading"].as_array().unwrap().iter();
        trading.map(|one| one["state"].as_str().unwrap().to_owned()).collect()
    }

    /// Waits until something is so.
    async fn until(&self, what: &str, is_so: impl Fn(&Self) -> bool) {
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

    async fn strike(self) {
        self.venue.stop().await;
        std::fs::remove_dir_all(&self.folder).ok();
    }
}

/// A bot, killed when it is dropped.
struct Bot {
    child: Child,
}

impl Bot {
    fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args([name, &pid]).status().unwrap().success());
    }

    fn end(mut self) {
        self.signal("-TERM");
        assert!(self.child.wait().unwrap().success());
    }
}

impl Drop for Bot {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_signal_halts_a_run_through_its_death_until_a_command_resumes_it() {
    let stage = Stage::set("signal").await;
    let bot = stage.run();
    stage.until("orders rest", |stage| stage.open_orders() >= 5).await;
    bot.signal("-USR1");
    stage.until("nothing rests", |stage| stage.open_orders() == 0).await;
    assert_eq!(stage.states(), ["halted"]);
    let placed = stage.placed();
    drop(bot);
    // Nobody runs: the journal is asked.
    let status = stage.status();
    assert_eq!(status["status"], "not running");
    assert!(status["trading"][0]["reason"].as_str().unwrap().contains("SIGUSR1"), "{status}");
    let bot = stage.run();
    stage.until("it is live again", |stage| stage.status()["status"] == "live").await;
    assert_eq!((stage.placed(), stage.open_orders()), (placed, 0), "and places nothing");
    let said = stage.succeeds(&["resume", "--reason", "seen to"]);
    assert!(said.contains("trading is running for everything"), "{said}");
    stage.until("orders rest again", |stage| stage.open_orders() >= 5).await;
    bot.end();
    stage.strike().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shell_halts_flattens_and_resumes_a_run_that_is_there_and_one_that_is_not() {
    let stage = Stage::set("shell").await;
    let said = stage.succeeds(&["halt"]);
    assert!(said.contains("no run is there"), "{said}");
    let bot = stage.run();
    stage.until("it is live", |stage| stage.status()["status"] == "live").await;
    assert_eq!(stage.placed(), 0, "it was halted before it began");
    let error = stage.fails(&["halt", "--strategy", "gird"]);
    assert!(error.contains("gird") && error.contains("grid"), "{error}");
    stage.succeeds(&["halt", "--strategy", "grid"]);
    stage.succeeds(&["resume"]);
    assert_eq!(stage.states(), ["halted"], "the strategy is halted for itself");
    stage.succeeds(&["resume", "--strategy", "grid"]);
    stage.until("it has traded", |stage| !stage.base().is_zero()).await;
    stage.succeeds(&["flatten"]);
    let least = Decimal::new(1, 4);
    stage.until("it is flat", |stage| stage.base().abs() < least && stage.open_orders() == 0).await;
    assert_eq!(stage.states(), ["flatten"]);
    stage.succeeds(&["reduce-only"]);
    assert_eq!(stage.states(), ["reduce-only"]);
    bot.end();
    stage.strike().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_halts_what_runs_and_what_starts_and_must_go_before_anything_resumes() {
    let stage = Stage::set("file").await;
    let bot = stage.run();
    stage.until("orders rest", |stage| stage.open_orders() >= 5).await;
    let file = stage.folder.join(HALT);
    // Into place in one step: one that is empty for a moment halts as well, and says nothing.
    let written = stage.folder.join("halt.written");
    std::fs::write(&written, "the house burns\n").unwrap();
    std::fs::rename(&written, &file).unwrap();
    stage.until("nothing rests", |stage| stage.open_orders() == 0).await;
    let reason = |stage: &Stage| stage.status()["trading"][0]["reason"].to_string();
    stage.until("it is told why", |stage| reason(stage).contains("the house burns")).await;
    let error = stage.fails(&["resume"]);
    assert!(error.contains("HALT is there; remove it"), "{error}");
    drop(bot);
    let error = stage.fails(&["resume"]);
    assert!(error.contains("HALT is there; remove it"), "{error}");
    std::fs::remove_file(&file).unwrap();
    assert_eq!(stage.states(), ["halted"], "taking it away resumes nothing");
    stage.succeeds(&["resume"]);
    let bot = stage.run();
    stage.until("orders rest again", |stage| stage.open_orders() >= 5).await;
    bot.end();
    stage.strike().await;
}

/// What the endpoint says to a request, as it is.
async fn said(address: SocketAddr, head: &str, body: &str) -> String {
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let length = body.len();
    let request = format!("{head}\r\nHost: here\r\nContent-Length: {length}\r\n\r\n{body}");
    // It may have answered before it has read all.
    stream.write_all(request.as_bytes()).await.ok();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.ok();
    String::from_utf8_lossy(&answer).into_owned()
}

/// The one folder of a venue in a folder of states.
fn venue_folder(dir: &Path) -> PathBuf {
    let mut entries = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    entries.find(|path| path.is_dir()).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_endpoint_answers_its_token_alone_and_says_what_is_wrong_with_a_request() {
    let dir = std::env::temp_dir().join(format!("tradewind-it-{}-http", std::process::id()));
    let text = format!(
        "[venue]\nname = 'embedded'\nadapter = 'binance'\n[venue.embedded]\nseed = 3\n\
         [state]\ndir = '{}'\n[[strategy]]\nkind = 'grid'\ninstruments = ['BTC-USDT']\n\
         [strategy.params]\nwidth = '0.01'\nlevels = 5\nqty = '0.001'\n",
        dir.display()
    );
    let config = Config::parse("bot.toml", &text).unwrap();
    let registry = Registry::new().with::<Grid>("grid");
    let session = Session::start(&config, &registry).await.unwrap();
    let hash = Signer::hmac_sha256(fake::API_KEY, fake::API_SECRET).unwrap().account_hash();
    let folder = venue_folder(&dir);
    let (address, token) = Announcement::find(&folder, hash, 0).unwrap().unwrap();
    let token = token.unwrap().reveal().to_owned();
    assert!(address.ip().is_loopback());
    let auth = format!("Authorization: Bearer {token}");
    let post = format!("POST /v1/trading HTTP/1.1\r\n{auth}");
    let halt = "{\"scope\":\"everything\",\"state\":\"halted\",\"reason\":\"by hand\"}";
    let longer = format!("{auth}0");
    let large = " ".repeat(10_000);
    for (head, body, expected) in [
        ("GET /v1/status HTTP/1.1", "", "401"),
        ("GET /v1/status HTTP/1.1\r\nAuthorization: Bearer x", "", "401"),
        (&format!("GET /v1/status HTTP/1.1\r\n{longer}"), "", "401"),
        (&format!("GET /v1/status?token={token} HTTP/1.1"), "", "401"),
        (&format!("GET /v2 HTTP/1.1\r\n{auth}"), "", "404"),
        (&format!("PUT /v1/trading HTTP/1.1\r\n{auth}"), halt, "405"),
        (&post, "halt!", "400"),
        (&post, "{\"scope\":\"everything\",\"state\":\"stopped\"}", "400"),
        (&post, "{\"scope\":\"all\",\"state\":\"halted\"}", "400"),
        (&post, &large, "413"),
        (&post, "{\"scope\":\"strategy:none\",\"state\":\"halted\"}", "409"),
    ] {
        let said = said(address, head, body).await;
        assert!(said.starts_with(&format!("HTTP/1.1 {expected} ")), "{head} {body}: {said}");
        assert!(!said.contains(&token), "{said}");
    }
    assert_eq!(session.desk().snapshot().trading, [], "none of these has done anything");
    let done = said(address, &post, halt).await;
    assert!(done.starts_with("HTTP/1.1 200 ") && done.contains("\"halted\""), "{done}");
    let status = said(address, &format!("GET /v1/status HTTP/1.1\r\n{auth}"), "").await;
    assert!(status.contains("\"by hand\"") && status.contains("\"durable\":true"), "{status}");
    assert!(!status.contains(&token) && !format!("{session:?}").contains(&token));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let files = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap());
        for file in files.filter(|file| file.file_name().to_string_lossy().starts_with("control")) {
            assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
            let mut text = String::new();
            std::fs::File::open(file.path()).unwrap().read_to_string(&mut text).unwrap();
            assert!(text.contains(&token));
        }
    }
    session.close(PATIENCE).await.unwrap();
    assert!(Announcement::find(&folder, hash, 0).unwrap().is_none(), "it goes with the run");
    assert!(tokio::net::TcpStream::connect(address).await.is_err(), "nobody listens any more");
    std::fs::remove_dir_all(&dir).ok();
}
