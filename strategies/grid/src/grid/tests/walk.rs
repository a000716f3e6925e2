//! A random walk: a grid against a toy venue, through every kind of bad news at once.
//!
//! The venue matches, locks and pays as a spot exchange does, and tells of it late. Checked at each
//! command: never two orders on one rung, never more of them than rungs, no buy above a sell, no
//! attempt within a second of a refusal. Checked at the venue: it is never asked for what the
//! account does not have. Checked at the end: whatever happened, the grid is whole again, all
//! sells below the range and all buys above it.

use std::collections::VecDeque;

use proptest::prelude::*;
use tradewind_model::Decimal;
use tradewind_model::money::{Price, Quantity};
use tradewind_model::notice::{Command, Notice, Recovered, VenueStatus};
use tradewind_model::order::{Denied, OrderState, Side};

use super::bench::*;

const LEVELS: u32 = 5;

/// What happens next.
#[derive(Clone, Debug)]
enum Step {
    /// The price moves to this; what it reaches is filled.
    Price(u32),
    /// The price touches one order, which fills in part: one thousandth of a base unit each.
    Part(usize, u32),
    /// The venue takes what it was sent.
    Take(usize),
    /// The venue refuses the next thing it was sent.
    Refuse,
    /// The next thing sent never leaves.
    Deny(bool),
    /// The venue cancels an order.
    Cancel(usize),
    /// The grid hears the next so many pieces of news.
    Hear(usize),
    /// Time passes.
    Wait(u64),
    /// The stream drops and comes back.
    Drop,
    /// The strategy is killed and started again.
    Restart,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (90_u32..151).prop_map(Step::Price),
        4 => (any::<usize>(), 1_u32..100).prop_map(|(which, part)| Step::Part(which, part)),
        8 => (1_usize..6).prop_map(Step::Take),
        2 => Just(Step::Refuse),
        2 => any::<bool>().prop_map(Step::Deny),
        2 => any::<usize>().prop_map(Step::Cancel),
        10 => (1_usize..8).prop_map(Step::Hear),
        5 => prop_oneof![1_u64..900, 900_u64..70_000].prop_map(Step::Wait),
        1 => Just(Step::Drop),
        1 => Just(Step::Restart),
    ]
}

/// One order, as the venue has it or as it is on its way there.
#[derive(Clone)]
struct Order {
    asked: Asked,
    cum: Quantity,
}

impl Order {
    fn side(&self) -> Side {
        self.asked.1.side
    }

    fn price(&self) -> Price {
        self.asked.1.kind.price().unwrap()
    }

    fn leaves(&self) -> Quantity {
        self.asked.1.kind.qty().unwrap().saturating_sub(self.cum)
    }

    /// What it locks: base asset for a sell, quote asset for a buy.
    fn lock(&self) -> Decimal {
        match self.side() {
            Side::Buy => (self.price() * self.leaves()).get(),
            Side::Sell => self.leaves().get(),
        }
    }
}

struct World {
    bench: Bench,
    params: String,
    /// Sent and not yet taken.
    sent: VecDeque<Order>,
    resting: Vec<Order>,
    /// Not yet heard.
    news: VecDeque<Notice>,
    /// What the grid must take to be alive, the time of the last refusal it heard by rung and side.
    living: Vec<Asked>,
    refused: Vec<(u32, Side, u64)>,
    /// All there is, locked or not.
    base: Decimal,
    money: Decimal,
    /// Fees, taken from what a buy brings.
    fee: Decimal,
    mid: u32,
    trades: u64,
}

impl World {
    fn new(post_only: bool, base: &str, money: &str, fee: &str) -> Self {
        let params = format!("{FIVE}\npost_only = {post_only}");
        let mut world = Self {
            bench: Bench::new(&params, Recovered::default()),
            params,
            sent: VecDeque::new(),
            resting: Vec::new(),
            news: VecDeque::new(),
            living: Vec::new(),
            refused: Vec::new(),
            base: dec(base),
            money: dec(money),
            fee: dec(fee),
            mid: 121,
            trades: 0,
        };
        world.restart();
        world
    }

    fn locked(&self, side: Side) -> Decimal {
        let resting = self.resting.iter().filter(|order| order.side() == side);
        resting.map(Order::lock).sum()
    }

    fn balances(&self) -> Notice {
        let (base, money) = (self.locked(Side::Sell), self.locked(Side::Buy));
        Notice::Balances(vec![
            balance("FOO", self.base - base, base),
            balance("USDT", self.money - money, money),
        ])
    }

    fn quote(&self) -> Notice {
        let text = |cents: &str| format!("{}.{cents}", self.mid);
        Notice::Quote(foo(), quote(&text("1"), &text("3"), self.bench.now()))
    }

