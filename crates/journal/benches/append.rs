//! What a durable record costs whoever waits for it: from the append to the answer, the way to the
//! journal's thread and back included.
//!
//! Each record is the intent of a new order, as it stands on the way of every order. "one by one"
//! waits for each, the others have 16 on the way at once. "in a burst" one follows the other;
//! "after a pause" the tables say all that went before and the journal's thread may sleep, so that
//! how fast a machine wakes a thread is a part of it. "without a pause" is the rate that can be kept
//! up, the tables included. `NORMAL` survives the death of the process, `FULL` a loss of power. How
//! fast a disk syncs is all that the latter measures.

use std::cell::RefCell;
use std::hint::black_box;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use tradewind_engine::journal::{Answer, Append, AppendId, Entry, Intent, Record};
use tradewind_journal::{DiskJournal, Journal, SyncMode, look_out};
use tradewind_model::Timestamp;
use tradewind_model::id::{AccountId, ClientOrderIds, InstrumentId, StrategyId, Symbol, VenueId};
use tradewind_model::order::{Link, OrderKind, OrderRequest, Side};

const NOW: Timestamp = Timestamp::from_millis(1_800_057_610_050);
const GROUP: u64 = 16;
/// Groups in a burst.
const BURST: u64 = 64;

/// An open journal, and what makes records for it.
struct Bench {
    journal: DiskJournal,
    answers: Receiver<Answer>,
    names: ClientOrderIds,
    next: u64,
    intent: Intent,
}

impl Bench {
    fn new(sync: SyncMode) -> Self {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("append-{sync:?}"));
        std::fs::remove_dir_all(&folder).ok();
        let (sender, answers) = channel();
        let tell = Box::new(move |answer| drop(sender.send(answer)));
        let (journal, _) = DiskJournal::open(&folder, sync, NOW, tell).expect("an empty folder");
        let mut names = ClientOrderIds::new(7, NOW);
        let intent = Intent {
            client_order_id: names.next(),
            venue: VenueId::new("binance").expect("a name"),
            account: AccountId::new("main").expect("a name"),
            strategy: StrategyId::new("grid").expect("a name"),
            request: OrderRequest {
                instrument: InstrumentId::new("BTC-USDT"),
                side: Side::Buy,
                kind: OrderKind::PostOnly {
                    price: "61250.35".parse().expect("a price"),
                    qty: "0.00125".parse().expect("a quantity"),
                },
                tag: 7,
            },
            link: Link::Alone,
            symbol: Symbol::new("BTCUSDT"),
            deadline: NOW + Duration::from_secs(5),
            recv_window: Duration::from_millis(1_500),
            attempt: 1,
            created_at: NOW,
        };
        Self { journal, answers, names, next: 0, intent }
    }

    /// So many appends of so many records each.
    fn appends(&mut self, appends: u64, records: u64) -> Vec<Append> {
        (0..appends).map(|_| self.next(records)).collect()
    }

    fn next(&mut self, records: u64) -> Append {
        let records = (0..records).map(|_| {
            let client_order_id = self.names.next();
            let intent = Intent { client_order_id, ..self.intent.clone() };
            Record { at: NOW, entry: Entry::Intent(Box::new(intent)) }
        });
        self.next += 1;
        Append { id: AppendId(self.next), records: records.collect() }
    }

    /// The same, when the tables say all that was appended.
    fn appends_after_a_pause(&mut self, appends: u64, records: u64) -> Vec<Append> {
        while self.journal.health().unfiled > 0 {
            std::hint::spin_loop();
        }
        self.appends(appends, records)
    }

    fn write(&self, appends: Vec<Append>) {
        let count = appends.len();
        for append in appends {
            self.journal.append(black_box(append)).expect("there is room");
        }
        (0..count).for_each(|_| self.wait());
    }

    fn wait(&self) {
        // As the engine's driver waits.
        let answer = look_out(|| self.answers.try_recv().ok());
        match answer.map_or_else(|| self.answers.recv(), Ok) {
            Ok(Answer::Durable(id)) => drop(black_box(id)),
            other => panic!("{other:?}"),
        }
    }
}

fn appends(criterion: &mut Criterion) {
    for sync in [SyncMode::Normal, SyncMode::Full] {
        let mut group = criterion.benchmark_group(format!("{sync:?}").to_uppercase());
        if sync == SyncMode::Full {
            group.sample_size(10);
        }
        let bench = RefCell::new(Bench::new(sync));
        let kinds =
            [("one by one", 1, 1), ("16 appends", GROUP, 1), ("one append of 16", 1, GROUP)];
        let rests = [
            ("in a burst", BatchSize::NumIterations(BURST)),
            ("after a pause", BatchSize::PerIteration),
        ];
        for ((name, appends, records), (when, size)) in
            kinds.into_iter().flat_map(|kind| rests.map(|rest| (kind, rest)))
        {
            group.throughput(Throughput::Elements(appends * records));
            group.bench_function(format!("{name}, {when}"), |bencher| {
                bencher.iter_batched(
                    || bench.borrow_mut().appends_after_a_pause(appends, records),
                    |appends| bench.borrow().write(appends),
                    size,
                );
            });
        }
        group.throughput(Throughput::Elements(GROUP));
        group.bench_function("one append of 16, without a pause", |bencher| {
            bencher.iter_batched(
                || bench.borrow_mut().appends(1, GROUP),
                |appends| bench.borrow().write(appends),
                BatchSize::SmallInput,
            );
        });
        group.finish();
        bench.into_inner().journal.close().expect("all was well");
    }
}

criterion_group!(benches, appends);
criterion_main!(benches);
