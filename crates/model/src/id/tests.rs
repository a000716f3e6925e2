use super::*;
use crate::time::Timestamp;

#[test]
fn a_short_id_takes_its_alphabet_and_length_and_says_what_is_wrong() {
    assert!(ClientOrderId::new("tw1-00-abcXYZ_9").is_ok());
    for (text, problem) in [
        ("", "is empty"),
        ("a b", "holds ' '"),
        ("ключ", "holds 'к'"),
        ("0123456789012345678901234567890123456", "longer than 36"),
    ] {
        let error = ClientOrderId::new(text).unwrap_err().to_string();
        assert!(error.contains(problem), "{error}");
    }
}

#[test]
fn a_symbol_may_be_non_ascii() {
    assert_eq!(Symbol::from("这是测试币456").as_str(), "这是测试币456");
}

#[test]
fn minted_ids_are_ours_unique_and_short_enough_for_every_venue() {
    let mut ids = ClientOrderIds::new(7, Timestamp::from_millis(1_795_298_400_123));
    let mut other = ClientOrderIds::new(8, Timestamp::from_millis(1_795_298_400_123));
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..5_000 {
        for id in [ids.next(), other.next()] {
            assert!(id.is_ours());
            assert!(id.as_str().len() <= 32, "{id}");
            assert!(seen.insert(id), "{id} was given twice");
        }
    }
}

#[test]
fn all_names_of_a_slot_begin_alike_and_those_of_another_do_not() {
    let of = |slot, millis| ClientOrderIds::new(slot, Timestamp::from_millis(millis));
    let (mut early, late, mut other) = (of(7, 1), of(7, 1_795_298_400_123), of(8, 1));
    assert_eq!(early.slot_prefix(), late.slot_prefix());
    assert!(early.next().as_str().starts_with(late.slot_prefix()));
    assert!(!other.next().as_str().starts_with(late.slot_prefix()));
}

#[test]
fn a_minted_id_says_what_it_was_made_from_and_no_other_id_does() {
    let started = Timestamp::from_millis(1_795_298_400_123);
    for slot in [0, 7, 1_023, ClientOrderIds::SLOTS - 1] {
        let mut ids = ClientOrderIds::new(slot, started);
        for count in 0..100 {
            assert_eq!(ids.next().minted(), Some(Minted { slot, started, count }));
        }
    }
    for text in ["tw1", "tw1007", "tw10070001kt1a4n3", "tw10070001kt1a4n3-", "tw10070001kt1a4n3-u"]
    {
        assert_eq!(ClientOrderId::new(text).unwrap().minted(), None, "{text}");
    }
    assert_eq!(ClientOrderId::new("web_0001kt1a4n3-1").unwrap().minted(), None);
}
