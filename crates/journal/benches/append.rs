//! What a durable record costs whoever waits for it: from the append to the answer, the way to the
//! journal's thread and back included.
//!
//! Each record is the intent of a new order, as it stands on the way of every order. "one by one"
//! waits for each; "in groups" appends 16 at once and waits for all. `NORMAL` survives the death
//! of the process, `FULL` a loss of power. How fast a disk syncs is all that the latter measures.

use std::hint::black_box;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use tradewind_engine::journal::{Answer, Append, AppendId, Entry, Intent, Record};
use tradewind_journal::{DiskJournal, Journal, SyncMode};
use tradewind_model::Timestamp;
use tradewind_model::id::{AccountId, ClientOrderIds, InstrumentId, StrategyId, Symbol, VenueId};
use tradewind_model::order::{Link, OrderKind, OrderRequest, Side};

const NOW: Timestamp = Timestamp::from_millis(1_800_057_610_050);
const GROUP: u64 = 16;

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

    fn append(&mut self, records: u64) {
        let records = (0..records).map(|_| {
            let client_order_id = self.names.next();
            let intent = Intent { client_order_id, ..self.intent.clone() };
            Record { at: NOW, entry: Entry::Intent(Box::new(intent)) }
        });
        self.next += 1;
        let append = Append { id: AppendId(self.next), records: records.collect() };
        self.journal.append(black_box(append)).expect("there is room");
    }

    fn wait(&self) {
        match self.answers.recv() {
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
        let mut bench = Bench::new(sync);
        group.throughput(Throughput::Elements(1));
        group.bench_function("one by one", |bencher| {
            bencher.iter(|| {
                bench.append(1);
                bench.wait();
            });
        });
        group.throughput(Throughput::Elements(GROUP));
        group.bench_function("16 appends at once", |bencher| {
            bencher.iter(|| {
                (0..GROUP).for_each(|_| bench.append(1));
                (0..GROUP).for_each(|_| bench.wait());
            });
        });
        group.bench_function("one append of 16", |bencher| {
            bencher.iter(|| {
                bench.append(GROUP);
                bench.wait();
            });
        });
        group.finish();
        bench.journal.close().expect("all was well");
    }
}

criterion_group!(benches, appends);
criterion_main!(benches);
