use proptest::prelude::*;

use super::*;

const NOW: Timestamp = Timestamp::from_nanos(1_800_000_000_123_456_789);

fn login(name: &str) -> Login {
    let digest = name.bytes().fold(7_u64, |sum, byte| sum.wrapping_mul(31) + u64::from(byte));
    Login {
        account: AccountId::new(name).unwrap(),
        hash: AccountHash::new(digest.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes()),
    }
}

fn at(secs: u64) -> Timestamp {
    NOW + Duration::from_secs(secs)
}

fn egress() -> ScopeKey {
    ScopeKey::Egress(EgressId::new("direct").unwrap())
}

fn record(scope: ScopeKey, reason: ShutReason, until: Option<u64>) -> ShutRecord {
    ShutRecord { scope, reason, since: NOW, until: until.map(at), strikes: 1 }
}

fn banned(until: u64) -> ShutRecord {
    record(egress(), ShutReason::Banned, Some(until))
}

fn refused(login: Login, since: u64) -> ShutRecord {
    let scope = ScopeKey::Account(login.account);
    ShutRecord { since: at(since), ..record(scope, ShutReason::Auth, None) }
}

fn book(login: Login, known: &[ShutRecord]) -> ShutBook {
    let mut book = ShutBook::default();
    book.enter(NOW, login, &[], known);
    book
}

fn reopened(now: Timestamp, book: &ShutBook) -> ShutBook {
    ShutBook::parse(now, &book.render(now)).unwrap()
}

