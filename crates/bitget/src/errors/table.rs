//! Codes by what there is to do next (error codes of spot, common and the sockets, read 2026-11).
//!
//! What is not in the table leaves open what was done, and so do the codes that are left out of it
//! on purpose: 40010 (timed out), 40015, 40725 and 45001 (the service failed), 40200 and 43059
//! (maintenance), 40908 and 40910 (done at the same time, took too long), 50031, 80002, 25000 and
//! 25001. Of the first ones the venue itself says that the order has to be asked for.

use tradewind_model::outcome::RefusalKind;

/// What a code says of the call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    Refused(RefusalKind),
    Throttled,
    Open,
}

/// Parameters that are wrong: a value, a scale, a name, a rule on prices and sizes.
const VALIDATION: &[i64] = &[
    1, 30_002, 30_003, 30_016, 40_007, 40_017, 40_019, 40_020, 40_064, 40_304, 40_305, 40_306,
    40_034, 40_309, 40_404, 40_409, 40_724, 40_912, 40_913, 41_101, 41_103, 43_011, 43_028, 43_111,
    45_035, 45_115, 400_171, 400_172, 25_244, 22_038, 30_001, 30_032,
];

/// Rules of the business: balance, size and price of an order, the state of its symbol.
const BUSINESS: &[i64] = &[
    // The symbol takes no orders now, or is gone.
    22_004, 40_844, 40_845, 41_113, 41_114, 43_115, 43_119, 43_120, 45_043, 45_119, 22_056, 25_100,
    25_101, 25_102, 25_103, 25_104, 25_105, 25_106, // Too little, or too much.
    43_006, 43_007, 43_010, 43_027, 45_110, 45_111, 45_112, 45_113, 45_114, 22_034, 25_207, 25_208,
    // Too far from the market.
    40_815, 40_816, 41_117, 43_008, 43_009, 22_006, 22_007, 22_008, 22_009, 22_046, 22_047, 25_205,
    25_206, // Not covered.
    40_711, 40_712, 40_754, 40_762, 40_798, 40_800, 43_012, 45_002, 45_120, 25_202, 25_203,
    // Too many orders are open.
    40_723, 40_761, 43_005, 43_128, 45_118, 25_211, // Not in demo trading.
    22_030, 40_081, 40_105, 40_110,
];

/// An order of this name is open. The venue looks among open orders alone, so an order that is over
/// frees its name.
const DUPLICATE: &[i64] = &[40_708, 40_786, 43_118, 45_034, 50_060, 25_212];

/// There is no such order, or it is over.
const NO_SUCH_ORDER: &[i64] = &[
    22_001, 31_007, 40_109, 40_768, 40_819, 43_001, 43_004, 43_020, 43_025, 43_033, 45_057, 80_011,
    24_056, 25_204,
];

/// The key, its rights, its signature, the account or the place that it is used from.
const AUTH: &[i64] = &[
    22_010, 22_036, 22_037, 25_245, 25_620, 30_004, 30_005, 30_011, 30_012, 30_015, 40_000, 40_001,
    40_002, 40_003, 40_006, 40_009, 40_011, 40_012, 40_013, 40_014, 40_018, 40_022, 40_023, 40_024,
    40_025, 40_026, 40_036, 40_037, 40_038, 40_040, 40_041, 40_068, 40_085, 40_086, 40_103, 40_104,
    49_003,
];

/// The time of the request.
const CLOCK: &[i64] = &[30_013, 30_014, 40_004, 40_005, 40_008, 40_078, 40_079];

/// Too often, said with a status of another kind.
const TOO_OFTEN: &[i64] = &[429, 22_035, 25_003, 25_004, 30_006, 30_007, 40_918, 45_129, 70_228];

/// More decimals than there may be, when the message says so; a service that fails, when not.
const SCALE: i64 = 40_808;

/// What a code says of the call that it answers.
pub(super) fn meaning(code: i64, names_a_scale: bool) -> Meaning {
    let kinds = [
        (VALIDATION, RefusalKind::Validation),
        (BUSINESS, RefusalKind::Business),
        (DUPLICATE, RefusalKind::DuplicateOrder),
        (NO_SUCH_ORDER, RefusalKind::UnknownOrder),
        (AUTH, RefusalKind::Auth),
        (CLOCK, RefusalKind::Clock),
    ];
    if code == SCALE && names_a_scale {
        return Meaning::Refused(RefusalKind::Validation);
    }
    if TOO_OFTEN.contains(&code) {
        return Meaning::Throttled;
    }
    let kind = kinds.into_iter().find(|(codes, _)| codes.contains(&code));
    kind.map_or(Meaning::Open, |(_, kind)| Meaning::Refused(kind))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_code_means_two_things() {
        let all = [VALIDATION, BUSINESS, DUPLICATE, NO_SUCH_ORDER, AUTH, CLOCK, TOO_OFTEN];
        let mut codes: Vec<i64> = all.concat();
        codes.push(SCALE);
        codes.sort_unstable();
        let twice: Vec<_> = codes.windows(2).filter(|pair| pair[0] == pair[1]).collect();
        assert!(twice.is_empty(), "{twice:?}");
    }

    #[test]
    fn what_the_venue_leaves_open_is_left_open() {
        for code in [
            40_010, 40_015, 40_725, 45_001, 40_200, 43_059, 40_908, 40_910, 50_031, 80_002, 25_000,
            25_001, 40_808, 99_999, 0, -1,
        ] {
            assert_eq!(meaning(code, false), Meaning::Open, "{code}");
        }
    }
}