    fn run(&mut self, step: &Step) {
        self.bench.millis += 1;
        match step {
            Step::Price(mid) => self.move_to(*mid),
            Step::Part(which, part) => self.fill_in_part(*which, *part),
            Step::Take(count) => (0..*count).for_each(|_| self.take()),
            Step::Refuse => self.end_sent(OrderState::Rejected, None),
            Step::Deny(by_balance) => {
                let denied = if *by_balance {
                    Denied::InsufficientBalance {
                        asset: "FOO".into(),
                        needed: Decimal::ONE,
                        free: Decimal::ZERO,
                    }
                } else {
                    Denied::Deadline { waited_ms: 500 }
                };
                self.end_sent(OrderState::Denied, Some(denied));
            }
            Step::Cancel(which) => self.cancel(*which),
            Step::Hear(count) => (0..*count).for_each(|_| self.hear()),
            Step::Wait(millis) => {
                // News is never later than this.
                if *millis > 900 {
                    self.hear_all();
                }
                self.bench.wait(*millis);
                self.obey();
            }
            Step::Drop => {
                self.news.push_back(Notice::Venue(VenueStatus::Stale {
                    reason: "stream lost".to_owned(),
                }));
                self.news.push_back(Notice::Venue(VenueStatus::Live));
            }
            Step::Restart => self.restart(),
        }
    }

    /// What is sent and unheard is settled first, as the engine does before it starts a strategy.
    fn restart(&mut self) {
        while !self.sent.is_empty() {
            self.take();
        }
        self.news.clear();
        self.refused.clear();
        let Notice::Balances(balances) = self.balances() else {
            unreachable!("balances are balances");
        };
        let orders = self.resting.iter().map(|order| {
            let state =
                if order.cum.is_zero() { OrderState::Open } else { OrderState::PartiallyFilled };
            update(&order.asked, state, order.cum)
        });
        let recovered = Recovered {
            instruments: vec![instrument()],
            orders: orders.collect(),
            balances,
            ..Recovered::default()
        };
        self.living = self.resting.iter().map(|order| order.asked.clone()).collect();
        self.bench.host = make(&self.params, self.bench.millis).unwrap();
        self.bench.tell(Notice::Started(Box::new(recovered)));
        self.obey();
        self.news.push_back(Notice::Venue(VenueStatus::Live));
        self.news.push_back(self.quote());
    }

    /// The grid hears one piece of news, and what it then does is checked.
    fn hear(&mut self) {
        let Some(notice) = self.news.pop_front() else {
            return;
        };
        if let Notice::Order(order) = &notice
            && order.state.is_terminal()
        {
            self.living.retain(|(id, _)| *id != order.client_order_id);
            if order.state != OrderState::Filled {
                self.refused.push((order.tag, order.side, self.bench.millis));
            }
        }
        self.bench.tell(notice);
        self.obey();
    }

    fn hear_all(&mut self) {
        while !self.news.is_empty() {
            self.hear();
        }
    }

    fn obey(&mut self) {
        for command in std::mem::take(&mut self.bench.said) {
            assert!(!is_out_of_place(&command), "{command:?}");
            if let Command::Submit { client_order_id, request } = command {
                self.submitted((client_order_id, request));
            }
        }
    }

    fn submitted(&mut self, asked: Asked) {
        let request = &asked.1;
        for (_, other) in &self.living {
            assert_ne!(other.tag, request.tag, "two orders on one rung");
            if other.side != request.side {
                let is_above = request.tag > other.tag;
                assert_eq!(is_above, request.side == Side::Sell, "it would meet itself");
            }
        }
        let last = self.refused.iter().rev();
        let mut last = last.filter(|(tag, side, _)| (*tag, *side) == (request.tag, request.side));
        if let Some((_, _, at)) = last.next() {
            assert!(self.bench.millis >= at + 1_000, "asked again at once");
        }
        self.living.push(asked.clone());
        assert!(self.living.len() < usize::try_from(LEVELS).unwrap() + 1);
        let cum = Quantity::ZERO;
        self.sent.push_back(Order { asked, cum });
    }

    /// The venue takes the next order it was sent: refuses one that is to rest and would not.
    fn take(&mut self) {
        let Some(order) = self.sent.pop_front() else {
            return;
        };
        let (total, side) = match order.side() {
            Side::Buy => (self.money, Side::Buy),
            Side::Sell => (self.base, Side::Sell),
        };
        let free = total - self.locked(side);
        assert!(order.lock() <= free, "{} of {free} {side}", order.lock());
        let is_reached = self.is_reached(&order);
        if is_reached && self.params.contains("post_only = true") {
            self.tell(&order, OrderState::Rejected);
            return;
        }
        self.resting.push(order.clone());
        if is_reached {
            let last = self.resting.len() - 1;
            self.fill(last, order.leaves());
        } else {
            self.tell(&order, OrderState::Open);
            let balances = self.balances();
            self.news.push_back(balances);
        }
    }

    fn is_reached(&self, order: &Order) -> bool {
        let mid = Decimal::from(self.mid);
        match order.side() {
            Side::Buy => order.price().get() > mid,
            Side::Sell => order.price().get() <= mid,
        }
    }

