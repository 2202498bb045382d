//! JSON for eyes and for `diff`: one line a key at the top, what lies deeper on the line of its key.

use std::io::{self, Write};

use serde_json::ser::{CompactFormatter, Formatter, PrettyFormatter};

/// Levels that get lines of their own: report, section, leg or row.
const OPEN_LEVELS: usize = 3;

/// Pretty down to a fixed depth, compact below.
pub(super) struct Layout {
    pretty: PrettyFormatter<'static>,
    compact: CompactFormatter,
    depth: usize,
}

impl Layout {
    pub(super) fn new() -> Self {
        Self {
            pretty: PrettyFormatter::new(),
            compact: CompactFormatter,
            depth: 0,
        }
    }
}

/// Hands a call to the formatter in charge at this depth.
macro_rules! by_depth {
    ($self:ident, $call:ident($($arg:expr),*)) => {
        if $self.depth > OPEN_LEVELS { $self.compact.$call($($arg),*) } else { $self.pretty.$call($($arg),*) }
    };
}

impl Formatter for Layout {
    fn begin_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.depth += 1;
        by_depth!(self, begin_array(writer))
    }

    fn end_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        let done = by_depth!(self, end_array(writer));
        self.depth = self.depth.saturating_sub(1);
        done
    }

    fn begin_array_value<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        by_depth!(self, begin_array_value(writer, first))
    }

    fn end_array_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        by_depth!(self, end_array_value(writer))
    }

    fn begin_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.depth += 1;
        by_depth!(self, begin_object(writer))
    }

    fn end_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        let done = by_depth!(self, end_object(writer));
        self.depth = self.depth.saturating_sub(1);
        done
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        by_depth!(self, begin_object_key(writer, first))
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        by_depth!(self, begin_object_value(writer))
    }

    fn end_object_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        by_depth!(self, end_object_value(writer))
    }
}
