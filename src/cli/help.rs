//! What the help pages say beside the options: what it is about, and examples.

pub(super) const ABOUT: &str = "Are HTTP connections reused? If not, who closes them, and since when?";

pub(super) const LONG_ABOUT: &str = "\
Are HTTP connections reused? If not, who closes them, and since when?

flowcheck reads packet captures (tcpdump -w) and judges every leg between a client and a server: how many \
requests paid for a TCP handshake, how many of those a connection pool would have avoided, who sent the first FIN, \
which connects failed. It says `inconclusive` about what the capture does not show.";

pub(super) const EXAMPLES: &str = "\
Examples:
  flowcheck read dump.pcap                           is keepalive working?
  flowcheck read dump.pcap0 dump.pcap1 port 8080     rotated files as one capture, then a BPF filter
  tcpdump -i bond0 -w - port 8080 | flowcheck read - straight from tcpdump
  flowcheck read --tui dump.pcap                     walk about in legs, connections, causes
  flowcheck read dump.pcap --json | jq .verdict      for programs
  flowcheck read dump.pcap --expect pass             exit 1 if it does not pass
  flowcheck explain P2                               what a cause in the report means, and what to change
  flowcheck compare before.pcap after.pcap           did the change work?
  flowcheck merge node1.json node2.json node3.json   several hosts as one, and the one unlike its peers
  flowcheck completions bash                         teach your shell (--help says where to put it)

`flowcheck read --help` explains every option.";

pub(super) const READ_EXAMPLES: &str = "\
Examples:
  flowcheck read dump.pcap
  flowcheck read bond0.pcap lo.pcap                  both sides of a proxy, merged by time
  flowcheck read dump.pcap.zst 'host 10.0.0.5 and port 8080'
  flowcheck read dump.pcap --from 14:00 --to 14:05   five minutes of it
  flowcheck read dump.pcap --format csv -o connections.csv        a line a connection, while it is read
  flowcheck read dump.pcap --format csv -o rows.csv --report report.json   rows and the report from one reading
  flowcheck read dump.pcap --connections --format csv -o list.csv listed at the end, with causes
  flowcheck read dump.pcap --connections --where 'cause:P1 !port:8081'
  flowcheck read dump.pcap --ladder 4711 --export 4711.pcap
  flowcheck read dump.pcap --html report.html        a page for those who don't use a terminal
  flowcheck read report.json --html report.html      the same of a report saved with --json
  flowcheck read dump.pcap --requests | jq 'select(.status >= 500)'
  flowcheck read dump.pcap --lang zh --html report.html           in Chinese
  flowcheck read dump.pcap --expect 'reuse>=0.9' --expect 'failed=0'
  flowcheck read dump.pcap --expect pass --format junit -o flowcheck.xml   for a CI server

Files and filter:
  The first word is a file. A later word is a file if it exists and starts as a capture does; the BPF filter \
(pcap-filter(7)) starts at the first word that does not, or after `--`. pcap and pcapng are read, plain, gzip or zstd, and several one after \
another in one stream: cat hour-*.pcap.gz | flowcheck read -

Expectations:
  pass                     the verdict is pass (warn does not hold)
  reuse>=0.9               share of requests on connections that had served before
  avoidable<=0.02          avoidable handshakes per request
  handshakes-per-request   first requests per request: 1 is pure churn
  handshake-rate<=10       handshakes in the busiest second
  failed, resets, lost, requests   counts
  Each is judged on every leg that carries requests.

Exit codes:
  0  the report was made, every expectation held
  1  an expectation failed
  2  could not run: usage, no such file, no capture
  3  an expectation could not be judged: the capture does not show enough";

#[cfg(feature = "live")]
pub(super) const LIVE_EXAMPLES: &str = "\
Examples:
  flowcheck live -i bond0 port 8080
  flowcheck live -i bond0 -i lo tcp                  both sides of a proxy
  flowcheck live -i bond0 --duration 5m --json -o report.json port 8080
  flowcheck live -i bond0 --duration 60s --expect pass port 8080
  flowcheck live -i bond0 -w dump.pcapng port 8080   keep the packets, too
  flowcheck live -i bond0 --ndjson port 8080 | jq .requests
  flowcheck live -i bond0 --metrics 9184 port 8080   for Prometheus

