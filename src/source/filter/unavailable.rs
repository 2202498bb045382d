//! The filter of a build without libpcap: there is none, and asking for one is an error.

use std::convert::Infallible;

use super::FilterError;
use crate::frame::Frame;

/// A compiled filter; in this build no value of it exists.
#[derive(Debug)]
pub struct Filter(Infallible);

impl Filter {
    /// Compiles a filter.
    ///
    /// # Errors
    /// Always: this build has no libpcap.
    pub fn compile(expression: &str) -> Result<Self, FilterError> {
        Err(FilterError::Unavailable {
            expression: expression.to_owned(),
        })
    }

    /// Whether a packet matches.
    pub fn matches(&mut self, _frame: &Frame<'_>) -> bool {
        match self.0 {}
    }

    /// What the user must know of link types for which the filter could not be compiled.
    #[must_use]
    pub fn warnings(&self) -> &[String] {
        match self.0 {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_is_an_error_that_tells_the_way_out() {
        let error = Filter::compile("port 80").unwrap_err().to_string();
        assert!(
            error.contains("port 80") && error.contains("libpcap") && error.contains("tcpdump -r"),
            "{error}"
        );
    }
}
