//! The `tradewind` program: the strategies that come with Tradewind, and nothing else of its own.

use std::process::ExitCode;

use tradewind::Registry;
use tradewind_grid::Grid;

fn main() -> ExitCode {
    tradewind::main(Registry::new().with::<Grid>("grid"))
}
