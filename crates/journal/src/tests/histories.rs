//! Random histories: whatever is recorded, and wherever it ends, the next start finds all of it.

use proptest::prelude::*;
use tradewind_engine::journal::{Append, AppendId, Recovered};

use super::reference;
use super::steps::{records, step};
use super::support::{Desk, Folder, copy_of};
use crate::{Journal, MemoryDisk, SyncMode};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// On disk, killed after any record; found twice, and written to after that.
    #[test]
    fn a_history_that_ends_anywhere_comes_to_the_same_at_every_start(
        steps in prop::collection::vec(step(8), 1..120),
        sizes in prop::collection::vec(1_usize..9, 1..20),
        dies_after in any::<prop::sample::Index>(),
    ) {
        let all = records(0, &steps);
        let dies_after = dies_after.index(all.len()) + 1;
        let folder = Folder::new("history");
        let (mut desk, _) = Desk::open(&folder).unwrap();
        let mut rest = &all[..dies_after];
        for size in sizes.iter().cycle() {
            let (part, later) = rest.split_at((*size).min(rest.len()));
            rest = later;
            if part.is_empty() {
                break;
            }
            desk.write(part);
        }
        let copy = copy_of(&folder);
        drop(desk);
        let expected = reference::recovered(&all[..dies_after]);
        for life in [&copy, &copy, &folder] {
            let (desk, found) = Desk::open(life).unwrap();
            prop_assert_eq!(&found, &expected);
            drop(desk);
        }
        let (mut desk, _) = Desk::open(&copy).unwrap();
        if dies_after < all.len() {
            desk.write(&all[dies_after..]);
        }
        drop(desk);
        let (_, found) = Desk::open(&copy).unwrap();
        prop_assert_eq!(found, reference::recovered(&all));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    /// The fold itself, in a world without a disk.
    #[test]
    fn the_fold_agrees_with_the_reference_and_repeats_change_nothing(
        steps in prop::collection::vec(step(5), 1..60),
    ) {
        let all = records(0, &steps);
        let disk = MemoryDisk::new();
        let (journal, _) = disk.open(SyncMode::Normal).unwrap();
        for (id, record) in (1..).zip(&all) {
            journal.append(Append { id: AppendId(id), records: vec![record.clone()] }).unwrap();
        }
        drop(journal.close());
        let (_, found) = disk.open(SyncMode::Normal).unwrap();
        prop_assert_eq!(&found, &reference::recovered(&all));
        // Told twice in a row, as a tail that is written again after a failure.
        let mut twice = Recovered::default();
        for record in all.iter().flat_map(|record| [record, record]) {
            twice.apply(record);
        }
        prop_assert_eq!(twice, found);
    }
}
