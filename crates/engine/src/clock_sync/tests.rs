use super::*;

fn at(millis: u64) -> Timestamp {
    Timestamp::from_millis(millis)
}

const MS: i64 = 1_000_000;

#[test]
fn the_first_reading_is_taken_as_it_is_and_later_ones_are_approached() {
    let mut clock = ClockSync::new();
    clock.sample(at(1_000), at(1_100), at(1_350));
    assert_eq!(clock.offset_nanos(), 300 * MS);
    assert_eq!(clock.venue_time(at(2_000)), at(2_300));
    assert_eq!(clock.our_time(at(2_300)), at(2_000));
    clock.sample(at(2_000), at(2_010), at(2_255));
    clock.advance(at(4_010));
    assert_eq!(clock.offset_nanos(), 250 * MS);
}

#[test]
fn the_offset_never_moves_faster_than_its_slew() {
    let mut clock = ClockSync::new();
    clock.sample(at(0), at(1_000), at(500));
    clock.sample(at(1_000), at(1_002), at(1_451));
    clock.advance(at(2_002));
    assert_eq!(clock.offset_nanos(), 50 * MS);
    assert_eq!(clock.venue_time(at(2_002)), at(2_452), "requests are stamped with the best");
    assert!(clock.error_bound(at(2_002)) >= Duration::from_millis(400));
}

#[test]
fn the_bound_holds_for_any_honest_reading() {
    for (true_offset, delays) in
        [(250_i64, [(10, 1), (80, 2), (5, 60)]), (-40, [(1, 1), (90, 3), (2, 2)])]
    {
        let mut clock = ClockSync::new();
        let mut now = at(1_000_000);
        for (out, back) in delays {
            let venue = (now + Duration::from_millis(out)).offset_by(true_offset * MS);
            let received = now + Duration::from_millis(out + back);
            clock.sample(now, received, venue);
            clock.advance(received);
            let error = clock.offset_nanos().abs_diff(true_offset * MS);
            assert!(Duration::from_nanos(error) <= clock.error_bound(received));
            now = received + Duration::from_secs(30);
        }
    }
}

#[test]
fn a_contradiction_widens_the_bound() {
    let mut clock = ClockSync::new();
    clock.sample(at(0), at(4), at(2));
    let calm = clock.error_bound(at(4));
    let agreement = clock.sample(at(10), at(20), at(1_015));
    assert!(matches!(agreement, Agreement::Contradicts { by } if by > Duration::from_millis(980)));
    assert!(clock.error_bound(at(20)) > calm + Duration::from_millis(900));
    assert_eq!(clock.venue_time(at(20)), at(20), "it is not believed either");
    assert_eq!(clock.sample(at(30), at(40), at(35)), Agreement::Agrees, "it was the odd one");
    assert!(clock.error_bound(at(40)) < calm + Duration::from_millis(1));
}

#[test]
fn a_clock_that_was_set_is_stamped_with_at_once_and_reckoned_with_slowly() {
    let mut clock = ClockSync::new();
    clock.sample(at(0), at(4), at(2));
    clock.sample(at(1_000), at(1_010), at(1_605));
    assert_eq!(clock.sample(at(2_000), at(2_010), at(2_605)), Agreement::Overrules);
    assert_eq!(clock.venue_time(at(2_010)), at(2_610));
    assert_eq!(clock.our_time(at(2_610)), at(2_010));
    let still_to_slew = clock.error_bound(at(2_010));
    assert!(still_to_slew > Duration::from_millis(500), "{still_to_slew:?}");
    let mut before = clock.offset_nanos();
    for millis in (2_010..20_000).step_by(100) {
        clock.advance(at(millis));
        let moved = clock.offset_nanos() - before;
        assert!((0..=5 * MS).contains(&moved), "{moved}");
        before = clock.offset_nanos();
    }
    assert_eq!(clock.offset_nanos(), 600 * MS);
    assert!(clock.error_bound(at(20_000)) < Duration::from_millis(20));
}

#[test]
fn a_clock_that_was_set_far_is_taken_over_once_it_is_certain() {
    let mut clock = ClockSync::new();
    clock.sample(at(0), at(4), at(2));
    clock.sample(at(1_000), at(1_010), at(8_005));
    assert_eq!(clock.offset_nanos(), 0, "one reading may be wrong");
    clock.sample(at(2_000), at(2_010), at(9_005));
    assert_eq!(clock.offset_nanos(), 7_000 * MS);
    assert!(clock.error_bound(at(2_010)) < Duration::from_millis(20));
}

#[test]
fn a_reading_grows_worse_by_a_ten_thousandth_of_its_age_until_it_is_dropped() {
    let mut clock = ClockSync::new();
    clock.sample(at(0), at(10), at(5));
    for (secs, millis) in [(0, 6), (100, 16), (600, 66)] {
        let bound = clock.error_bound(at(10) + Duration::from_secs(secs));
        assert_eq!(bound, Duration::from_millis(millis));
    }
    // A long round trip is better than a short one of long ago, and the short one better before.
    clock.sample(at(500_000), at(500_060), at(500_080));
    assert_eq!(clock.venue_time(at(500_060)), at(500_110));
    assert_eq!(clock.least_rtt(), Some(Duration::from_millis(10)));
    clock.advance(at(700_000));
    assert_eq!(clock.least_rtt(), Some(Duration::from_millis(60)));
}

#[test]
fn what_is_not_known_is_thirty_seconds_in_doubt() {
    assert_eq!(ClockSync::new().error_bound(at(5)), Duration::from_secs(30));
}

#[test]
fn after_a_refusal_the_next_reading_is_taken_at_once() {
    let mut clock = ClockSync::new();
    clock.sample(at(0), at(2), at(1));
    clock.forget();
    assert!(!clock.is_known());
    clock.sample(at(10), at(12), at(2_011));
    assert_eq!(clock.offset_nanos(), 2_000 * MS);
}