Signals:
  INT or TERM    stop, read what the kernel still has, report; a second one ends the program at once
  USR1           the report so far, and go on

Privileges:
  As root the interfaces are opened first; then root is given up for the user of -Z. As a user the program needs \
CAP_NET_RAW: sudo setcap cap_net_raw+ep $(command -v flowcheck)

Exit codes:
  0    the report was made, every expectation held
  1    an expectation failed
  2    could not run: usage, no such interface, no permission
  3    an expectation could not be judged: the capture does not show enough
  130  interrupted twice";

pub(super) const COMPARE_EXAMPLES: &str = "\
Examples:
  flowcheck compare before.pcap after.pcap
  flowcheck compare monday.json friday.json          reports made with read --json or live --json
  flowcheck compare before.json after.pcap port 8080
  flowcheck compare before.pcap after.pcap --expect pass --expect 'reuse>=0.9'

The answer:
  fixed      what was wrong is right
  better     better, and not right yet
  right      it was right, and is
  unchanged  nothing that chance does not explain, and what was wrong is wrong
  mixed      some of it better, some of it worse
  worse      worse than before
  undecided  one of the captures is inconclusive

A difference is marked when chance makes one like it in less than one case of a thousand, and it is more than 5 %. How \
bursty the traffic is, each capture's own timeline says. Capture both under the same load, for two minutes or longer.

Exit codes:
  0  the comparison was made, every expectation held on AFTER
  1  an expectation failed
  2  could not run: usage, no such file, neither capture nor report
  3  an expectation could not be judged: the capture does not show enough";

pub(super) const MERGE_EXAMPLES: &str = "\
Examples:
  flowcheck merge node1.json node2.json node3.json   reports made with read --json or live --json
  flowcheck merge node1.pcap node2.pcap -- port 8080 captures, with a filter
  flowcheck merge */report.json                      named node1/report, node2/report ...
  flowcheck merge a=10h.json a=11h.json b=10h.json   two hours of point a, one of b
  flowcheck merge day1.json node7.json --json        merged reports can be merged again
  flowcheck merge *.json --html fleet.html --expect 'avoidable<=0.02'

Names:
  NAME is the capture point, a host's name as a rule; without it the file's name without its ending. Files of the same NAME \
are stretches of time of one point.

What is counted:
  A connection that was captured at two points (at nginx and at tomcat) counts once; the initial sequence numbers of its \
handshake tell, even through NAT. Figures and distributions add up. Peaks do not: that of all is the highest of any one report.

The host unlike its peers:
  Of three or more that do the same (open connections, or only accept them) each is held against the median of the \
others by reuse, avoidable handshakes, failed connects, lost requests, resets, TIME-WAIT, and causes.

Exit codes:
  0  the report was made, every expectation held on the legs of all
  1  an expectation failed
  2  could not run: usage, no such file, neither capture nor report
  3  an expectation could not be judged: the captures do not show enough";

#[cfg(feature = "live")]
pub(super) const INTERFACES_EXAMPLES: &str = "\
Examples:
  flowcheck interfaces
  flowcheck live -i any tcp                          all of them at once";

pub(super) const EXPLAIN_EXAMPLES: &str = "\
Examples:
  flowcheck explain P2                               a cause by its id in the report
  flowcheck explain inconclusive                     a verdict
  flowcheck explain avoidable                        a word";

pub(super) const SCHEMA_EXAMPLES: &str = "\
Examples:
  flowcheck schema                                   of `flowcheck read --json`
  flowcheck schema comparison                        of `flowcheck compare --json`
  flowcheck schema connections                       of a line of `flowcheck read --format ndjson`";

pub(super) const COMPLETIONS_EXAMPLES: &str = "\
Examples:
  flowcheck completions bash > ~/.local/share/bash-completion/completions/flowcheck
  flowcheck completions zsh > ~/.zfunc/_flowcheck    with `fpath+=~/.zfunc` before `compinit` in ~/.zshrc
  flowcheck completions fish > ~/.config/fish/completions/flowcheck.fish

A package puts them where the shells look already.";

/// What a command's help ends with, and before it what --where takes.
pub(super) fn with_fields(examples: &str) -> String {
    format!("Expressions of --where:\n{}\n{examples}", crate::query::help())
}
