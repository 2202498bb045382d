//! The page for a browser that `--html` asks for, and the packets shown in it.

use super::config::{PageConfig, ReadConfig, ReportConfig};
use super::error::Error;
use super::output::{self, Output};
use super::wiring;
use crate::diagnose::Snapshot;
use crate::diagnose::catalogue::CauseId;
use crate::pipeline;
use crate::report::anonymize::Anonymizer;
use crate::report::html::{self, Example, Options, Packets};

/// Opens the file before any packet is read, so that a bad path is known at once; `None` where no page is asked for.
pub(super) fn open(config: &ReportConfig) -> Result<Option<Output>, Error> {
    let Some(PageConfig { file: path, .. }) = &config.html else {
        return Ok(None);
    };
    if config
        .output
        .as_ref()
        .is_some_and(|output| output::is_same(output, path))
    {
        let problem = "is the file of -o, too; name another one";
        return Err(Error::argument(format!("--html {}", path.display()), problem));
    }
    Output::file("--html", path).map(Some)
}

pub(super) fn options(config: &ReportConfig) -> Options {
    Options {
        zone: config.zone.clone(),
    }
}

/// Connections whose packets a page shows, or why it shows none.
pub(super) enum Examples {
    Found(Vec<Example>),
    None(&'static str),
}

impl Examples {
    /// Reads the files again for the connections that the causes' evidence names; `snapshot` lists all.
    pub(super) fn read(config: &ReadConfig, snapshot: &Snapshot) -> Result<Self, Error> {
        let Some(page) = &config.report.html else {
            return Ok(Self::Found(Vec::new()));
        };
        if !page.examples {
            let why = "A stream can't be read again for the packets of single connections: save it to a file to see them here.";
            return Ok(Self::None(why));
        }
        let (causes, connections): (Vec<CauseId>, Vec<_>) = html::examples(snapshot).into_iter().unzip();
        if connections.is_empty() {
            return Ok(Self::Found(Vec::new()));
        }
        let source = Box::new(wiring::source(config)?);
        let ladders = pipeline::ladders(source, &wiring::engine_config(&config.report), connections);
        let examples = causes.into_iter().zip(ladders);
        Ok(Self::Found(
            examples
                .map(|(cause, ladder)| Example { cause, ladder })
                .collect(),
        ))
    }

    /// The same without addresses and paths, if they are to be hidden.
    pub(super) fn hidden(mut self, anonymizer: Option<&mut Anonymizer>) -> Self {
        if let (Self::Found(examples), Some(anonymizer)) = (&mut self, anonymizer) {
            for example in examples {
                anonymizer.ladder(&mut example.ladder);
            }
        }
        self
    }

    pub(super) fn packets(&self) -> Packets<'_> {
        match self {
            Self::Found(examples) => Packets::Examples(examples),
            Self::None(why) => Packets::None(why),
        }
    }
}
