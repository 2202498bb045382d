#!/usr/bin/env bash
# Builds flowcheck twice: to be profiled while it reads captures/, and then for what the profile says.
#   packaging/profiled.sh FOLDER [CAPTURE...]    makes FOLDER/release/flowcheck and names it
# The same program with the same reports, some percent faster (benches/RESULTS.md). Captures of one's own, if named, are read in place of captures/.
# Needs llvm-profdata of the LLVM in rustc: `rustup component add llvm-tools`, or the distribution's.
set -euo pipefail
[ $# -ge 1 ] || { sed -n 's/^# //p' "$0" | head -4 >&2; exit 2; }
mkdir -p "$1"
folder=$(realpath "$1")
shift
captures=()
for capture; do
    [ -r "$capture" ] || { echo "profiled.sh: $capture: can't be read; please name a capture" >&2; exit 2; }
    captures+=("$(realpath "$capture")")
done
cd "$(dirname "$0")/.."
[ ${#captures[@]} -gt 0 ] || captures=(captures/*.pcap captures/*.pcap.gz captures/*.pcap.zst captures/*.pcapng.gz)

major=$(rustc -vV | sed -n 's/^LLVM version: \([0-9]*\).*/\1/p')
profdata=
for tool in "$(rustc --print target-libdir)/../bin/llvm-profdata" "llvm-profdata-$major" llvm-profdata; do
    if command -v "$tool" >/dev/null && "$tool" --version 2>/dev/null | grep -q "LLVM version $major\."; then
        profdata=$tool
        break
    fi
done
if [ -z "$profdata" ]; then
    echo "profiled.sh: llvm-profdata of LLVM $major is missing: rustup component add llvm-tools, or apt-get install llvm-$major" >&2
    exit 1
fi

rm -rf "$folder/runs"
RUSTFLAGS="${RUSTFLAGS:-} -Cprofile-generate=$folder/runs" ${CARGO:-cargo} build --release --locked --target-dir "$folder/profiling"
program=$folder/profiling/release/flowcheck
watch() { "$program" read -q "$@" >/dev/null; }
for capture in "${captures[@]}"; do
    for _ in 1 2 3 4 5 6 7 8; do watch --json "$capture"; done
    watch --requests --threads 3 "$capture"
done
"$profdata" merge -o "$folder/flowcheck.profdata" "$folder/runs"
RUSTFLAGS="${RUSTFLAGS:-} -Cprofile-use=$folder/flowcheck.profdata" ${CARGO:-cargo} build --release --locked --target-dir "$folder"
echo "$folder/release/flowcheck"
