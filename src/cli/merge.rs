//! `flowcheck merge`.

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::args::CommonArgs;
use super::compare::text_or_json;
use super::config::{self, Product, ReadConfig, ReportConfig};
use super::error::Error;
use super::exit::Exit;
use super::output::Output;
use super::result::{self, text_options};
use super::stop::Stop;
use super::thresholds::TypedThresholds;
use super::{page, saved, say, wiring};
use crate::diagnose::ExchangeRecord;
use crate::diagnose::expect;
use crate::fleet::{self, Part};
use crate::query;
use crate::report::anonymize::Anonymizer;
use crate::report::{html, json, junit, text};

#[derive(clap::Args, Debug)]
pub(super) struct MergeArgs {
    /// Captures or JSON reports, each with the name of its capture point: NAME=FILE
    #[arg(required = true, value_name = "[NAME=]FILE")]
    files: Vec<OsString>,
    /// A BPF filter for the captures
    #[arg(last = true, value_name = "FILTER")]
    filter: Vec<String>,

    #[command(flatten)]
    pub(super) common: CommonArgs,

    #[command(flatten)]
    thresholds: TypedThresholds,
}

/// Reads all of them, prints what they say together and judges the expectations on that.
pub(super) fn merge(typed: MergeArgs) -> Result<Exit, Error> {
    let product = text_or_json(&typed.common, "merged")?;
    let named = names(&typed.files)?;
    let mut config = config::of_several(typed.common, &typed.thresholds, &typed.filter)?;
    config.report.product = product;
    let results = Results::open(&config.report)?;
    let mut parts = Vec::new();
    for (name, path) in named {
        parts.extend(read(&mut config, &name, path)?);
    }
    results.present(parts, &config.report)
}

/// Where merged reports go.
pub(super) struct Results {
    output: Output,
    page: Option<Output>,
}

impl Results {
    /// Opens what is to be written, before anything is read.
    pub(super) fn open(report: &ReportConfig) -> Result<Self, Error> {
        Ok(Self {
            output: Output::open(report.output.as_deref())?,
            page: page::open(report)?,
        })
    }

    /// Merges, prints what all say together and judges the expectations on that.
    pub(super) fn present(mut self, parts: Vec<Part>, report: &ReportConfig) -> Result<Exit, Error> {
        let mut fleet = fleet::merge(parts);
        // Judged before addresses are replaced: --leg names real ones.
        let (mut outcomes, warnings) =
            expect::judge(&report.expectations, report.leg.as_deref(), &fleet.whole);
        if report.anonymize {
            let mut anonymizer = Anonymizer::default();
            let mut parts = fleet.parts;
            rename(&mut parts);
            for part in &mut parts {
                anonymizer.snapshot(&mut part.snapshot);
            }
            anonymizer.outcomes(&mut outcomes);
            fleet = fleet::merge(parts);
        }
        fleet.whole.capture.warnings.extend(warnings);
        if let Some((query, most)) = &report.narrowed {
            query::narrow(query, *most, &mut fleet.whole);
        }
        self.output.write(|out| match report.product {
            Product::Json => json::write_fleet(out, &fleet, &outcomes),
            Product::Junit => junit::write(out, &fleet.whole, &outcomes),
            _ => text::fleet::write(out, &fleet, &outcomes, &text_options(report)),
        });
        if !report.quiet {
            result::warn(&fleet.whole, &[]);
        }
        self.output.finish()?;
        if let Some(mut page) = self.page {
            page.write(|out| html::write_fleet(out, &fleet, &outcomes, &page::options(report)));
            page.finish()?;
        }
        Ok(Exit::of(&outcomes))
    }
}

/// The reports of one file; the points of a merged one keep their names.
fn read(config: &mut ReadConfig, name: &str, path: PathBuf) -> Result<Vec<Part>, Error> {
    let Some(parts) = saved::parts(&path)? else {
        config.files = vec![path];
        let snapshot = wiring::analyse(config, &Stop::default(), &mut |_: &ExchangeRecord| ())?;
        return Ok(vec![Part {
            point: name.to_owned(),
            snapshot,
        }]);
    };
    if config.filter.is_some() {
        let path = path.display();
        say(&format!(
            "warning: {path}: is a report; the filter does not change it"
        ));
    }
    let parts = parts.into_iter().map(|part| Part {
        point: part.point.unwrap_or_else(|| name.to_owned()),
        snapshot: part.snapshot,
    });
    Ok(parts.collect())
}

