//! libFuzzer's entry: one program for all targets. `FLOWCHECK_FUZZ` names the target; with `FLOWCHECK_FUZZ_SEEDS` its seeds
//! are written to that folder instead.

#![no_main]

#[path = "../targets/mod.rs"]
mod targets;

use std::sync::OnceLock;

use targets::{TARGETS, Target};

static CHOSEN: OnceLock<&'static Target> = OnceLock::new();

libfuzzer_sys::fuzz_target!(
    init: choose(),
    |bytes: &[u8]| {
        if let Some(target) = CHOSEN.get() {
            (target.run)(bytes);
        }
    }
);

fn choose() {
    let name = std::env::var("FLOWCHECK_FUZZ").unwrap_or_default();
    let Some(target) = TARGETS.iter().find(|target| target.name == name) else {
        let names: Vec<&str> = TARGETS.iter().map(|target| target.name).collect();
        eprintln!("FLOWCHECK_FUZZ={name}: no such target; there are {}", names.join(" "));
        std::process::exit(2);
    };
    let _ = CHOSEN.set(target);
    if let Some(folder) = std::env::var_os("FLOWCHECK_FUZZ_SEEDS") {
        let folder = std::path::PathBuf::from(folder);
        for (number, seed) in (target.seeds)().iter().enumerate() {
            std::fs::write(folder.join(format!("seed-{number:04}")), seed).expect("the folder can be written");
        }
        std::process::exit(0);
    }
}
