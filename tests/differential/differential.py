#!/usr/bin/env python3
"""flowcheck against tshark, connection by connection: TCP streams, SYNs, requests and responses of every capture.

    tests/differential/differential.py [--flowcheck FILE] [CAPTURE ...]    captures/ and the reference lab's by default
    tests/differential/differential.py --print ...                         lines for explained.txt

Differences stand in explained.txt, each with its reason; any other is a failure, and so is a line that no longer holds.
"""

import argparse
import collections
import json
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
FIGURES = ("streams", "syns", "requests", "responses")
FIELDS = (
    "tcp.stream", "ip.src", "ipv6.src", "tcp.srcport", "ip.dst", "ipv6.dst", "tcp.dstport", "tcp.flags.syn", "tcp.flags.ack",
    "http.request.method", "http.response.code", "http2.headers.method", "http2.headers.status",
)
# HTTP on the ports of the recordings; sequence numbers as they come; streams reassembled although segments are out of order.
OPTIONS = ("-o", "tcp.relative_sequence_numbers:FALSE", "-o", "tcp.reassemble_out_of_order:TRUE", "-n", "-d", "tcp.port==8082,http2")


def plain(path, folder):
    """The capture uncompressed: tshark reads gzip, not always zstd."""
    if path.suffix == ".zst":
        out = Path(folder) / path.stem
        subprocess.run(["zstd", "-dqf", path, "-o", out], check=True)
        return out
    return path


def ends(one, other):
    return " ".join(sorted((one, other)))


def by_tshark(path):
    found = collections.defaultdict(lambda: collections.Counter())
    streams = collections.defaultdict(set)
    with tempfile.TemporaryDirectory() as folder:
        command = ["tshark", *OPTIONS, "-r", plain(path, folder), "-Y", "tcp", "-T", "fields", "-E", "separator=|"]
        for field in FIELDS:
            command += ["-e", field]
        out = subprocess.run(command, check=False, capture_output=True, text=True).stdout
    for line in out.splitlines():
        row = dict(zip(FIELDS, line.split("|")))
        # The innermost of a tunnel comes last.
        last = {key: value.split(",")[-1] for key, value in row.items()}
        source = f"{last['ip.src'] or last['ipv6.src']}:{last['tcp.srcport']}"
        destination = f"{last['ip.dst'] or last['ipv6.dst']}:{last['tcp.dstport']}"
        key = ends(source, destination)
        streams[key].add(last["tcp.stream"])
        found[key]["syns"] += last["tcp.flags.syn"] in ("1", "True") and last["tcp.flags.ack"] in ("0", "False")
        count = lambda *names: sum(len([part for part in row[name].split(",") if part]) for name in names)  # noqa: E731
        found[key]["requests"] += count("http.request.method", "http2.headers.method")
        finals = [code for code in row["http.response.code"].split(",") if code and (code == "101" or code[0] != "1")]
        found[key]["responses"] += len(finals) + count("http2.headers.status")
    for key, numbers in streams.items():
        found[key]["streams"] = len(numbers)
    return found


def by_flowcheck(program, path):
    out = subprocess.run([program, "read", path, "--json", "--connections", "--quiet"], check=True, capture_output=True).stdout
    report = json.loads(out)
    found = collections.defaultdict(lambda: collections.Counter())
    for connection in report["connections"]:
        bare = lambda end: end.replace("[", "").replace("]", "")  # noqa: E731
        key = ends(bare(connection["client"]), bare(connection["server"]))
        found[key]["streams"] += 1
        found[key]["requests"] += connection["requests"]
        found[key]["responses"] += connection["responses"]
    syns = sum(count for flags, count in report["capture"]["flag_counts"].items() if "S" in flags and "." not in flags)
    return found, syns


def compare(program, path):
    """Of each figure that differs: flowcheck's sum, tshark's, and in how many connections."""
    ours, syns = by_flowcheck(program, path)
    theirs = by_tshark(path)
    differences = {}
    for figure in FIGURES:
        if figure == "syns":
            pair = (syns, sum(numbers[figure] for numbers in theirs.values()))
            if pair[0] != pair[1]:
                differences[figure] = (*pair, 1)
            continue
        keys = set(ours) | set(theirs)
        apart = [key for key in keys if ours[key][figure] != theirs[key][figure]]
        if apart:
            total = lambda found: sum(numbers[figure] for numbers in found.values())  # noqa: E731
            differences[figure] = (total(ours), total(theirs), len(apart))
    return differences, {figure: sum(numbers[figure] for numbers in theirs.values()) for figure in FIGURES}


def explained():
    known = {}
    for line in (HERE / "explained.txt").read_text().splitlines():
        if line and not line.startswith("#"):
            name, figure, ours, theirs, apart, reason = line.split(None, 5)
            known[name, figure] = ((int(ours), int(theirs), int(apart)), reason)
    return known


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("captures", nargs="*", type=Path)
    parser.add_argument("--flowcheck", type=Path, default=ROOT / "target" / "release" / "flowcheck")
    parser.add_argument("--lab", type=Path, default=ROOT.parent / "shared" / "lab" / "captures")
    parser.add_argument("--print", action="store_true", help="lines for explained.txt")
    options = parser.parse_args()
    for tool in ("tshark", "zstd"):
        if not shutil.which(tool):
            print(f"differential: SKIPPED, {tool} is not installed")
            return
    paths = options.captures
    if not paths:
        paths = sorted(path for path in (ROOT / "captures").iterdir() if ".pcap" in path.name)
        if options.lab.is_dir():
            paths += sorted(path for path in options.lab.iterdir() if ".pcap" in path.name and path.suffix != ".gz")
        else:
            print(f"the reference lab's captures: SKIPPED, they do not lie at {options.lab}")
    known = explained()
    names = [("lab/" if path.parent == options.lab else "") + path.name for path in paths]
    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(lambda path: compare(options.flowcheck, path), paths))
    wrong, agreed, seen = [], 0, collections.Counter()
    for name, (differences, totals) in zip(names, results):
        seen.update(totals)
        for figure in FIGURES:
            found = differences.get(figure)
            expected, reason = known.get((name, figure), (None, ""))
            if options.print and found:
                print(f"{name:<44} {figure:<10} {found[0]:>6} {found[1]:>6} {found[2]:>4}  {reason or '?'}")
            elif found == expected:
                agreed += 1
            elif found is None:
                wrong.append(f"{name}: {figure} agree now; the line in explained.txt can go")
            else:
                wrong.append(f"{name}: {figure}: flowcheck {found[0]}, tshark {found[1]}, different on {found[2]} connections")
    if options.print:
        return
    print(f"{len(names)} captures, by tshark {seen['streams']} streams, {seen['syns']} SYNs, {seen['requests']} requests,"
          f" {seen['responses']} responses; {agreed} figures agree or are explained, {len(wrong)} do not")
    print("\n".join(wrong))
    sys.exit(1 if wrong else 0)


main()
