//! How often each property is tried.

use proptest::test_runner::Config;

/// Ten thousand cases, unless `PROPTEST_CASES` asks for another number. What fails is printed
/// whole, and becomes a test of its own rather than a file of seeds.
pub(crate) fn cases() -> Config {
    let config = Config { failure_persistence: None, ..Config::default() };
    match std::env::var_os("PROPTEST_CASES") {
        Some(_) => config,
        None => Config { cases: 10_000, ..config },
    }
}
