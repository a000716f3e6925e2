//! The shell on real sockets: a whole run over loopback, against the embedded venue.
//!
//! What decides is proved without sockets, in virtual time. Here it is shown that the loop around
//! it does what it is told: bytes go out and come back, the strategy's thread is fed, the end is
//! clean. Nothing sleeps: each step waits for what it is about.

use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::time::Duration;

use tradewind::session::kept;
use tradewind::trade::{Console, Options, Stopped, run};
use tradewind::{Config, Registry, Session};
use tradewind_engine::{ReadFailed, Snapshot};
use tradewind_grid::Grid;
use tradewind_model::call::Call;
use tradewind_model::notice::VenueStatus;
use tradewind_model::order::{OrderState, OrderUpdate};
use tradewind_model::outcome::Reply;
use tradewind_runtime::{Ask, End};
use tradewind_simulator::binance::fake;
use tradewind_simulator::bitget::BitgetConfig;
use tradewind_simulator::exchange::AccountId;
use tradewind_simulator::server::Embedded;

/// What a wait may take on a machine that is busy with something else.
const PATIENCE: Duration = Duration::from_secs(60);

fn profile(seed: u64) -> String {
    narrow(include_str!("../config/embedded.toml"), seed)
}

/// The same at the other venue.
fn bitget_profile(seed: u64) -> String {
    narrow(include_str!("../config/embedded-bitget.toml"), seed)
}

fn narrow(text: &str, seed: u64) -> String {
    const WIDTH: &str = "width = \"0.03\"";
    let text = text.replace("# seed = 7", &format!("seed = {seed}"));
    // Narrow enough that the market crosses a rung every few steps.
    assert!(text.contains(WIDTH) && text.contains("\nseed ="), "{text}");
    text.replace(WIDTH, "width = \"0.005\"")
}

fn registry() -> Registry {
    Registry::new().with::<Grid>("grid")
}

async fn started(text: &str) -> Session {
    let config = Config::parse("embedded.toml", text).expect("the profile is right");
    Session::start(&config, &registry()).await.expect("the session starts")
}

/// Waits until the state is as wanted.
async fn until(session: &Session, wanted: impl Fn(&Snapshot) -> bool) {
    let mut desk = session.desk();
    let waited = tokio::time::timeout(PATIENCE, async {
        loop {
            let snapshot = desk.renewed().await.expect("the engine runs");
            if wanted(&snapshot) {
                return;
            }
        }
    });
    if waited.await.is_err() {
        panic!("not reached: {:#?}", desk.snapshot());
    }
}

/// How many orders are open by the venue's books: ours name those that are on their way there too.
fn open(session: &Session) -> usize {
    let ledger = session.embedded().expect("it is embedded").ledger();
    ledger.accounts.iter().map(|account| account.open_orders.len()).sum()
}

