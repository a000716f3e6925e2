//! What an operator sees with any SQLite client, while the journal is open.

use rusqlite::{Connection, OpenFlags};

use super::steps::{self, Says, Step};
use super::support::{Desk, Folder};
use crate::Journal;

fn rows(folder: &Folder, query: &str) -> Vec<String> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
    let connection = Connection::open_with_flags(folder.database(), flags).unwrap();
    let mut statement = connection.prepare(query).unwrap();
    let columns = statement.column_count();
    let row = |row: &rusqlite::Row<'_>| {
        let cells = (0..columns).map(|column| {
            let value: rusqlite::types::Value = row.get(column).unwrap();
            match value {
                rusqlite::types::Value::Null => "-".to_owned(),
                rusqlite::types::Value::Integer(number) => number.to_string(),
                rusqlite::types::Value::Real(number) => number.to_string(),
                rusqlite::types::Value::Text(text) => text,
                rusqlite::types::Value::Blob(_) => "?".to_owned(),
            }
        });
        Ok(cells.collect::<Vec<_>>().join(" "))
    };
    statement.query_map([], row).unwrap().map(Result::unwrap).collect()
}

const STORY: [Step; 12] = {
    const fn step(order: u32, says: Says) -> Step {
        Step { order, says }
    }
    [
        step(0, Says::Intent(1)),
        step(0, Says::Sent),
        step(0, Says::Accepted),
        step(0, Says::Traded(0)),
        step(4, Says::Intent(1)),
        step(4, Says::InDoubt),
        step(8, Says::Intent(1)),
        step(8, Says::Accepted),
        step(8, Says::Ended(5)),
        step(2, Says::Trading(2)),
        step(0, Says::Shut(0)),
        step(0, Says::Remembered(Some(7))),
    ]
};

#[test]
fn orders_trades_and_decisions_read_as_they_are_while_it_is_open() {
    let folder = Folder::new("tables");
    let (mut desk, _) = Desk::open(&folder).unwrap();
    desk.write_and_file(&steps::records(0, &STORY));
    let (first, second, third) = (steps::name(0), steps::name(4), steps::name(8));
    assert_eq!(
        rows(
            &folder,
            "SELECT client_order_id, stage, price, traded_qty, tag, created, sent FROM open_orders"
        ),
        [
            format!(
                "{first} partially-filled 50000.1 0.1 0 2027-01-15T08:00:00.000Z 2027-01-15T08:00:00.002Z"
            ),
            format!("{second} in-doubt 50000.1 0 4 2027-01-15T08:00:00.000Z -"),
        ]
    );
    assert_eq!(
        rows(&folder, "SELECT client_order_id, in_doubt_since FROM orders_in_doubt"),
        [format!("{second} 2027-01-15T08:00:00.006Z")]
    );
    assert_eq!(
        rows(&folder, "SELECT client_order_id, stage, reason FROM orders WHERE ended IS NOT NULL"),
        [format!("{third} canceled it's \"over\"\n")]
    );
    assert_eq!(
        rows(&folder, "SELECT trade_id, side, price, qty, fee, fee_asset, at FROM fills"),
        ["0 buy 50000.1 0.1 0.00000123 BNB 2027-01-15T08:00:00.000Z"]
    );
    assert_eq!(
        rows(&folder, "SELECT day, strategy, side, fills, qty, quote, fee_asset FROM fills_by_day"),
        ["2027-01-15 grid buy 1 0.1 5000.01 BNB"]
    );
    assert_eq!(
        rows(&folder, "SELECT strategy, instrument, base, cost, realized, fees FROM positions"),
        ["grid BTC-USDT 0.1 5000.01 0 {\"BNB\":\"0.00000123\"}"]
    );
    assert_eq!(
        rows(&folder, "SELECT kind, scope, what, at FROM state ORDER BY kind"),
        [
            "shut egress eth0 the venue refused our key, until somebody clears it 2027-01-15T08:00:00.011Z",
            "trading strategy grid halted: the operator 2027-01-15T08:00:00.010Z",
        ]
    );
    assert_eq!(rows(&folder, "SELECT * FROM store"), ["grid rung 0 7"]);
    assert_eq!(
        rows(
            &folder,
            "SELECT seq, kind, at FROM log WHERE client_order_id = (SELECT client_order_id FROM orders WHERE tag = 8)"
        ),
        [
            "7 intent 2027-01-15T08:00:00.007Z",
            "8 accepted 2027-01-15T08:00:00.008Z",
            "9 canceled 2027-01-15T08:00:00.009Z",
        ]
    );
}

