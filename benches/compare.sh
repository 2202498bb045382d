#!/usr/bin/env bash
# Holds `flowcheck read --json` against an empty libpcap loop, cat, tcpdump and other readers of captures.
set -euo pipefail

usage() {
    cat <<'TEXT'
Measure flowcheck against other programs on the same captures, in the page cache, in paired runs

Usage: benches/compare.sh [OPTIONS] [FILE...]

The captures are made when they are missing (2.5 GB of them: keepalive, churn and large responses of 500 MB each, and a
million connections open at once). FILEs are measured instead of them. Markdown goes to standard output.

Options:
  --rows LIST       what to measure, with commas: speed, memory, million, start [default: all]
  --shapes LIST     captures for speed and memory: keepalive, churn, large, or none [default: all three]
  --runs N          rounds of each pair [default: 5]
  --megabytes N     size of each capture [default: 500]
  --million N       connections in the capture of `million` [default: 1000000]
  --slow            also against tshark, tcptrace, argus, tcpflow, ndpiReader, suricata and zeek where installed, one
                    round each, which takes minutes
  --captures DIR    where the captures are kept [default: $BENCH_CAPTURES or target/bench-captures]
  --flowcheck FILE  the program to measure [default: builds target/release/flowcheck]
  --only-captures   make the captures and end
  -h, --help        this text

Columns: wall clock, processor time (user and system), peak resident memory; then flowcheck's time divided by the other
program's, as the median of the rounds (lowest-highest), in wall clock and in processor time.
TEXT
}

rows=speed,memory,million,start; shapes=keepalive,churn,large; runs=5; megabytes=500; million=1000000; slow=''; only_captures=''
captures=${BENCH_CAPTURES:-}; flowcheck=''; files=()
while [ $# -gt 0 ]; do
    case $1 in
        --rows | --shapes | --runs | --megabytes | --million | --captures | --flowcheck)
            [ $# -gt 1 ] || { echo "compare.sh: $1 needs a value; see --help" >&2; exit 2; }
            declare "${1#--}=$2"; shift ;;
        --slow) slow=yes ;;
        --only-captures) only_captures=yes ;;
        -h | --help) usage; exit ;;
        -*) echo "compare.sh: no option $1; see --help" >&2; exit 2 ;;
        *) [ -r "$1" ] || { echo "compare.sh: cannot read $1" >&2; exit 2; }
           files+=("$(realpath "$1")") ;;
    esac
    shift
done
wanted() { [[ ",$rows," == *",$1,"* ]]; }
has() { command -v "$1" >/dev/null 2>&1; }

# --- what is needed -------------------------------------------------------------------------------------------------
[ -z "$captures" ] || captures=$(realpath -m "$captures")
[ -z "$flowcheck" ] || flowcheck=$(realpath "$flowcheck")
cd "$(dirname "$0")/.."
target=${CARGO_TARGET_DIR:-target}
captures=${captures:-$target/bench-captures}
for command in rustc cc python3 /usr/bin/time; do
    has "$command" || { echo "compare.sh: $command is missing" >&2; exit 2; }
done
tools=$target/bench-tools
mkdir -p "$tools" "$captures"
if [ -z "$flowcheck" ]; then
    cargo build --release --locked --quiet
    flowcheck=$target/release/flowcheck
fi
rustc --edition 2024 -O examples/traffic.rs -o "$tools/traffic"
cc -O2 benches/pcap_loop.c -o "$tools/pcap_loop" -lpcap