    fn end_sent(&mut self, state: OrderState, denied: Option<Denied>) {
        if let Some(order) = self.sent.pop_front() {
            let mut update = update(&order.asked, state, order.cum);
            update.denied = denied;
            self.news.push_back(Notice::Order(Box::new(update)));
        }
    }

    fn move_to(&mut self, mid: u32) {
        self.mid = mid;
        while let Some(index) = self.resting.iter().position(|order| self.is_reached(order)) {
            let leaves = self.resting[index].leaves();
            self.fill(index, leaves);
        }
        let quote = self.quote();
        self.news.push_back(quote);
    }

    fn fill_in_part(&mut self, which: usize, part: u32) {
        if self.resting.is_empty() {
            return;
        }
        let index = which % self.resting.len();
        let part = Quantity::new(Decimal::new(i64::from(part), 3)).unwrap();
        let part = part.min(self.resting[index].leaves());
        self.fill(index, part);
    }

    fn fill(&mut self, index: usize, qty: Quantity) {
        let order = &mut self.resting[index];
        order.cum = order.cum + qty;
        let order = order.clone();
        let value = (order.price() * qty).get();
        let fee = qty.get() * self.fee;
        let mut fees = Decimal::ZERO;
        match order.side() {
            Side::Buy => {
                self.money -= value;
                self.base += qty.get() - fee;
                fees = fee;
            }
            Side::Sell => {
                self.money += value;
                self.base -= qty.get();
            }
        }
        let state = if order.leaves().is_zero() {
            self.resting.remove(index);
            OrderState::Filled
        } else {
            OrderState::PartiallyFilled
        };
        self.trades += 1;
        let mut update = update(&order.asked, state, order.cum);
        update.fill = Some(fill(&order.asked.1, self.trades, qty, fees));
        // News of the order and of the balance come in either order.
        let mut both = vec![Notice::Order(Box::new(update)), self.balances()];
        if self.trades.is_multiple_of(2) {
            both.reverse();
        }
        self.news.extend(both);
    }

    fn cancel(&mut self, which: usize) {
        if self.resting.is_empty() {
            return;
        }
        let order = self.resting.remove(which % self.resting.len());
        self.tell(&order, OrderState::Canceled);
        let balances = self.balances();
        self.news.push_back(balances);
    }

    fn tell(&mut self, order: &Order, state: OrderState) {
        let update = update(&order.asked, state, order.cum);
        self.news.push_back(Notice::Order(Box::new(update)));
    }

    /// Lets everything settle at a price.
    fn settle(&mut self, mid: u32) {
        for _ in 0..8 {
            self.move_to(mid);
            for _ in 0..8 {
                self.hear_all();
                while !self.sent.is_empty() {
                    self.take();
                }
            }
            // A denial for want of balance ends with news of the balance.
            let balances = self.balances();
            self.news.push_back(balances);
            self.hear_all();
            self.bench.wait(61_000);
            self.obey();
            while !self.sent.is_empty() {
                self.take();
            }
            self.hear_all();
        }
        assert!(self.sent.is_empty() && self.news.is_empty());
    }

    fn resting_tags(&self, side: Side) -> Vec<u32> {
        let of_side = self.resting.iter().filter(|order| order.side() == side);
        let mut tags: Vec<u32> = of_side.map(|order| order.asked.1.tag).collect();
        tags.sort_unstable();
        tags
    }
}

/// What a grid whose parameters stay the same has no use for.
fn is_out_of_place(command: &Command) -> bool {
    matches!(command, Command::Cancel { .. } | Command::Replace { .. } | Command::History { .. })
}

fn walk(world: &mut World, steps: &[Step]) {
    for step in steps {
        world.run(step);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_a_grid_is_whole_again_afterwards(
        steps in prop::collection::vec(step(), 0..200),
        post_only: bool,
        has_fees: bool,
    ) {
        let fee = if has_fees { "0.001" } else { "0" };
        let mut world = World::new(post_only, "50", "100000", fee);
        walk(&mut world, &steps);
        // A cell that the price has run past waits until it comes back: once up, once down.
        world.settle(150);
        world.settle(90);
        prop_assert_eq!(world.resting_tags(Side::Sell), [1, 2, 3, 4]);
        prop_assert!(world.resting_tags(Side::Buy).is_empty());
        world.settle(150);
        prop_assert_eq!(world.resting_tags(Side::Buy), [0, 1, 2, 3]);
        prop_assert!(world.resting_tags(Side::Sell).is_empty());
    }

    #[test]
    fn a_poor_grid_never_asks_for_what_it_does_not_have(
        steps in prop::collection::vec(step(), 0..200),
        base in 0_u32..4,
        money in 0_u32..50,
        post_only: bool,
        has_fees: bool,
    ) {
        let fee = if has_fees { "0.001" } else { "0" };
        let base = format!("0.{base}5");
        let mut world = World::new(post_only, &base, &money.to_string(), fee);
        walk(&mut world, &steps);
    }
}