#[test]
fn what_an_order_waits_for_and_belongs_with_is_read_from_its_row() {
    const STEPS: [Step; 6] = {
        const fn step(order: u32, says: Says) -> Step {
            Step { order, says }
        }
        [
            step(1, Says::Intent(1)),
            step(2, Says::Intent(1)),
            step(5, Says::Intent(1)),
            step(5, Says::Accepted),
            step(5, Says::AmendAsked(1)),
            step(5, Says::Amended(1)),
        ]
    };
    let folder = Folder::new("belonging");
    let (mut desk, _) = Desk::open(&folder).unwrap();
    desk.write_and_file(&steps::records(0, &STEPS));
    let [pair, first, second, replaced, stop] = [1_001, 1, 2, 4, 5].map(steps::name);
    let row = "client_order_id, trigger_price, qty, amended_qty, pair, other, replaces";
    assert_eq!(
        rows(&folder, &format!("SELECT {row} FROM open_orders ORDER BY tag")),
        [
            format!("{first} - 0.3 - {pair} {second} -"),
            format!("{second} - 0.3 - {pair} {first} -"),
            format!("{stop} 49000.5 0.3 0.1 - - {replaced}"),
        ]
    );
    assert_eq!(
        rows(&folder, "SELECT amend_asked, stage FROM live_orders WHERE tag = 5"),
        ["0.1 open"]
    );
}

#[test]
fn somebody_who_reads_for_long_keeps_nobody_from_writing() {
    let folder = Folder::new("reader");
    let (mut desk, _) = Desk::open(&folder).unwrap();
    let all: Vec<_> = (1..=3_000).map(|n| steps::record(n, steps::lived(n))).collect();
    desk.write(&all[..10]);
    let reader = Connection::open(folder.database()).unwrap();
    reader.execute_batch("BEGIN").unwrap();
    let count = |reader: &Connection| -> i64 {
        reader.query_row("SELECT count(*) FROM log", [], |row| row.get(0)).unwrap()
    };
    assert_eq!(count(&reader), 10);
    for part in all[10..].chunks(50) {
        desk.write(part);
    }
    assert_eq!(count(&reader), 10, "whoever reads sees one moment");
    reader.execute_batch("COMMIT").unwrap();
    assert_eq!(count(&reader), 3_000);
    assert_eq!(desk.journal.health().fault, None);
}

#[test]
fn a_removed_order_leaves_no_trace_but_its_sums_and_the_log_of_kept_ones_stays() {
    let folder = Folder::new("compaction");
    let (mut desk, _) = Desk::open(&folder).unwrap();
    let all: Vec<_> = (1..=4_000).map(|n| steps::record(n, steps::lived(n))).collect();
    for part in all.chunks(100) {
        desk.write_and_file(part);
    }
    let fills: Vec<_> = rows(&folder, "SELECT * FROM turnovers");
    let half = super::support::START + std::time::Duration::from_millis(2_000);
    let age = std::time::Duration::from_hours(24);
    desk.journal.compact(half + age, age);
    let answer = desk.answer();
    let tradewind_engine::journal::Answer::Compacted { orders, records } = answer else {
        panic!("{answer:?}")
    };
    // What goes is known to the last record, so that no bound has to be guessed.
    let mut expected = super::reference::recovered(&all);
    let gone = expected.compact(half);
    let is_spoken_of = |one: &&tradewind_engine::journal::Record| {
        let id = one.entry.client_order_id();
        one.at < half && id.is_none_or(|id| expected.order(id).is_none())
    };
    let silent = all.iter().filter(is_spoken_of).count();
    assert_eq!((orders, records), (gone.len() as u64, silent as u64));
    assert!(orders > 0 && records > 0, "the history has orders that are over for long");
    assert_eq!(rows(&folder, "SELECT * FROM turnovers"), fills);
    for query in [
        "SELECT client_order_id FROM fills EXCEPT SELECT client_order_id FROM orders",
        "SELECT client_order_id FROM log WHERE client_order_id IS NOT NULL AND at < '2027-01-15T08:00:02.000Z' EXCEPT SELECT client_order_id FROM orders",
        "SELECT client_order_id FROM orders EXCEPT SELECT client_order_id FROM events",
        "SELECT client_order_id FROM orders WHERE ended < '2027-01-15T08:00:02.000Z'",
    ] {
        assert_eq!(rows(&folder, query), Vec::<String>::new(), "{query}");
    }
    let kept = rows(&folder, "SELECT count(*) FROM log");
    assert_eq!(kept, [(4_000 - records).to_string()]);
}