# A capture is named after what it holds, and made again only when the generator's source has changed.
version=$(cat examples/traffic.rs benches/traffic/*.rs | cksum | cut -d' ' -f1)
capture() { # kind, number -> path
    local file=$captures/$1-$2-$version.pcap
    if ! [ -e "$file.json" ]; then
        echo "making $file" >&2
        rm -f "$captures/$1-$2-"*.pcap*
        "$tools/traffic" "$1" "$2" "$file" >"$file.part"
        mv "$file.part" "$file.json"
    fi
    echo "$file"
}

# The report's figures are the generator's: what is fast must be right first.
check() { # capture
    "$flowcheck" read --json "$1" | python3 -c '
import json, sys
wrote, report = json.load(open(sys.argv[1])), json.load(sys.stdin)
totals = report["totals"]
found = {"packets": report["capture"]["packets"], "connections": totals["connections"]["opened"],
         "requests": totals["requests"]["total"]}
for figure, value in found.items():
    if value != wrote[figure]:
        sys.exit(f"compare.sh: {sys.argv[1]}: {wrote[figure]} {figure} written, {value} reported")
' "$1.json"
}

measured() { # label, file, rounds, against...
    local label=$1 file=$2 rounds=$3
    shift 3
    cat "$file" >/dev/null
    python3 benches/paired.py --runs "$rounds" --label "$label" "flowcheck=$flowcheck read --json $file" "$@"
}

root=''; [ "$(id -u)" -ne 0 ] || root='-Z root' # tcpdump gives up root before it opens the file
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
against() { # file: the peers that are quick
    echo "empty libpcap loop=$tools/pcap_loop $1"
    echo "cat=cat $1"
    ! has tcpdump || echo "tcpdump -w /dev/null=tcpdump $root -r $1 -w /dev/null"
}
against_slow() { # file: those that also look at connections or HTTP
    ! has tcptrace || echo "tcptrace -n=tcptrace -n $1"
    ! has argus || echo "argus=argus -r $1 -w $scratch/argus"
    ! has tcpflow || echo "tcpflow -C=tcpflow -r $1 -C"
    ! has ndpiReader || echo "ndpiReader=ndpiReader -q -i $1"
    ! has suricata || echo "suricata=suricata -r $1 -l $scratch -k none"
    ! has zeek || echo "zeek=zeek -C -r $1 Log::default_writer=Log::WRITER_NONE"
    ! has tshark || echo "tshark -z http,tree=tshark -n -q -z http,tree -r $1"
}
speed() { # label, file
    local peers
    mapfile -t peers < <(against "$2")
    measured "$1" "$2" "$runs" "${peers[@]}"
    if [ -n "$slow" ]; then
        mapfile -t peers < <(against_slow "$2")
        measured "$1" "$2" 1 "${peers[@]}" | tail -n +2
    fi
}

made=()
if wanted speed || wanted memory; then
    for shape in ${shapes//,/ }; do
        [ "$shape" != none ] || continue
        file=$(capture "$shape" "$megabytes")
        made+=("$shape=$file")
    done
fi
if wanted million; then
    base=$(capture keepalive "$megabytes")
    open=$(capture open "$million")
fi
[ -z "$only_captures" ] || exit 0

# --- the table ------------------------------------------------------------------------------------------------------
processor=$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo 2>/dev/null | head -1)
libpcap=$(tcpdump --version 2>&1 | sed -n 's/^libpcap version \([0-9.]*\).*/, libpcap \1/p')
cat <<TEXT
# flowcheck beside other programs

Measured by \`benches/compare.sh\` (\`make results\` writes this page anew): \`flowcheck read --json FILE\` and the other program in
turn on the same file in the page cache. Ratios are flowcheck's time divided by the other's, medians of $runs rounds
(lowest-highest); under 1 flowcheck is faster.

* $(date +%Y-%m-%d), flowcheck at commit $(git rev-parse --short HEAD 2>/dev/null || echo unknown), $(rustc --version | cut -d' ' -f1,2)$libpcap
* ${processor:-unknown processor}, $(getconf _NPROCESSORS_ONLN) cores, $(uname -sr | cut -d- -f1); load of the machine at the beginning: $(cut -d' ' -f1 /proc/loadavg)
TEXT
if wanted speed; then
    echo
    echo '| capture | program | wall, s | CPU, s | peak MiB | flowcheck / it, wall | flowcheck / it, CPU |'
    echo '|---|---|---:|---:|---:|---:|---:|'
    for one in "${made[@]}"; do
        check "${one#*=}"
        speed "${one%%=*}" "${one#*=}"
    done
    for file in "${files[@]}"; do
        name=$(basename "$file")
        speed "${name%%.*}" "$file"
    done
fi

resident() { # file -> MiB, the middle one of three
    for _ in 1 2 3; do
        python3 benches/paired.py --resident "flowcheck=$flowcheck read --json $1"
    done | sort -n | sed -n 2p
}
if wanted memory || wanted million || wanted start; then
    echo
    echo '| what | measured | must | aim |'
    echo '|---|---:|---:|---:|'
fi
if wanted memory; then
    for one in "${made[@]}"; do
        echo "| peak resident memory, 256 connections at once, ${one%%=*} | $(resident "${one#*=}") MiB | 64 | 32 |"
    done
fi
if wanted million; then
    check "$open"
    few=$(resident "$base")
    full=$(resident "$open")
    echo "| memory of one open connection, of $million | $(awk "BEGIN { printf \"%.0f\", ($full - $few) * 1048576 / $million }") B | 400 | 256 |"
fi
if wanted start; then
    # A capture of 20 KB: the first packets of one that has more.
    "$tools/traffic" open 20 "$scratch/small.pcap" >/dev/null
    took=$(python3 benches/paired.py --runs 51 --label start "flowcheck=$flowcheck read $scratch/small.pcap" |
        awk -F'|' '{ printf "%.1f", $4 * 1000 }')
    echo "| start to report, $(($(stat -c %s "$scratch/small.pcap") / 1000)) KB | $took ms | 15 | 5 |"
fi
