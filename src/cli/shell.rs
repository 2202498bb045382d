//! Completions and manual pages, from the definitions that arguments are read by.

use std::fs;
use std::io::{self, Write as _};
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
    let after = command.get_after_long_help().or(command.get_after_help());
    let after = after.map(ToString::to_string).unwrap_or_default();
    let page = Man::new(command);
    let mut text = Vec::new();
    let written = write_page(&mut text, name, &page, &after).and_then(|()| fs::write(&file, &text));
    written.map_err(|error| {
        let problem =
            format!("cannot write the page: {error}; name a folder that is there and may be written");
        Error::argument(file.display().to_string(), problem)
    })
}

fn write_page(out: &mut Vec<u8>, name: &str, page: &Man, after: &str) -> io::Result<()> {
    let title = name.to_uppercase();
    writeln!(
        out,
        ".TH \"{title}\" \"1\" \"\" \"flowcheck {}\" \"User Commands\"",
        env!("CARGO_PKG_VERSION")
    )?;
    page.render_name_section(out)?;
    page.render_synopsis_section(out)?;
    page.render_description_section(out)?;
    page.render_options_section(out)?;
    if name == NAME {
        page.render_subcommands_section(out)?;
    }
    out.extend_from_slice(sections(after).as_bytes());
    if name != NAME {
        writeln!(out, ".SH \"SEE ALSO\"\n.BR {NAME} (1)")?;
    }
    Ok(())
}

/// What a help page ends with, as sections: a line that ends in a colon is a heading, lines that are long are text, all
/// others stay as they are.
fn sections(help: &str) -> String {
    const LONG: usize = 100;
    let mut out = String::new();
    let mut kept = false;
    for line in help.lines() {
        let heading = line.strip_suffix(':').filter(|_| !line.starts_with(' '));
        let keeps = heading.is_none() && !line.is_empty() && line.len() < LONG;
        if kept && !keeps {
            out.push_str(".fi\n");
        }
        if keeps && !kept {
            out.push_str(".nf\n");
        }
        kept = keeps;
        match heading {
            Some(heading) => {
                out.extend([".SH \"", &roff(&heading.to_uppercase()), "\"\n"]);
            }
            None if line.is_empty() => out.push_str(".PP\n"),
            None => {
                out.push_str(&roff(line.strip_prefix("  ").unwrap_or(line)));
                out.push('\n');
            }
        }
    }
    if kept {
        out.push_str(".fi\n");
    }
    out
}

/// A line of text that is no request of roff's, its signs as they are typed.
fn roff(line: &str) -> String {
    let escaped = line
        .replace('\\', "\\e")
        .replace('-', "\\-")
        .replace('\'', "\\(aq")
        .replace('`', "\\(ga")
        .replace('"', "\\(dq")
        .replace('^', "\\(ha")
        .replace('~', "\\(ti");
    if escaped.starts_with('.') {
        format!("\\&{escaped}")
    } else {
        escaped
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn help_becomes_sections_that_roff_takes_as_they_are() {
        let long = "long ".repeat(30);
        let text = sections(&format!("Examples:\n  .a -b 'c'\n\nMore about it:\n  {long}\n"));
        assert_eq!(
            text,
            format!(
                ".SH \"EXAMPLES\"\n.nf\n\\&.a \\-b \\(aqc\\(aq\n.fi\n.PP\n.SH \"MORE ABOUT IT\"\n{long}\n"
            )
        );
    }
}
