#!/usr/bin/env python3
"""Builds the fuzz targets for libFuzzer and runs each for a while; a table of what was run comes out.

    tests/fuzz/fuzz.py                        every target for 10 seconds
    tests/fuzz/fuzz.py --seconds 1200 http    one for 20 minutes
    tests/fuzz/fuzz.py --address packet       under AddressSanitizer: what dependencies do with memory
    tests/fuzz/fuzz.py --replay               what earlier runs collected, once each

Corpora are kept in target/fuzz/corpus and begin with pieces of captures/. What fails lies in target/fuzz/failed; make it
small, put it into tests/fuzz/found/TARGET/ and fix it: `cargo test --test hostile` replays it from then on.
The stable compiler is told to instrument (RUSTC_BOOTSTRAP for --address alone); cargo-fuzz is not needed.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TARGET_DIR = ROOT / "target" / "fuzz"
TRIPLE = "x86_64-unknown-linux-gnu"
COVERAGE = ["--cfg=fuzzing", "-Cpasses=sancov-module", "-Ccodegen-units=1"] + [
    f"-Cllvm-args=-{option}"
    for option in (
        "sanitizer-coverage-level=4",
        "sanitizer-coverage-inline-8bit-counters",
        "sanitizer-coverage-pc-table",
        "sanitizer-coverage-trace-compares",
        "simplifycfg-branch-fold-threshold=0",
    )
]
said = threading.Lock()


def build(address):
    host = subprocess.run(["rustc", "-vV"], check=True, capture_output=True, text=True).stdout
    triple = re.search(r"^host: (\S+)", host, re.MULTILINE).group(1)
    flags = COVERAGE + (["-Zsanitizer=address"] if address else [])
    folder = TARGET_DIR / "address" if address else TARGET_DIR
    environment = dict(os.environ, RUSTFLAGS=" ".join(flags), CARGO_TARGET_DIR=str(folder))
    if address:
        environment["RUSTC_BOOTSTRAP"] = "1"
    # With a triple, so that build scripts are not instrumented.
    command = ["cargo", "build", "--release", "--target", triple]
    subprocess.run(command, cwd=ROOT / "tests" / "fuzz", env=environment, check=True)
    return folder / triple / "release" / "flowcheck-fuzz"


def targets(program):
    told = subprocess.run([program], env=dict(os.environ, FLOWCHECK_FUZZ=""), capture_output=True, text=True).stderr
    return re.search(r"there are (.*)", told).group(1).split()


def number(pattern, text, default=0):
    found = re.findall(pattern, text)
    return int(found[-1]) if found else default


def run(program, name, options):
    corpus, failed = TARGET_DIR / "corpus" / name, TARGET_DIR / "failed" / name
    corpus.mkdir(parents=True, exist_ok=True)
    failed.mkdir(parents=True, exist_ok=True)
    environment = dict(os.environ, FLOWCHECK_FUZZ=name)
    subprocess.run([program], env=dict(environment, FLOWCHECK_FUZZ_SEEDS=str(corpus)), check=True, capture_output=True)
    for found in sorted((ROOT / "tests" / "fuzz" / "found" / name).glob("*")):
        shutil.copy(found, corpus)
    command = [
        "nice", "-n", str(options.nice), program, corpus,
        f"-rss_limit_mb={options.memory}", f"-timeout={options.timeout}", f"-artifact_prefix={failed}/",
        "-print_final_stats=1", "-verbosity=1",
    ]
    command.append("-runs=0" if options.replay else f"-max_total_time={options.seconds}")
    log = TARGET_DIR / f"{name}.log"
    with open(log, "wb") as out:
        code = subprocess.run(command, env=environment, stdout=out, stderr=out, check=False).returncode
    text = log.read_text(errors="replace")
    row = {
        "target": name,
        "seconds": number(r"Done \d+ runs in (\d+) second", text),
        "executions": number(r"number_of_executed_units: (\d+)", text),
        "cov": number(r"cov: (\d+)", text),
        "ft": number(r"ft: (\d+)", text),
        "corpus": number(r"corp: (\d+)", text),
        "rss": number(r"peak_rss_mb: +(\d+)", text),
        "ended": "well" if code == 0 else f"FAILED, see {log} and {failed}",
    }
    with said:
        print(LINE.format(**row), flush=True)
    return code == 0


LINE = "{target:<12}{seconds:>8}{executions:>14}{cov:>8}{ft:>8}{corpus:>8}{rss:>8}  {ended}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("targets", nargs="*", help="which; all by default")
    parser.add_argument("--seconds", type=int, default=10, help="for each target")
    parser.add_argument("--jobs", type=int, default=2, help="targets at a time")
    parser.add_argument("--memory", type=int, default=1024, help="most resident memory, MiB")
    parser.add_argument("--timeout", type=int, default=10, help="seconds for one input")
    parser.add_argument("--nice", type=int, default=19)
    parser.add_argument("--address", action="store_true", help="under AddressSanitizer")
    parser.add_argument("--replay", action="store_true", help="the corpus once, nothing new")
    parser.add_argument("--program", type=Path, help="a program that was built already")
    options = parser.parse_args()
    program = options.program or build(options.address)
    known = targets(program)
    unknown = set(options.targets) - set(known)
    if unknown:
        sys.exit(f"no such target: {' '.join(sorted(unknown))}; there are {' '.join(known)}")
    heads = {name: name for name in ("target", "seconds", "executions", "cov", "ft", "corpus")}
    print(LINE.format(**heads, rss="MiB", ended=""), flush=True)
    with ThreadPoolExecutor(options.jobs) as pool:
        well = list(pool.map(lambda name: run(program, name, options), options.targets or known))
    sys.exit(0 if all(well) else 1)


main()
