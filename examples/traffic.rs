//! Writes a capture of nginx and Tomcats for measurements, and says as JSON what is in it.
//!
//! It needs the standard library alone, so that `rustc -O` builds it in a second.

#[path = "../benches/traffic/mod.rs"]
mod traffic;

use std::fs::File;
use std::io::{self, BufWriter};
use std::process::ExitCode;

use traffic::{Plan, Shape};

const USAGE: &str = "\
Write a capture of nginx and Tomcats; the same arguments give the same bytes

Usage: traffic KIND NUMBER FILE

Kinds:
  keepalive  HTTP/1.1 keepalive with small responses, NUMBER megabytes
  churn      HTTP/1.0, one request a connection, NUMBER megabytes
  large      responses of 100 KB on keepalive, NUMBER megabytes
  open       NUMBER connections with one request each, which all stay open";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let Some((plan, file)) = understand(&words) else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    match write(&plan, file) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("traffic: {file}: {error}");
            ExitCode::from(2)
        }
    }
}

fn understand(words: &[String]) -> Option<(Plan, &str)> {
    let [kind, number, file] = words else { return None };
    let number: u64 = number.parse().ok()?;
    let plan = match kind.as_str() {
        "keepalive" => Plan::new(Shape::Keepalive, number * 1_000_000),
        "churn" => Plan::new(Shape::Churn, number * 1_000_000),
        "large" => Plan::new(Shape::Large, number * 1_000_000),
        "open" => Plan::new(Shape::Open, number),
        _ => return None,
    };
    Some((plan, file))
}

fn write(plan: &Plan, file: &str) -> io::Result<()> {
    let out = BufWriter::with_capacity(1 << 20, File::create(file)?);
    let written = traffic::write(plan, out)?;
    println!(
        r#"{{"bytes": {}, "packets": {}, "connections": {}, "requests": {}}}"#,
        written.bytes, written.packets, written.connections, written.requests
    );
    Ok(())
}
