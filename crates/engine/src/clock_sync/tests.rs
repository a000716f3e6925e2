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
    clock.sample(at(2_000), at(2_010), at(2_205));
    clock.advance(at(3_100));
    assert_eq!(clock.offset_nanos(), 200 * MS);
}

#[test]
fn the_offset_never_moves_faster_than_its_slew() {
    let mut clock = ClockSync::new();
    clock.sample(at(0), at(100), at(50));
    clock.sample(at(100), at(102), at(601));
    clock.advance(at(1_100));
    assert_eq!(clock.offset_nanos(), 50 * MS);
    assert!(clock.error_bound(at(1_100)) >= Duration::from_millis(450));
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
    clock.sample(at(10), at(20), at(1_015));
    assert!(clock.error_bound(at(20)) > calm + Duration::from_millis(900));
}

#[test]
fn after_a_refusal_the_next_reading_is_taken_at_once() {
    let mut clock = ClockSync::new();
    clock.sample(at(0), at(2), at(1));
    clock.invalidate();
    assert!(!clock.is_known());
    clock.sample(at(10), at(12), at(2_011));
    assert_eq!(clock.offset_nanos(), 2_000 * MS);
}
