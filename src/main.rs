//! `flowcheck`: see the library for everything.

fn main() {}
