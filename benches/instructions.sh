#!/usr/bin/env bash
# Instructions a packet, counted by valgrind: the same on a busy machine as on a quiet one.
set -euo pipefail

usage() {
    cat <<'TEXT'
Count the instructions that `flowcheck read --json` runs for each packet, in all threads

Usage: benches/instructions.sh [OPTIONS]

Options:
  --megabytes N      size of the captures [default: 10]
  --connections N    connections open at once in the last capture [default: 20000]
  --threads N        engines [default: 1]
  --flowcheck FILE   the program [default: builds target/release/flowcheck]
  -h, --help         this text
TEXT
}

megabytes=10; connections=20000; threads=1; flowcheck=''
while [ $# -gt 0 ]; do
    case $1 in
        --megabytes | --connections | --threads | --flowcheck)
            [ $# -gt 1 ] || { echo "instructions.sh: $1 needs a value; see --help" >&2; exit 2; }
            declare "${1#--}=$2"; shift ;;
        -h | --help) usage; exit ;;
        *) echo "instructions.sh: no option $1; see --help" >&2; exit 2 ;;
    esac
    shift
done
[ -z "$flowcheck" ] || flowcheck=$(realpath "$flowcheck")
cd "$(dirname "$0")/.."
for command in valgrind rustc python3; do
    command -v "$command" >/dev/null || { echo "instructions.sh: $command is missing" >&2; exit 2; }
done
if [ -z "$flowcheck" ]; then
    cargo build --release --locked --quiet
    flowcheck=${CARGO_TARGET_DIR:-target}/release/flowcheck
fi
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
rustc --edition 2024 -O examples/traffic.rs -o "$scratch/traffic"

instructions() { # capture
    valgrind --tool=callgrind --callgrind-out-file="$scratch/out" "$flowcheck" read --json --quiet \
        --threads "$threads" "$1" 2>&1 >/dev/null | sed -n 's/.*Collected *: *//p'
}

"$scratch/traffic" open 0 "$scratch/empty.pcap" >/dev/null
base=$(instructions "$scratch/empty.pcap")
echo 'Instructions that `flowcheck read --json` runs for each packet, in all threads, by `benches/instructions.sh` (valgrind): they'
echo 'do not depend on what else the machine does.'
echo
echo '| capture | packets | instructions a packet |'
echo '|---|---:|---:|'
for shape in keepalive churn large open; do
    number=$megabytes
    [ $shape != open ] || number=$connections
    packets=$("$scratch/traffic" $shape "$number" "$scratch/$shape.pcap" |
        python3 -c 'import json, sys; print(json.load(sys.stdin)["packets"])')
    all=$(instructions "$scratch/$shape.pcap")
    echo "| $shape | $packets | $(((all - base) / packets)) |"
done
