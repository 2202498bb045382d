# make demo   build, read a real capture, show the report
# make test   everything that is checked before a change lands; `.ci/run` runs this
# make bench, bench-instructions   each room and the whole pipeline; instructions a packet
# make compare, results   flowcheck against an empty libpcap loop, cat and tcpdump; benches/RESULTS.md anew
# make lab       live capture in network namespaces against nginx, Tomcat and the kernel (root)
# make compare-live   live capture beside tcpdump -w /dev/null on CAPTURES, files of some 400 MB (root)
# make merge-many   a thousand reports merged: wall clock and memory
# make hour      an hour of churn under live capture: memory flat, figures the kernel's (root; MINUTES=60 RATE=1000)
# make deb       a Debian package: program, manual pages, completions, a systemd unit
# make profiled  the same program built with a profile of its runs, some percent faster: target/profiled/release/flowcheck
# make test-deb  installs it in a fresh tree, runs its service there and removes it (root; .ci/run does it, too)
# make parquet   the tests of --format parquet, with DuckDB from PyPI to read the tables
# make spark     the job of contrib/spark on a real Spark, from pip, with tasks killed (Java 17)
# make man       manual pages into target/man
# make fuzz      each parser's edge under libFuzzer (SECONDS=10 for each; TARGETS="http tls")
# make bounds    large attacks: memory, what is counted, an innocent leg (ATTACKS="syn-flood")
# make differential   every capture against tshark, connection by connection
# make soak      loss, reordering and restarts under live capture (root; MINUTES=30)
# make screens, pages-screens   the pictures in README: of the terminal, of pages in a browser
# make links     captures of every link type and tunnel against the tshark that is installed
# The pieces of it: fmt clippy tests tests-no-libpcap parquet doc deny install

CARGO ?= cargo
LAB ?= ../shared/lab
TARGET := $(or $(CARGO_TARGET_DIR),target)
.DEFAULT_GOAL := help
.PHONY: help demo test check packages fmt clippy tests tests-no-libpcap parquet spark doc deny install man deb profiled test-deb truth bench bench-instructions compare results merge-many lab compare-live hour screens pages-screens links fuzz bounds differential soak clean

help:
	@sed -n '1,/^$$/s/^# //p' Makefile

demo: packages
	$(CARGO) build --release --locked
	@echo
	@echo '$$ flowcheck read captures/churn.pcap'
	@$(TARGET)/release/flowcheck read captures/churn.pcap

test: packages fmt clippy doc deny tests tests-no-libpcap parquet install

check: test

# A compiler and libpcap's headers, from the distribution when they are missing.
packages:
	@.ci/packages

fmt:
	$(CARGO) fmt --check

clippy:
	$(CARGO) clippy --locked --all-targets -- -D warnings
	$(CARGO) clippy --locked --all-targets --no-default-features -- -D warnings
	$(CARGO) clippy --locked --all-targets --features parquet -- -D warnings

tests:
	$(CARGO) test --locked

# Without libpcap everything but BPF filters works, and says so.
tests-no-libpcap:
	$(CARGO) test --locked --no-default-features

# Tables of connections, as DuckDB reads them where it can be had.
parquet:
	@.ci/duckdb $(TARGET)/duckdb
	$(CARGO) test --locked --features parquet --lib feed
	$(CARGO) test --locked --features parquet --test feeds

# Tables and merged report of a cluster against flowcheck itself.
spark: packages
	@.ci/packages spark-java python3 python3-venv
	@.ci/spark $(TARGET)/spark
	$(CARGO) build --release --locked
	JAVA_HOME=$$(.ci/spark-java) $(TARGET)/spark/bin/python tests/spark/spark.py --flowcheck $(TARGET)/release/flowcheck

doc:
	RUSTDOCFLAGS='-D warnings' $(CARGO) doc --locked --no-deps --document-private-items

deny:
	@.ci/deny

# The installed program, built as users get it, reads a capture.
install:
	$(CARGO) install --locked --quiet --path . --root $(TARGET)/install --force
	$(TARGET)/install/bin/flowcheck read captures/keepalive.pcap --quiet --expect pass >/dev/null

man:
	$(CARGO) build --release --locked
	mkdir -p $(TARGET)/man
	$(TARGET)/release/flowcheck man $(TARGET)/man

deb: packages
	@.ci/packages dpkg-shlibdeps strip
	$(CARGO) build --release --locked
	packaging/deb.sh $(TARGET)/release/flowcheck $(TARGET)/debian

# With llvm-profdata of rustc's LLVM; RUNS="a.pcap b.pcap" to profile on captures of one's own.
profiled: packages
	packaging/profiled.sh $(TARGET)/profiled $(RUNS)

test-deb: deb
	packaging/test.sh $(TARGET)/debian/flowcheck_*.deb

# With the reference lab beside this folder: every capture against its server logs and kernel counters.
truth: install
	@.ci/truth $(LAB) $(TARGET)/release/flowcheck

bench:
	$(CARGO) bench --locked

# The same on a busy machine as on a quiet one.
bench-instructions:
	@.ci/packages valgrind
	@benches/instructions.sh

compare:
	@.ci/packages tcpdump
	@benches/compare.sh

# RECORDINGS: captures to be measured beside those that are made.
results: packages
	@.ci/packages tcpdump tcptrace tcpflow tshark valgrind
	{ benches/compare.sh --slow $(RECORDINGS) && echo && benches/instructions.sh; } >$(TARGET)/RESULTS.md
	mv $(TARGET)/RESULTS.md benches/RESULTS.md

merge-many: packages
	@.ci/packages python3
	$(CARGO) build --release --locked
	benches/merge.py --flowcheck $(TARGET)/release/flowcheck

lab:
	@.ci/packages ip nginx curl java tomcat10
	FLOWCHECK_LAB=required $(CARGO) test --locked --test lab

compare-live: packages
	@.ci/packages ip tcpdump tcpreplay python3
	$(CARGO) build --release --locked
	benches/live.py --flowcheck $(TARGET)/release/flowcheck $(CAPTURES)

hour: packages
	@.ci/packages ip nginx python3
	$(CARGO) build --release --locked
	benches/hour.py --minutes $(or $(MINUTES),60) --rate $(or $(RATE),1000) --flowcheck $(TARGET)/release/flowcheck

# Pictures of the screen for README.
screens:
	$(CARGO) run --locked --quiet --example screens

# Pages for a browser, light, dark, on a small screen and on paper.
pages-screens: packages
	@.ci/packages python3 chromium pngquant
	$(CARGO) build --locked
	tests/pages/screens.py --flowcheck $(TARGET)/debug/flowcheck docs/pages

fuzz: packages
	@.ci/packages g++ python3
	tests/fuzz/fuzz.py --seconds $(or $(SECONDS),10) $(TARGETS)

bounds: packages
	@.ci/packages python3 zstd
	$(CARGO) build --release --locked
	tests/bounds/bounds.py --flowcheck $(TARGET)/release/flowcheck $(ATTACKS)

differential: packages
	@.ci/packages tshark zstd python3
	$(CARGO) build --release --locked
	tests/differential/differential.py --flowcheck $(TARGET)/release/flowcheck

soak: packages
	@.ci/packages ip nginx python3 java tomcat10
	$(CARGO) build --release --locked
	tests/soak/soak.py --minutes $(or $(MINUTES),30) --flowcheck $(TARGET)/release/flowcheck

links:
	@.ci/packages tshark
	@tests/links/links.py check

clean:
	$(CARGO) clean
