use std::sync::mpsc;

use tradewind_engine::journal::{Append, AppendId, Ending, Entry, Intent, Record};
use tradewind_journal::{DiskJournal, Journal, SyncMode};
use tradewind_model::id::{ClientOrderIds, VenueOrderId};
use tradewind_model::order::{Link, OrderKind, OrderRequest, Side};

use super::confirm::Assent;
use super::*;

/// A folder of its own, removed at the end.
struct Desk {
    dir: PathBuf,
    text: String,
}

impl Desk {
    fn new(name: &str) -> Self {
        let dir = std::env::temp_dir().join(format!("tradewind-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&dir).unwrap();
        let text = format!(
            "[venue]\nname = \"embedded\"\nadapter = \"binance\"\n[venue.embedded]\n\
             at = \"127.0.0.1:1\"\n[state]\ndir = \"{}\"\n[[strategy]]\nkind = \"grid\"\n\
             instruments = [\"BTC-USDT\"]\n",
            dir.display()
        );
        Self { dir, text }
    }

    fn config(&self) -> Config<'_> {
        Config::parse("bot.toml", &self.text).unwrap()
    }

    /// Writes records as a bot does, and gives what keeps others out while it lives.
    fn write(&self, entries: Vec<Entry>) -> DiskJournal {
        let folder = kept::journal_folder(&self.config()).unwrap();
        let now = Clock::start().now();
        let (tell, answers) = mpsc::channel();
        let tell = Box::new(move |answer| drop(tell.send(answer)));
        let (journal, _) = DiskJournal::open(&folder, SyncMode::Normal, now, tell).unwrap();
        let records = entries.into_iter().map(|entry| Record { at: now, entry }).collect();
        journal.append(Append { id: AppendId(1), records }).unwrap();
        answers.recv().unwrap();
        journal
    }

    fn forget(&self, id: &str) -> Result<String, OperatorError> {
        forget::one(&self.config(), id, Assent::Given)
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.dir).ok();
    }
}

fn names() -> ClientOrderIds {
    ClientOrderIds::new(0, Timestamp::from_secs(1_800_000_000))
}

fn intent(config: &Config<'_>, id: ClientOrderId) -> Entry {
    let kind =
        OrderKind::PostOnly { price: "60000".parse().unwrap(), qty: "0.01".parse().unwrap() };
    let request = OrderRequest { instrument: "BTC-USDT".into(), side: Side::Buy, kind, tag: 7 };
    let at = Timestamp::from_secs(1_800_000_000);
    Entry::Intent(Box::new(Intent {
        client_order_id: id,
        venue: config.route.venue.name,
        account: config.route.account.name,
        strategy: config.strategies[0].id,
        request,
        link: Link::default(),
        symbol: "BTCUSDT".to_owned().into(),
        deadline: at,
        recv_window: std::time::Duration::from_millis(500),
        attempt: 1,
        created_at: at,
    }))
}

fn accepted(client_order_id: ClientOrderId) -> Entry {
    let venue_order_id = VenueOrderId::new("7").unwrap();
    Entry::Accepted { client_order_id, venue_order_id, transacted_at: None }
}

/// One that rests, one in doubt, one that is over.
fn three(desk: &Desk) -> [ClientOrderId; 3] {
    let mut names = names();
    let ids = [names.next(), names.next(), names.next()];
    let config = desk.config();
    let mut entries: Vec<_> = ids.iter().map(|id| intent(&config, *id)).collect();
    let (ending, reason) = (Ending::Rejected, Some("too late".to_owned()));
    entries.push(accepted(ids[0]));
    entries.push(Entry::Ended { client_order_id: ids[2], ending, reason });
    desk.write(entries).close().unwrap();
    ids
}

