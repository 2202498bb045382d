//! `flowcheck`: see the library for everything.

use std::process::ExitCode;

fn main() -> ExitCode {
    flowcheck::cli::run(std::env::args_os())
}
