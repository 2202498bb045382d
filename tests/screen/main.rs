//! The screen without a terminal: what keys do, and what is drawn then, letter by letter.

#![expect(clippy::expect_used, reason = "a test that cannot go on has failed")]

mod drawn;
mod hostile;
mod keys;
mod secrets;
mod stage;