#[test]
fn orders_are_listed_while_a_bot_writes_and_without_a_word_in_its_journal() {
    let desk = Desk::new("orders");
    let error = Books::read(&desk.config()).map(|_| ()).unwrap_err();
    assert!(matches!(error, OperatorError::NoJournal(_)), "{error}");
    let [resting, doubted, over] = three(&desk);
    let _bot = desk.write(vec![intent(&desk.config(), names().next())]);
    let books = Books::read(&desk.config()).unwrap();
    let text = list::text(&books);
    assert!(text.contains("2 not over") && text.contains("1 over"), "{text}");
    for part in [resting.as_str(), doubted.as_str(), over.as_str(), "too late", "tag 7"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let json = list::json(&books);
    assert_eq!(json["open"][0]["client_order_id"], resting.as_str());
    assert_eq!((&json["open"][0]["stage"], &json["open"][0]["tag"]), (&"open".into(), &7.into()));
    assert_eq!(json["closed"][0]["reason"], "too late");
}

#[test]
fn an_order_is_forgotten_for_good_and_nonsense_changes_nothing() {
    let desk = Desk::new("forget");
    let [resting, doubted, over] = three(&desk);
    for (id, part) in [
        ("", "no name of an order"),
        ("not an id!", "no name of an order"),
        ("unknown-1", "has no order unknown-1"),
        (over.as_str(), "is rejected since"),
    ] {
        let error = desk.forget(id).unwrap_err().to_string();
        assert!(error.contains(part), "{id}: {error}");
    }
    let unasked = forget::one(&desk.config(), resting.as_str(), Assent::Nobody).unwrap_err();
    assert!(unasked.to_string().contains("--yes"), "{unasked}");
    assert_eq!(Books::read(&desk.config()).unwrap().open().len(), 2);
    desk.forget(resting.as_str()).unwrap();
    let books = Books::read(&desk.config()).unwrap();
    let ended = books.recovered.closed[&resting].over.as_ref().map(|over| over.ending);
    assert_eq!(ended, Some(Ending::Forgotten));
    assert_eq!(books.open()[0].intent.client_order_id, doubted);
    let error = desk.forget(resting.as_str()).unwrap_err().to_string();
    assert!(error.contains("is forgotten since"), "{error}");
}

#[test]
fn nothing_is_forgotten_while_a_bot_runs_and_the_way_out_is_said() {
    let desk = Desk::new("running");
    let [resting, ..] = three(&desk);
    let bot = desk.write(Vec::new());
    for error in [
        desk.forget(resting.as_str()).unwrap_err(),
        forget::all(&desk.config(), Assent::Given).unwrap_err(),
    ] {
        let error = error.to_string();
        assert!(error.contains(&format!("process {}", std::process::id())), "{error}");
        assert!(error.contains("stop it"), "{error}");
    }
    bot.close().unwrap();
    desk.forget(resting.as_str()).unwrap();
}

#[test]
fn after_a_reset_the_journal_begins_anew_with_what_strategies_remember() {
    let desk = Desk::new("reset");
    let [resting, ..] = three(&desk);
    let strategy = desk.config().strategies[0].id;
    let (key, value) = ("center".to_owned(), Some("67000".to_owned()));
    desk.write(vec![Entry::Remembered { strategy, key, value }]).close().unwrap();
    let said = forget::all(&desk.config(), Assent::Given).unwrap();
    let books = Books::read(&desk.config()).unwrap();
    assert!(books.recovered.orders.is_empty() && books.recovered.closed.is_empty());
    assert_eq!(books.recovered.stores[&strategy]["center"], "67000");
    let aside = said.rsplit(' ').next().unwrap();
    let before = tradewind_journal::inspect(std::path::Path::new(aside)).unwrap().unwrap();
    assert!(before.orders.contains_key(&resting), "nothing of it is lost");
}

#[test]
fn a_plan_says_what_is_asked_and_that_the_venue_does_not_answer() {
    let desk = Desk::new("plan");
    three(&desk);
    let books = Books::read(&desk.config()).unwrap();
    let config = desk.config();
    let open = Err("nobody answers".to_owned());
    let text = plan::of(&config, &books, &open).print(false);
    for part in ["take up 2 orders", "in doubt", "from 2 s", "not known: nobody answers"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let listed = Ok(Vec::new());
    let json = plan::of(&config, &books, &listed).print(true);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["orders"][0]["listed"], false);
    assert_eq!(json["conclusive_after_ms"], 2_000);
    assert!(json["orders"][0]["step"].as_str().unwrap().contains("not listed"), "{json}");
}
