#!/usr/bin/env python3
"""Large attacks against the release build: how much memory it takes, what it says it left out, and whether an innocent leg in
the same capture is still measured right.

    tests/bounds/bounds.py                     every attack (needs some minutes)
    tests/bounds/bounds.py syn-flood zip-bomb-gzip
    tests/bounds/bounds.py --scale 0.01        the same, a hundredth as large: a look at the harness

Packets are made on the way and go through standard input, so that only flowcheck's own memory counts. It is the most that was
resident (VmHWM, which only grows; getrusage would count this script's own memory before exec). Each attack has a ceiling of its own in ATTACKS; a run beyond it fails.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(Path(__file__).resolve().parent))
import attacks  # noqa: E402
from wire import Good, Out  # noqa: E402

# name: packets or pieces at full size, most MiB, what must be counted (a path into the report, or a warning's words)
ATTACKS = {
    "syn-flood": (10_000_000, 2_048, "capture.evictions"),
    "half-open-with-data": (1_000_000, 1_024, None),
    "partial-heads": (100_000, 384, "capture.evictions.heads"),
    "byte-by-byte-heads": (2_000_000, 64, None),
    "long-header-lines": (20_000, 64, "capture.evictions.heads"),
    "million-headers": (1_000_000, 64, "capture.evictions.heads"),
    "endless-chunk-extensions": (200_000, 64, None),
    "endless-trailers": (200_000, 64, None),
    "out-of-order-bomb": (400_000, 512, "capture.evictions.out_of_order"),
    "out-of-order-crumbs": (10_000_000, 512, "capture.evictions.out_of_order"),
    "one-moment": (5_000_000, 64, None),
    "fragments-never-complete": (1_000_000, 64, "capture.skipped.fragment"),
    "pipelined-requests": (3_000_000, 256, "capture.evictions.pipelined"),
    "http2-streams": (3_000_000, 384, "capture.evictions.streams"),
    "http2-tables": (60_000, 384, None),
    "tls-hellos": (100_000, 384, None),
    "million-legs": (1_000_000, 768, "capture.evictions.legs"),
    "million-hosts": (1_000_000, 160, "capture.evictions.prefixes"),
    "clients-of-one-server": (1_000_000, 768, "capture.evictions.clients"),
    "tunnels-and-vlans": (1_000_000, 192, None),
    "time-jumps": (100_000, 128, None),
    "open-forever": (1_000_000, 640, None),
    "churn-forever": (2_000_000, 128, None),
    "zip-bomb-gzip": (20, 64, None),
    "zip-bomb-zstd": (20, 256, None),
    "pcapng-interfaces": (5_000_000, 64, None),
    "pcapng-names": (2_000, 64, None),
    "pcapng-options": (200, 96, None),
    "pcapng-statistics": (2_000_000, 64, None),
    "noise": (1_000, 64, None),
}


def look(report, path):
    value = report
    for key in path.split("."):
        value = value[key]
    return sum(value.values()) if isinstance(value, dict) else value


def innocent(report, good):
    """What is wrong with the innocent leg, if anything."""
    legs = [leg for leg in report["legs"] if leg["client"] == good.client_name and leg["server"] == good.server_name]
    if len(legs) != 1:
        return [f"the innocent leg is there {len(legs)} times"]
    leg = legs[0]
    got = {
        "requests": leg["requests"]["total"], "first": leg["requests"]["first"], "responses": leg["responses"]["total"],
        "opened": leg["connections"]["opened"], "established": leg["connections"]["established"],
        "persistent": leg["classes"]["persistent"], "by client": leg["closes"]["client"], "verdict": leg["verdict"]["status"],
    }
    want = good.figures()
    return [f"{key}: {got[key]} instead of {want[key]}" for key in want if got[key] != want[key]]


def most_resident(pid, told):
    """Looks at the kernel's high-water mark until the process has gone."""
    try:
        while True:
            with open(f"/proc/{pid}/status") as status:
                marks = [line.split()[1] for line in status if line.startswith("VmHWM")]
            if not marks:
                return
            told[0] = int(marks[0]) / 1024
            time.sleep(0.005)
    except (OSError, ValueError):
        return


def run(program, name, scale, threads):
    size, ceiling, counted = ATTACKS[name]
    size = max(1, int(size * scale))
    good = Good(connections=4, requests=100)
    attack = attacks.ALL[name]
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        started = time.monotonic()
        command = [program, "read", "-", "--json", "--quiet", "--threads", str(threads)]
        child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=out, stderr=err)
        told = [0.0]
        watcher = threading.Thread(target=most_resident, args=(child.pid, told), daemon=True)
        watcher.start()
        sent = attack(Out(child.stdin), size, good)
        try:
            child.stdin.close()
        except BrokenPipeError:
            pass
        child.wait()
        seconds = time.monotonic() - started
        out.seek(0)
        err.seek(0)
        text, complaint = out.read(), err.read().decode(errors="replace")
    peak = told[0]
    wrong = []
    if child.returncode != 0:
        return peak, seconds, sent, 0, [f"exit {child.returncode}: {complaint[-300:]}"]
    report = json.loads(text)
    wrong += innocent(report, good)
    left_out = look(report, counted) if counted else 0
    if counted and scale >= 1 and not left_out:
        wrong.append(f"{counted} is 0: what was left out is not told")
    # At a smaller scale memory can only be less.
    if peak > ceiling:
        wrong.append(f"{peak:.0f} MiB, more than {ceiling}")
    return peak, seconds, sent, left_out, wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("attacks", nargs="*", help="which; all by default")
    parser.add_argument("--flowcheck", default=ROOT / "target" / "release" / "flowcheck", type=Path)
    parser.add_argument("--scale", type=float, default=1, help="of the attacks' size")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    unknown = set(options.attacks) - set(ATTACKS)
    if unknown:
        sys.exit(f"no such attack: {' '.join(sorted(unknown))}; there are {' '.join(ATTACKS)}")
    print(f"{'attack':<28}{'packets':>12}{'peak MiB':>10}{'ceiling':>9}{'seconds':>9}{'left out':>12}  innocent leg", flush=True)
    failed = 0
    for name in options.attacks or ATTACKS:
        random.seed(7)
        peak, seconds, sent, left_out, wrong = run(options.flowcheck, name, options.scale, options.threads)
        failed += bool(wrong)
        said = "; ".join(wrong) or "right"
        print(f"{name:<28}{sent:>12}{peak:>10.0f}{ATTACKS[name][1]:>9}{seconds:>9.1f}{left_out:>12}  {said}", flush=True)
    sys.exit(1 if failed else 0)


main()
