//! Sessions that follow each other, at a venue that goes on, over a journal on disk.

#![expect(clippy::unwrap_used, reason = "a session that cannot be started is a failed test")]

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::mpsc;
use std::time::Duration;

use tradewind::session::kept;
use tradewind::{Config, Registry, Session};
use tradewind_engine::Snapshot;
use tradewind_engine::journal::{
    Append, AppendId, Ending, Entry, Intent, Record, Recovered, Turnover,
};
use tradewind_grid::Grid;
use tradewind_journal::{DiskJournal, Journal, SyncMode, inspect};
use tradewind_model::Decimal;
use tradewind_model::id::{Asset, ClientOrderId, ClientOrderIds};
use tradewind_model::notice::VenueStatus;
use tradewind_model::order::{Link, OrderKind, OrderRequest, Side};
use tradewind_model::time::Timestamp;
use tradewind_runtime::Clock;
use tradewind_simulator::binance::BinanceConfig;
use tradewind_simulator::server::Embedded;

/// What a wait may take on a machine that is busy with something else.
const PATIENCE: Duration = Duration::from_secs(60);

/// A venue, and a folder of its own that is removed at the end.
struct Desk {
    venue: Embedded,
    dir: PathBuf,
}

impl Desk {
    async fn open(name: &str) -> Self {
        let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let venue = Embedded::serve(&BinanceConfig::embedded(), 4, any).await.unwrap();
        let dir = std::env::temp_dir().join(format!("tradewind-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&dir).unwrap();
        Self { venue, dir }
    }

    /// The profile of the embedded venue, at this one.
    fn text(&self, cancels_on_stop: bool) -> String {
        let (at, dir) = (format!("at = \"{}\"", self.venue.address()), self.dir.display());
        let text = include_str!("../config/embedded.toml").to_owned();
        let changes = [
            ("# at = \"127.0.0.1:9000\"", at),
            ("# dir = \"state\"", format!("dir = \"{dir}\"")),
            ("width = \"0.03\"", "width = \"0.005\"".to_owned()),
            ("cancels_on_stop = true", format!("cancels_on_stop = {cancels_on_stop}")),
        ];
        changes.into_iter().fold(text, |text, (old, new)| {
            assert!(text.contains(old), "{old}");
            text.replacen(old, &new, 1)
        })
    }

    fn read(&self) -> Recovered {
        let text = self.text(true);
        let folder = kept::journal_folder(&Config::parse("a.toml", &text).unwrap()).unwrap();
        inspect(&folder).unwrap().unwrap()
    }

    /// What the venue says was traded.
    fn truth(&self) -> (Decimal, u64) {
        let ledger = self.venue.ledger();
        let account = &ledger.accounts[0];
        let base = account.position.iter().find(|(asset, _)| asset == "BTC");
        let base = base.map(|(_, net)| net.normalize()).unwrap_or_default();
        (base, account.fills.len() as u64)
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.dir).ok();
    }
}

async fn started(text: &str) -> Session {
    let config = Config::parse("embedded.toml", text).unwrap();
    let registry = Registry::new().with::<Grid>("grid");
    Session::start(&config, &registry).await.expect("the session starts")
}

/// Waits until the state is as wanted.
async fn until(session: &Session, wanted: impl Fn(&Snapshot) -> bool) {
    let mut desk = session.desk();
    let waited = tokio::time::timeout(PATIENCE, async {
        while !wanted(&desk.renewed().await.expect("the engine runs")) {}
    });
    if waited.await.is_err() {
        panic!("not reached: {:#?}", desk.snapshot());
    }
}

/// What a journal says was traded.
fn known(recovered: &Recovered) -> (Decimal, u64) {
    let mut turnover = Turnover::default();
    recovered.turnovers.values().for_each(|one| turnover.add(one));
    let position = turnover.position(&Asset::new("USDT"));
    (position.base.normalize(), position.fills)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_goes_on_where_the_last_one_ended_and_the_books_agree() {
    let desk = Desk::open("succession").await;
    let first = started(&desk.text(false)).await;
    until(&first, |now| now.counters.fills >= 2 && now.open_orders.len() >= 3).await;
    first.close(PATIENCE).await.unwrap();
    let left = desk.read();
    assert!(!left.orders.is_empty(), "its orders rest on");
    let second = started(&desk.text(true)).await;
    until(&second, |now| now.status == VenueStatus::Live).await;
    let before = desk.venue.ledger().accounts[0].fills.len();
    let snapshot = second.desk().snapshot();
    let position = snapshot.positions.iter().map(|one| one.fills).sum::<u64>();
    assert!(position >= known(&left).1, "{position} of {before} trades are known again");
    let closing = second.close(PATIENCE).await.unwrap();
    assert_eq!((closing.duplicates, closing.orphans.len()), (0, 0));
    assert_eq!(desk.venue.ledger().accounts[0].open_orders, []);
    let recovered = desk.read();
    assert!(recovered.orders.is_empty());
    assert_eq!(known(&recovered), desk.truth());
}

/// An order that a session of long ago has left.
fn old_order(config: &Config<'_>, at: Timestamp) -> (ClientOrderId, [Entry; 2]) {
    let client_order_id = ClientOrderIds::new(0, at).next();
    let kind =
        OrderKind::PostOnly { price: "60000".parse().unwrap(), qty: "0.01".parse().unwrap() };
    let request = OrderRequest { instrument: "BTC-USDT".into(), side: Side::Buy, kind, tag: 1 };
    let intent = Entry::Intent(Box::new(Intent {
        client_order_id,
        venue: config.route.venue.name,
        account: config.route.account.name,
        strategy: config.strategies[0].id,
        request,
        link: Link::default(),
        symbol: "BTCUSDT".to_owned().into(),
        deadline: at,
        recv_window: Duration::from_millis(500),
        attempt: 1,
        created_at: at,
    }));
    let (ending, reason) = (Ending::Rejected, None);
    (client_order_id, [intent, Entry::Ended { client_order_id, ending, reason }])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_removes_what_is_over_for_too_long_and_nothing_else() {
    let desk = Desk::open("tidy").await;
    let text = desk.text(true);
    let now = Clock::start().now();
    let [(old, first), (young, second)] = {
        let config = Config::parse("a.toml", &text).unwrap();
        let folder = kept::journal_folder(&config).unwrap();
        let (tell, answers) = mpsc::channel();
        let tell = Box::new(move |answer| drop(tell.send(answer)));
        let (journal, _) = DiskJournal::open(&folder, SyncMode::Normal, now, tell).unwrap();
        let days = [91, 89].map(|days| now - Duration::from_hours(24 * days));
        let orders = days.map(|at| (at, old_order(&config, at)));
        for (id, (at, (_, entries))) in (1..).zip(&orders) {
            let records = entries.clone().map(|entry| Record { at: *at, entry }).to_vec();
            journal.append(Append { id: AppendId(id), records }).unwrap();
            answers.recv().unwrap();
        }
        journal.close().unwrap();
        orders.map(|(_, (id, entries))| (id, entries))
    };
    assert_eq!((first.len(), second.len()), (2, 2));
    assert_eq!(desk.read().closed.len(), 2);
    let session = started(&text).await;
    until(&session, |_| !desk.read().closed.contains_key(&old)).await;
    assert!(desk.read().closed.contains_key(&young));
    session.close(PATIENCE).await.unwrap();
}
