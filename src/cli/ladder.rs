//! `flowcheck read --ladder ID`: the packets of one connection.

use std::path::{Path, PathBuf};

use super::config::{LadderConfig, Product, ReadConfig};
use super::error::Error;
use super::exit::Exit;
use super::output::Output;
use super::stop::Stop;
use super::{result, say, wiring, words};
use crate::diagnose::{ConnectionRecord, ExchangeRecord, Ladder, Snapshot};
use crate::pipeline;
use crate::report::anonymize::Anonymizer;
use crate::report::{json, text};
use crate::source::{Export, Exported};

/// Reads the captures once for the connection and once for its packets, and prints these.
pub(super) fn ladder(config: &ReadConfig, wanted: &LadderConfig) -> Result<Exit, Error> {
    words::must_be_files(&config.files, "--ladder reads it twice; save it to a file first")?;
    if let Some(path) = &wanted.export {
        keep_inputs(&config.files, path)?;
    }
    let report = &config.report;
    let mut output = Output::open(report.output.as_deref())?;
    let mut snapshot = wiring::analyse(config, &Stop::default(), &mut |_: &ExchangeRecord| ())?;
    let connection = find(&snapshot, wanted.id)?;
    let mut ladder = packets(config, wanted.export.as_deref(), connection)?;
    if report.anonymize {
        let mut anonymizer = Anonymizer::default();
        anonymizer.ladder(&mut ladder);
        anonymizer.snapshot(&mut snapshot);
    }
    if !report.quiet {
        result::warn(&snapshot, &[]);
    }
    output.write(|out| match report.product {
        Product::Json => json::write_ladder(out, &snapshot, &ladder),
        _ => text::write_ladder(out, &snapshot, &ladder, &result::text_options(report)),
    });
    output.finish()?;
    Ok(Exit::Done)
}

fn find(snapshot: &Snapshot, id: u64) -> Result<ConnectionRecord, Error> {
    let mut records = snapshot.connections.iter().flatten();
    let found = records.find(|record| record.facts.id == id);
    found.cloned().ok_or_else(|| {
        let omitted = match snapshot.capture.connections_omitted {
            0 => String::new(),
            n => format!(" among the first of them, {n} more are not listed"),
        };
        let problem = format!(
            "no connection has this id{omitted}; `flowcheck read ... --connections --format csv` lists them"
        );
        Error::argument(format!("--ladder {id}"), problem)
    })
}

/// The packets of a connection, and what was written of them to `export`.
pub(super) fn read_again(
    config: &ReadConfig,
    export: Option<&Path>,
    connection: ConnectionRecord,
) -> Result<(Ladder, Option<Exported>), Error> {
    let source = Box::new(wiring::source(config)?);
    let engine = wiring::engine_config(&config.report);
    let Some(path) = export else {
        let ladder = pipeline::ladder(source, &engine, connection, &mut |_, _| ());
        return Ok((ladder, None));
    };
    let name = path.display().to_string();
    let mut file = Export::create(path).map_err(Error::output(&name))?;
    let ladder = pipeline::ladder(source, &engine, connection, &mut |interface, frame| {
        file.packet(interface, frame);
    });
    let exported = file.finish().map_err(Error::output(&name))?;
    Ok((ladder, Some(exported)))
}

/// Reads the files again, and says what was written.
fn packets(
    config: &ReadConfig,
    export: Option<&Path>,
    connection: ConnectionRecord,
) -> Result<Ladder, Error> {
    let (ladder, exported) = read_again(config, export, connection)?;
    if let (Some(Exported { packets, refused }), Some(path), false) = (exported, export, config.report.quiet)
    {
        let name = path.display();
        say(&format!("{packets} packets written to {name}"));
        if refused > 0 {
            say(&format!(
                "warning: {refused} packets have another link type, which pcap can't hold; name the file .pcapng"
            ));
        }
    }
    Ok(ladder)
}

/// The export must not replace what is read.
fn keep_inputs(files: &[PathBuf], export: &Path) -> Result<(), Error> {
    let same = |file: &PathBuf| {
        let (file, export) = (file.canonicalize(), export.canonicalize());
        file.ok()
            .zip(export.ok())
            .is_some_and(|(file, export)| file == export)
    };
    if files.iter().any(same) {
        let problem = "is read and would be overwritten; name another file";
        return Err(Error::argument(format!("--export {}", export.display()), problem));
    }
    Ok(())
}