/// Trades for a while, ends, and holds what we say against the venue's books.
async fn trades_and_agrees(text: &str) {
    let session = started(text).await;
    until(&session, |snapshot| snapshot.counters.fills >= 5).await;
    let closing = session.close(PATIENCE).await.expect("the engine has not failed");
    assert_eq!(closing.flaw(), None);
    assert_eq!((closing.duplicates, closing.orphans.len()), (0, 0));
    assert_eq!(closing.unresolved, []);
    assert_eq!((closing.counters.http_429, closing.counters.http_418), (0, 0));
    let position = closing.position();
    assert_eq!(position.venues, Some(position.ours));
    let counters = &closing.counters;
    assert!(counters.fills >= 5, "{counters:?}");
    assert_eq!(counters.orders_sent, counters.orders_accepted + counters.orders_rejected);
    let over = counters.orders_filled + counters.orders_canceled + counters.orders_expired;
    assert_eq!(counters.orders_accepted, over, "each order has one end: {counters:?}");
    assert!(closing.used_peak.values().all(|used| used.peak <= used.limit));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_grid_trades_on_real_sockets_and_the_venues_books_agree() {
    trades_and_agrees(&profile(3)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_grid_trades_at_bitget_and_the_venues_books_agree() {
    trades_and_agrees(&bitget_profile(3)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_of_the_unified_kind_ends_the_start_with_the_way_out() {
    let mut config = BitgetConfig::embedded();
    config.front.unified.insert(AccountId(0));
    let any = (Ipv4Addr::LOCALHOST, 0).into();
    let venue = Embedded::serve(config, 1, any).await.unwrap();
    let scratch = Scratch::new("unified");
    let dir = format!("dir = \"{}\"", scratch.0.display());
    let text = include_str!("../config/embedded-bitget.toml")
        .replace("# at = \"127.0.0.1:9000\"", &format!("at = \"{}\"", venue.address()))
        .replace("# dir = \"state\"", &dir);
    assert!(text.contains("\nat =") && text.contains(&dir), "{text}");
    let session = started(&text).await;
    let mut desk = session.desk();
    let ended = tokio::time::timeout(PATIENCE, desk.ended()).await.unwrap();
    let End::Failed(failure) = ended else { panic!("it trades on a unified account") };
    let said = failure.to_string();
    assert!(said.contains("unified trading account") && said.contains("classic"), "{said}");
    drop(desk);
    session.close(PATIENCE).await.unwrap_err();
    let ledger = venue.ledger();
    assert!(ledger.accounts.iter().all(|account| account.open_orders.is_empty()));
    venue.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn our_ledger_of_the_limits_is_never_below_the_venues() {
    let session = started(&profile(5)).await;
    until(&session, |snapshot| snapshot.counters.fills >= 1).await;
    let ledger = session.embedded().expect("it is embedded").ledger();
    let venues_weight = ledger.peaks.iter().filter(|peak| peak.limit == 6_000);
    let venues_weight = venues_weight.map(|peak| peak.used).max().unwrap_or_default();
    assert!(venues_weight > 0);
    let closing = session.close(PATIENCE).await.unwrap();
    let ours = closing.used_peak["request-weight-1m"];
    assert!(ours.peak >= venues_weight, "{ours:?} and the venue counted {venues_weight}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn orders_are_open_until_the_end_and_none_is_afterwards() {
    let session = started(&profile(4)).await;
    until(&session, |_| open(&session) >= 5).await;
    let mut desk = session.desk();
    desk.stop(PATIENCE).await;
    desk.ended().await;
    assert_eq!(open(&session), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn orders_that_the_configuration_leaves_open_are_none_left_behind() {
    let text = profile(4).replace("cancels_on_stop = true", "cancels_on_stop = false");
    let session = started(&text).await;
    // One that has not left yet is canceled at the end all the same.
    let rests = |order: &OrderUpdate| order.state == OrderState::Open;
    let is_placed = |orders: &[OrderUpdate]| orders.len() >= 5 && orders.iter().all(rests);
    until(&session, |snapshot| is_placed(&snapshot.open_orders)).await;
    let closing = session.close(PATIENCE).await.unwrap();
    assert_eq!(closing.orphans, Vec::<String>::new());
    assert_eq!(closing.unresolved, []);
    assert_eq!(closing.counters.orders_canceled, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_that_is_stopped_at_once_ends_at_once() {
    let session = started(&profile(1)).await;
    let closing = session.close(PATIENCE).await.unwrap();
    assert_eq!(closing.counters.orders_sent, 0);
    assert_eq!(closing.flaw(), None);
}

/// What a program prints on a pipe in half a second, line by line.
fn printed(text: &str) -> Vec<serde_json::Value> {
    let config = Config::parse("embedded.toml", text).expect("the profile is right");
    let options = Options { time: Some(Duration::from_millis(500)), is_json: true, ban: None };
    let mut out = Vec::new();
    let console = Console { out: &mut out, is_terminal: false };
    run(&config, &registry(), options, console).expect("the run goes well");
    let text = String::from_utf8(out).expect("it is text");
    text.lines().map(|line| serde_json::from_str(line).expect("a line is JSON")).collect()
}

#[test]
fn a_program_prints_json_and_the_closing_report_last() {
    let lines = printed(&profile(2));
    let last = lines.last().unwrap();
    assert_eq!(last["kind"], "closing");
    assert_eq!((&last["duplicates"], &last["orphans"]), (&0.into(), &0.into()));
    assert_eq!((&last["http_429"], &last["http_418"]), (&0.into(), &0.into()));
    assert_eq!(last["position"], last["venue_position"]);
    assert_eq!((&last["seed"], &last["symbol"]), (&2.into(), &"BTC-USDT".into()));
    assert!(last["used_peak"]["request-weight-1m"]["limit"] == 6_000);
    assert!(lines.iter().rev().skip(1).all(|line| line["kind"] == "state"));
    // Whichever venue it is, the object is the same.
    let bitget = printed(&bitget_profile(2));
    let last_there = bitget.last().unwrap();
    let keys = |line: &serde_json::Value| -> Vec<String> {
        line.as_object().unwrap().keys().cloned().collect()
    };
    assert_eq!(keys(last_there), keys(last));
    assert_eq!(last_there["venue"], "embedded-bitget");
    assert_eq!(last_there["position"], last_there["venue_position"]);
    assert_eq!((&last_there["duplicates"], &last_there["orphans"]), (&0.into(), &0.into()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ban_is_met_with_silence_and_what_it_left_behind_is_said() {
    let session = started(&profile(6)).await;
    until(&session, |_| open(&session) >= 5).await;
    let embedded = session.embedded().expect("it is embedded");
    embedded.with(|venue, now| venue.ban(now, Ipv4Addr::LOCALHOST.into()));
    until(&session, |snapshot| {
        let is_idle = snapshot.scheduler.in_flight.iter().all(|(_, count)| *count == 0);
        matches!(snapshot.status, VenueStatus::Shut { .. }) && is_idle
    })
    .await;
    let requests = || embedded.ledger().total_requests();
    let before = requests();
    // Orders are open and cannot be canceled: the venue is not asked, and the end comes in time.
    let mut desk = session.desk();
    desk.stop(Duration::from_millis(500)).await;
    let ended = tokio::time::timeout(PATIENCE, desk.ended()).await.unwrap();
    assert!(matches!(ended, End::Drained { unresolved } if !unresolved.is_empty()));
    assert_eq!(requests(), before, "nothing is sent while the address is banned");
    let closing = session.close(PATIENCE).await.unwrap();
    assert!(closing.counters.http_418 > 0);
    let flaw = closing.flaw().expect("orders were left behind");
    // The market goes on without us: what is not open there any more has traded.
    let is_left = !closing.orphans.is_empty() || closing.differs();
    assert!(is_left, "they are open at the venue, or have traded there: {closing}");
    assert!(flaw.contains("is not known") && !flaw.contains('\n'), "{flaw}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn thousands_who_ask_the_desk_share_requests_and_all_have_an_answer() {
    let session = started(&profile(8)).await;
    until(&session, |snapshot| snapshot.status == VenueStatus::Live).await;
    let books = || {
        let requests = session.embedded().expect("it is embedded").ledger().requests;
        requests.get("GET /api/v3/depth").copied().unwrap_or_default()
    };
    let before = books();
    let call = || Call::Depth { symbol: "BTCUSDT".into(), levels: 5 };
    let mut asking = tokio::task::JoinSet::new();
    for _ in 0..5_000 {
        let desk = session.desk();
        asking.spawn(async move { desk.ask(call(), Ask::background().within(PATIENCE)).await });
    }
    let answers = asking.join_all().await;
    assert!(answers.iter().all(|answer| matches!(answer.as_deref(), Ok(Reply::Depth(_)))));
    let asked = books() - before;
    assert!((1..2_000).contains(&asked), "{asked} requests for 5000 questions");
    let desk = session.desk();
    // Impatience has an answer in time, too, and so has what is no question.
    let ask = Ask::default().within(Duration::from_nanos(1));
    assert!(matches!(desk.ask(call(), ask).await, Err(ReadFailed::Shed(_))));
    let order = Call::CancelOpenOrders { symbol: "BTCUSDT".into() };
    let refused = desk.ask(order, Ask::default()).await;
    assert!(matches!(refused, Err(ReadFailed::NotARead(_))));
    drop(desk);
    session.close(PATIENCE).await.unwrap();
}

#[test]
fn a_failed_run_has_an_exit_code_of_its_own() {
    let failed = tradewind_engine::Failure::Unreachable {
        venue: "binance".parse().unwrap(),
        what: "ServerTime".to_owned(),
        message: "nothing".to_owned(),
    };
    assert_eq!(Stopped::from(failed).code(), 1);
    assert_eq!(Stopped::Interrupted.code(), 130);
}

/// A folder of a test's own, which goes with it.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        let name = format!("tradewind-it-{}-{name}", std::process::id());
        Self(std::env::temp_dir().join(name))
    }

    /// The embedded profile, which keeps its state here.
    fn profile(&self, seed: u64) -> String {
        const DIR: &str = "# dir = \"state\"";
        let text = profile(seed);
        assert!(text.contains(DIR), "{text}");
        text.replace(DIR, &format!("dir = \"{}\"", self.0.display()))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).ok();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_that_ends_in_a_ban_is_followed_by_one_that_begins_in_it() {
    let scratch = Scratch::new("ban");
    let text = scratch.profile(7);
    let session = started(&text).await;
    until(&session, |snapshot| snapshot.open_orders.len() >= 3).await;
    let embedded = session.embedded().expect("it is embedded");
    embedded.with(|venue, now| venue.ban(now, Ipv4Addr::LOCALHOST.into()));
    until(&session, |snapshot| matches!(snapshot.status, VenueStatus::Shut { .. })).await;
    let mut desk = session.desk();
    desk.stop(Duration::from_millis(500)).await;
    desk.ended().await;
    drop(desk);
    session.close(PATIENCE).await.unwrap();
    // The venue that this one meets has banned nobody, and is not asked all the same.
    let later = started(&text).await;
    let mut desk = later.desk();
    for _ in 0..5 {
        let snapshot = desk.renewed().await.expect("the engine runs");
        assert!(matches!(snapshot.status, VenueStatus::Shut { .. }), "{:?}", snapshot.status);
    }
    assert_eq!(later.embedded().expect("it is embedded").ledger().total_requests(), 0);
    let config = Config::parse("embedded.toml", &text).unwrap();
    let kept = kept::inspect(&config).unwrap();
    assert!(kept.contains("egress direct is shut until") && kept.contains("banned"), "{kept}");
    drop(desk);
    later.close(PATIENCE).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_was_refused_is_not_tried_by_the_next_run_until_a_person_says_so() {
    let scratch = Scratch::new("key");
    let text = scratch.profile(8);
    let session = started(&text).await;
    until(&session, |snapshot| snapshot.open_orders.len() >= 3).await;
    let embedded = session.embedded().expect("it is embedded");
    embedded.with(|venue, _| venue.revoke(fake::API_KEY));
    let mut desk = session.desk();
    desk.ask(Call::Account, Ask::default()).await.unwrap_err();
    until(&session, |snapshot| matches!(snapshot.status, VenueStatus::Shut { .. })).await;
    desk.stop(Duration::from_millis(500)).await;
    desk.ended().await;
    drop(desk);
    session.close(PATIENCE).await.unwrap();
    let config = Config::parse("embedded.toml", &text).unwrap();
    let error = Session::start(&config, &registry()).await.map(|_| ()).unwrap_err();
    let line = error.to_string();
    assert!(line.contains("has refused the key of account main"), "{line}");
    assert!(line.contains("--clear-key") && !line.contains('\n'), "{line}");
    assert_eq!(Stopped::from(error).code(), 2);
    assert!(kept::clear_key(&config).unwrap().contains("may be tried again"));
    assert!(kept::clear_key(&config).unwrap().contains("was not noted"));
    let later = started(&text).await;
    until(&later, |snapshot| snapshot.status == VenueStatus::Live).await;
    later.close(PATIENCE).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_runs_at_once_have_slots_of_their_own_and_read_one_catalog() {
    let scratch = Scratch::new("slots");
    let text = scratch.profile(9);
    let first = started(&text).await;
    until(&first, |snapshot| snapshot.status == VenueStatus::Live).await;
    let config = Config::parse("embedded.toml", &text).unwrap();
    let error = Session::start(&config, &registry()).await.map(|_| ()).unwrap_err();
    assert!(error.to_string().contains("engine.slot 0"), "{error}");
    assert_eq!(Stopped::from(error).code(), 2);
    let beside = started(&text.replace("slot = 0", "slot = 1")).await;
    until(&beside, |snapshot| snapshot.status == VenueStatus::Live).await;
    let asked = |session: &Session| {
        let ledger = session.embedded().expect("it is embedded").ledger();
        ledger.requests.get("GET /api/v3/exchangeInfo").copied().unwrap_or_default()
    };
    assert_eq!((asked(&first), asked(&beside)), (1, 0));
    first.close(PATIENCE).await.unwrap();
    beside.close(PATIENCE).await.unwrap();
}