/// Names of points and files are as telling as addresses.
fn rename(parts: &mut [Part]) {
    let mut known: HashMap<String, String> = HashMap::new();
    for part in parts {
        let next = format!("point{}", known.len() + 1);
        part.point
            .clone_from(known.entry(part.point.clone()).or_insert(next));
        let capture = &mut part.snapshot.capture;
        for (place, source) in capture.sources.iter_mut().enumerate() {
            let name = format!("{}-{}", part.point, place + 1);
            // Warnings about a file begin with its name.
            for warning in &mut capture.warnings {
                if let Some(rest) = warning
                    .strip_prefix(source.name.as_str())
                    .filter(|_| !source.name.is_empty())
                {
                    *warning = format!("{name}{rest}");
                }
            }
            source.name = name;
        }
    }
}

/// Each file's capture point: the name before `=`, or what tells the file's name from the others'.
fn names(typed: &[OsString]) -> Result<Vec<(String, PathBuf)>, Error> {
    let mut named: Vec<(Option<String>, PathBuf)> = Vec::new();
    for word in typed {
        let bytes = word.as_bytes();
        let equals = bytes.iter().position(|byte| *byte == b'=');
        match equals {
            Some(place) if !Path::new(word).exists() => {
                let (name, file) = (&bytes[..place], &bytes[place + 1..]);
                if name.is_empty() || file.is_empty() {
                    let problem = "lacks a name or a file; write NAME=FILE, such as node1=node1.json";
                    return Err(Error::argument(word.to_string_lossy(), problem));
                }
                let name = String::from_utf8_lossy(name).into_owned();
                named.push((Some(name), OsStr::from_bytes(file).into()));
            }
            _ => named.push((None, word.into())),
        }
    }
    let inputs = named.iter().filter(|(_, path)| path == Path::new("-"));
    if inputs.count() > 1 {
        let problem = "only one capture can come from standard input";
        return Err(Error::argument("- -", problem));
    }
    // The shortest form of the name that no other file has.
    let last = |path: &Path| path.file_name().map(|name| name.to_string_lossy().into_owned());
    let forms = |path: &Path| {
        let whole = path.to_string_lossy().into_owned();
        let short = last(path).map_or_else(|| whole.clone(), |name| stem(&name).to_owned());
        [short, stem(&whole).to_owned(), whole]
    };
    let mut known: [HashMap<String, usize>; 3] = Default::default();
    for (_, path) in named.iter().filter(|(name, _)| name.is_none()) {
        for (known, form) in known.iter_mut().zip(forms(path)) {
            *known.entry(form).or_default() += 1;
        }
    }
    let name = |(name, path): (Option<String>, PathBuf)| {
        let alone =
            |(form, known): (String, &HashMap<String, usize>)| (known.get(&form) == Some(&1)).then_some(form);
        let own = || forms(&path).into_iter().zip(&known).find_map(alone);
        let name = name
            .or_else(own)
            .unwrap_or_else(|| path.to_string_lossy().into_owned());
        (name, path)
    };
    Ok(named.into_iter().map(name).collect())
}

/// A file's name without what says what kind of file it is.
fn stem(name: &str) -> &str {
    const ENDINGS: [&str; 9] = [
        ".json", ".gz", ".zst", ".pcap", ".pcapng", ".cap", ".dmp", ".dump", ".trace",
    ];
    let mut rest = name;
    while let Some(shorter) = ENDINGS.iter().find_map(|ending| rest.strip_suffix(ending)) {
        if shorter.is_empty() || shorter.ends_with('/') {
            break;
        }
        rest = shorter;
    }
    rest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(words: &[&str]) -> Vec<String> {
        let words: Vec<OsString> = words.iter().map(OsString::from).collect();
        let named = names(&words).unwrap();
        named.into_iter().map(|(name, _)| name).collect()
    }

    #[test]
    fn points_are_named_by_what_tells_files_apart() {
        assert_eq!(named(&["a/node1.json", "node2.pcap.zst"]), ["node1", "node2"]);
        assert_eq!(
            named(&["node1/report.json", "node2/report.json", "x=node3/report.json"]),
            ["node1/report", "node2/report", "x"]
        );
        assert_eq!(named(&["a=10h.json", "a=11h.json"]), ["a", "a"]);
        assert_eq!(named(&["a/r.json", "a/r.pcap"]), ["a/r.json", "a/r.pcap"]);
        assert_eq!(named(&["r.json", "r.json"]), ["r.json", "r.json"]);
        assert_eq!(named(&[".json", "-"]), [".json", "-"]);
        let empty = names(&["=x.json".into()]).unwrap_err().to_string();
        assert!(empty.contains("NAME=FILE"), "{empty}");
        assert!(names(&["-".into(), "b=-".into()]).is_err());
    }
}
