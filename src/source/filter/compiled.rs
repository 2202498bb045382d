//! A filter and its programs, one for each link type met.

use pcap::{Capture, Linktype};

use super::FilterError;
use super::vm::Program;
use crate::frame::{Frame, LinkType};
use crate::limits::LINK_TYPES;
use crate::tr;

/// A compiled filter.
#[derive(Debug)]
pub struct Filter {
    expression: String,
    /// The few link types met so far; `None` where the filter can't be compiled.
    programs: Vec<(LinkType, Option<Program>)>,
    warnings: Vec<String>,
    /// A packet's link type was beyond the cap.
    is_full: bool,
}

impl Filter {
    /// Compiles a filter for Ethernet, so that a mistake in it is told at once.
    ///
    /// # Errors
    /// What libpcap says of the expression.
    pub fn compile(expression: &str) -> Result<Self, FilterError> {
        let program = program(expression, LinkType::ETHERNET).map_err(|reason| FilterError::Syntax {
            expression: expression.to_owned(),
            reason,
        })?;
        Ok(Self {
            expression: expression.to_owned(),
            programs: vec![(LinkType::ETHERNET, Some(program))],
            warnings: Vec::new(),
            is_full: false,
        })
    }

    /// Whether a packet matches; `len` is its length on the wire, as in a live capture.
    #[inline]
    pub fn matches(&mut self, frame: &Frame<'_>) -> bool {
        let known = self
            .programs
            .iter()
            .position(|(link_type, _)| *link_type == frame.link_type);
        let at = known.or_else(|| self.add(frame.link_type));
        match at.and_then(|at| self.programs.get(at)) {
            Some((_, Some(program))) => program.matches(frame.bytes, frame.wire_len),
            _ => false,
        }
    }

    /// What the user must know of link types for which the filter could not be compiled.
    #[must_use]
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// Compiles for another link type; `None` beyond the cap.
    #[cold]
    fn add(&mut self, link_type: LinkType) -> Option<usize> {
        if self.programs.len() >= LINK_TYPES {
            if !self.is_full {
                self.is_full = true;
                self.warnings.push(tr!(
                    "filter {filter} was compiled for {n} link types; packets of others do not match",
                    filter = format!("{:?}", self.expression),
                    n = LINK_TYPES
                ));
            }
            return None;
        }
        let program = program(&self.expression, link_type)
            .map_err(|reason| {
                self.warnings.push(tr!(
                    "filter {filter} can't be compiled for link type {link} ({reason}); its packets do not match",
                    filter = format!("{:?}", self.expression),
                    link = link_type.name(),
                    reason
                ));
            })
            .ok();
        self.programs.push((link_type, program));
        Some(self.programs.len() - 1)
    }
}

/// Compiles for one link type; the error is libpcap's text.
fn program(expression: &str, link_type: LinkType) -> Result<Program, String> {
    let handle = Capture::dead(dlt(link_type)).map_err(|error| reason(&error))?;
    let program = handle.compile(expression, true).map_err(|error| reason(&error))?;
    Program::parse(program.get_instructions().iter().map(ToString::to_string))
        .ok_or_else(|| "libpcap's program can't be read".to_owned())
}

/// A file's LINKTYPE as libpcap's DLT: they differ for raw IP alone among those decoded here.
fn dlt(link_type: LinkType) -> Linktype {
    Linktype(match link_type {
        LinkType::RAW | LinkType::RAW_OPENBSD => 12,
        LinkType(other) => i32::from(other),
    })
}

fn reason(error: &pcap::Error) -> String {
    match error {
        pcap::Error::PcapError(text) => text.clone(),
        other => other.to_string(),
    }
}
