//! The command line.
//!
//! In: the arguments. Out: an exit code; on the way it wires source, analysis and report together and is the only room
//! that writes to standard output and standard error. May touch: clap and what is made of its
//! definitions, anstream, indicatif, jiff, signal-hook, files of results.
//! Never: packets; and no type of clap leaves it.

mod args;
mod color;
mod compare;
mod config;
mod error;
mod exit;
mod help;
mod ladder;
#[cfg(feature = "live")]
mod live;
mod merge;
mod moment;
mod output;
mod page;
mod progress;
mod read;
mod result;
mod saved;
mod screen;
mod shell;
mod stop;
mod streaming;
mod thresholds;
mod wiring;
mod words;

use std::ffi::OsString;
use std::io::Write;
use std::process::ExitCode;

use clap::Parser as _;

use args::{Args, Command};
use error::Error;
use exit::Exit;

use crate::lang;
use crate::report::json;

/// Runs the program on `args`, its own name first, and says how it ended.
pub fn run(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let args = match Args::try_parse_from(args) {
        Ok(args) => args,
        Err(error) => {
            // Help goes to standard output, usage errors to standard error; whoever closed either has seen enough.
            let _ = error.print();
            return if error.use_stderr() {
                Exit::CouldNotRun
            } else {
                Exit::Done
            }
            .into();
        }
    };
    let _speaking = lang::speak(args.command.lang());
    let done = match args.command {
        Command::Read(typed) => config::resolve(*typed).and_then(read::read),
        #[cfg(feature = "live")]
        Command::Live(typed) => live::live(*typed),
        #[cfg(feature = "live")]
        Command::Interfaces => live::interfaces(),
        Command::Explain { name, .. } => explain(&name.join(" ")),
        Command::Compare(typed) => compare::compare(*typed),
        Command::Merge(typed) => merge::merge(*typed),
        Command::Schema { format } => schema(format),
        Command::Completions { shell } => shell::completions(shell),
        Command::Man { folder } => shell::manual(&folder),
    };
    match done {
        Ok(exit) => exit.into(),
        Err(error) => {
            complain(&error);
            Exit::CouldNotRun.into()
        }
    }
}

fn schema(format: args::Schema) -> Result<Exit, Error> {
    let format = match format {
        args::Schema::Report => json::Format::Report,
        args::Schema::Comparison => json::Format::Comparison,
        args::Schema::Connections => json::Format::Connections,
    };
    output::to_stdout(|out| json::write_schema(out, format)).map(|()| Exit::Done)
}

fn explain(name: &str) -> Result<Exit, Error> {
    let text = crate::report::explain::explain(name).map_err(|problem| Error::argument(name, problem))?;
    output::to_stdout(|out| out.write_all(text.as_bytes())).map(|()| Exit::Done)
}

/// One line on standard error: what could not be done, and its causes.
fn complain(error: &Error) {
    let mut line = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(because) = cause {
        line.push_str(": ");
        line.push_str(&because.to_string());
        cause = because.source();
    }
    say(&line);
}

/// One line on standard error.
fn say(line: &str) {
    let _ = writeln!(
        std::io::stderr().lock(),
        "flowcheck: {}",
        crate::report::one_line(line)
    );
}
