//! Completions and manual pages, from the definitions that arguments are read by.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use clap::{Command, CommandFactory as _};
use clap_complete::aot;
use clap_mangen::Man;

use super::args::{Args, Shell};
use super::error::Error;
use super::exit::Exit;
use super::output;

/// The name that is typed.
const NAME: &str = "flowcheck";

/// Prints a shell's completions.
pub(super) fn completions(shell: Shell) -> Result<Exit, Error> {
    let shell = match shell {
        Shell::Bash => aot::Shell::Bash,
        Shell::Zsh => aot::Shell::Zsh,
        Shell::Fish => aot::Shell::Fish,
    };
    let mut script = Vec::new();
    aot::generate(shell, &mut Args::command(), NAME, &mut script);
    output::to_stdout(|out| out.write_all(&script)).map(|()| Exit::Done)
}

/// Writes a manual page for the program and one for each command that is shown into `folder`.
pub(super) fn manual(folder: &Path) -> Result<Exit, Error> {
    let mut whole = Args::command();
    // Pages of commands refer to flowcheck-read(1) ...
    whole.build();
    page(&whole, NAME, folder)?;
    for command in whole.get_subcommands().filter(|command| !command.is_hide_set()) {
        page(command, &format!("{NAME}-{}", command.get_name()), folder)?;
    }
    Ok(Exit::Done)
}

fn page(command: &Command, name: &str, folder: &Path) -> Result<(), Error> {
    let file = folder.join(format!("{name}.1"));
    let typed = name.replacen('-', " ", 1);
    let command = command
        .clone()
        .name(name.to_owned())
        .display_name(name.to_owned())
        .bin_name(typed)
        // What is said about all commands is said in flowcheck(1).
        .disable_help_flag(true)
        .disable_version_flag(true);
    let mut text = Vec::new();
    let page = Man::new(command)
        .manual("User Commands")
        .source(concat!("flowcheck ", env!("CARGO_PKG_VERSION")));
    let written = page
        .render(&mut text)
        .and_then(|()| fs::File::create(&file)?.write_all(&text));
    written.map_err(|error| {
        let problem = format!("cannot write the page: {error}; name a folder that is there and may be written");
        Error::argument(file.display().to_string(), problem)
    })
}