prop_compose! {
    fn any_record()(
        scope in 0_usize..5,
        reason in 0_usize..5,
        ago in 0_u64..10_000_000_000_000,
        left in prop::option::of(1_u64..2_592_000_000_000_000),
        strikes in 0_u32..50,
    ) -> ShutRecord {
        let (login, egress) = (login("main"), EgressId::new("direct").unwrap());
        let scope = [
            ScopeKey::Egress(egress),
            ScopeKey::Account(login.account),
            ScopeKey::NewOrders(login.account),
            ScopeKey::Group(egress, EndpointGroup::Public),
            ScopeKey::Group(egress, EndpointGroup::Orders),
        ][scope];
        let reason = [
            ShutReason::Throttled,
            ShutReason::Forgotten,
            ShutReason::Edge,
            ShutReason::Banned,
            ShutReason::Auth,
        ][reason];
        ShutRecord {
            scope,
            reason,
            since: NOW - Duration::from_nanos(ago),
            until: left.map(|left| NOW + Duration::from_nanos(left)),
            strikes,
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_kept_and_read_again_is_what_was_shut(
        records in prop::collection::vec(any_record(), 0..8),
    ) {
        let mut by_scope = BTreeMap::new();
        for record in records {
            by_scope.insert(record.scope, record);
        }
        let records: Vec<_> = by_scope.into_values().collect();
        let login = login("main");
        let kept = book(login, &records);
        let mut found = reopened(NOW, &kept).records(login);
        found.sort_unstable_by_key(|record| record.scope);
        prop_assert_eq!(&found, &records);
        // Whoever knows all of it enters nothing, and is told nothing.
        let mut again = reopened(NOW, &kept);
        again.enter(NOW, login, &records, &records);
        prop_assert_eq!(&again, &kept);
        prop_assert_eq!(again.news(NOW, login, &records), vec![]);
    }

    #[test]
    fn no_process_shortens_what_another_was_told(
        ours in prop::collection::vec(any_record(), 0..4),
        theirs in prop::collection::vec(any_record(), 0..4),
    ) {
        let one_a_scope = |records: Vec<ShutRecord>| -> Vec<ShutRecord> {
            let by_scope: BTreeMap<_, _> =
                records.into_iter().map(|record| (record.scope, record)).collect();
            by_scope.into_values().collect()
        };
        let (ours, theirs) = (one_a_scope(ours), one_a_scope(theirs));
        let login = login("main");
        let mut book = book(login, &ours);
        book.enter(NOW, login, &[], &theirs);
        let kept = book.records(login);
        for told in ours.iter().chain(&theirs) {
            let kept = find(&kept, &told.scope).expect("it is noted");
            let lasts = match (kept.until, told.until) {
                (None, _) => true,
                (Some(_), None) => false,
                (Some(kept), Some(told)) => kept + SAME >= told,
            };
            prop_assert!(lasts && kept.reason >= told.reason, "{:?} of {:?}", kept, told);
        }
    }
}

#[test]
fn a_file_that_is_not_whole_or_not_ours_is_said_to_be_so() {
    let good = book(login("main"), &[banned(120)]).render(NOW);
    let good = String::from_utf8(good).unwrap();
    assert!(ShutBook::parse(NOW, good.as_bytes()).is_ok());
    let rows = [
        (String::new(), "cut short or not ours: EOF"),
        (good[..good.len() / 2].to_owned(), "cut short or not ours: EOF"),
        ("\0\0\0\0".to_owned(), "cut short or not ours: expected value"),
        (format!("{good}{good}"), "cut short or not ours: trailing"),
        (good.replace("\"schema\": 1", "\"schema\": 2"), "it is of version 2"),
        (good.replace("\"schema\": 1,", ""), "missing field `schema`"),
        (good.replace("banned", "bored"), "unknown variant `bored`"),
        (good.replace("\"until\": \"20", "\"until\": \"21"), "shut for 36524 days"),
        (good.replace("\"until\": \"20", "\"until\": \""), "not a time"),
        ("[]".to_owned(), "cut short or not ours"),
    ];
    for (text, said) in rows {
        let damage = ShutBook::parse(NOW, text.as_bytes()).unwrap_err().to_string();
        assert!(damage.contains(said), "{damage:?} and not {said:?} of {text}");
        assert!(!damage.contains('\n'));
    }
}

#[test]
fn what_was_written_before_the_clock_was_set_back_is_waited_out_and_no_longer() {
    let written_at = at(86_400 * 365);
    let mut ahead = ShutBook::default();
    let until = Some(written_at + Duration::from_secs(90));
    ahead.enter(written_at, login("main"), &[], &[ShutRecord { until, ..banned(0) }]);
    let found = ShutBook::parse(NOW, &ahead.render(written_at)).unwrap();
    assert_eq!(found.records(login("main"))[0].until, Some(at(90)));
}

#[test]
fn accounts_are_nobody_elses_business() {
    let (mine, other) = (login("main"), login("second"));
    let book = reopened(NOW, &book(mine, &[refused(mine, 0), banned(120)]));
    assert_eq!(book.records(mine).len(), 2);
    assert_eq!(book.records(other), [banned(120)], "the address is everybody's");
    let text = String::from_utf8(book.render(NOW)).unwrap();
    assert!(!text.contains("main") && text.contains(&mine.hash.to_string()), "{text}");
    // The same key under another name is the same account.
    let renamed = Login { hash: mine.hash, ..other };
    let found = book.records(renamed);
    assert!(found.iter().any(|record| record.scope == ScopeKey::Account(renamed.account)));
}

#[test]
fn what_has_opened_is_taken_out_unless_somebody_was_told_more() {
    let login = login("main");
    let mut shared = book(login, &[banned(120)]);
    shared.enter(at(121), login, &[banned(120)], &[]);
    assert_eq!(shared.records(login), []);

    let mut shared = book(login, &[banned(120)]);
    shared.enter(at(60), login, &[], &[banned(400)]);
    shared.enter(at(121), login, &[banned(120)], &[]);
    assert_eq!(shared.records(login)[0].until, Some(at(400)), "another was banned anew");
}

#[test]
fn what_is_over_is_news_to_those_who_begin_and_to_nobody_else() {
    let login = login("main");
    let mut shared = book(login, &[banned(120)]);
    assert_eq!(shared.news(at(119), login, &[]), [banned(120)]);
    assert_eq!(shared.news(at(120), login, &[]), []);
    assert_eq!(shared.records(login), [banned(120)], "its probe is owed");
    // One that still owes its probe does not enter it again once another has taken it out.
    shared.enter(at(121), login, &[banned(120)], &[]);
    shared.enter(at(122), login, &[banned(120)], &[banned(120)]);
    assert_eq!(shared.records(login), []);
    // While the time runs, what was lost with the file is entered again.
    shared.enter(at(119), login, &[banned(120)], &[banned(120)]);
    assert_eq!(shared.records(login), [banned(120)]);
}

#[test]
fn what_matters_to_nobody_any_more_is_forgotten() {
    let login = login("main");
    let throttled = record(ScopeKey::NewOrders(login.account), ShutReason::Throttled, Some(60));
    let mut shared = book(login, &[throttled, banned(120), refused(login, 0)]);
    shared.enter(at(61), login, &[], &[]);
    assert_eq!(shared.records(login).len(), 2, "a limit owes no probe");
    shared.enter(at(120 + 86_400), login, &[], &[]);
    assert_eq!(shared.records(login), [refused(login, 0)], "only a person ends that");
}

#[test]
fn a_key_that_was_seen_to_is_void_for_all_until_it_is_refused_again() {
    let login = login("main");
    let mut shared = book(login, &[refused(login, 0), banned(120)]);
    assert!(shared.clear(at(50), login.hash));
    assert!(!shared.clear(at(50), login.hash), "once");
    assert_eq!(shared.records(login), [banned(120)], "nobody ends a ban");
    // Another process has not heard of it, and enters what it knows.
    shared.enter(at(51), login, &[], &[refused(login, 5)]);
    assert_eq!(shared.records(login), [banned(120)]);
    assert_eq!(reopened(at(51), &shared).cleared_at(login.hash), Some(at(50)));
    shared.enter(at(60), login, &[], &[refused(login, 55)]);
    assert!(shared.records(login).contains(&refused(login, 55)));
}

#[test]
fn clocks_that_differ_a_little_do_not_outbid_each_other() {
    let login = login("main");
    let mut shared = book(login, &[banned(120)]);
    let before = shared.clone();
    shared.enter(NOW, login, &[], &[banned(122)]);
    assert_eq!(shared, before);
    shared.enter(NOW, login, &[], &[banned(123)]);
    assert_eq!(shared.records(login)[0].until, Some(at(123)));
}

#[test]
fn a_time_beyond_all_reason_is_kept_as_the_longest_there_is() {
    let login = login("main");
    let forever = ShutRecord { until: Some(Timestamp::MAX), ..banned(0) };
    let found = reopened(NOW, &book(login, &[forever])).records(login);
    assert_eq!(found[0].until, Some(NOW + STAY_MAX));
}

#[test]
fn a_person_can_read_what_is_shut() {
    let login = login("main");
    let lines = book(login, &[banned(120), refused(login, 0)]).lines(at(20));
    assert_eq!(
        lines[0],
        "egress direct is shut until 2027-01-15T08:02:00.123Z (100 s more): banned by the venue, \
         since 2027-01-15T08:00:00.123Z"
    );
    assert!(
        lines[1].ends_with(
            "is shut until a person clears it: the venue refused our key, \
                                since 2027-01-15T08:00:00.123Z"
        ),
        "{}",
        lines[1]
    );
}
