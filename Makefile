# make demo   build, read a real capture, show the report
# make test   everything that is checked before a change lands; `.ci/run` runs this
# The pieces of it: fmt clippy tests tests-no-libpcap doc deny install

CARGO ?= cargo
LAB ?= ../shared/lab
TARGET := $(or $(CARGO_TARGET_DIR),target)
.DEFAULT_GOAL := help
.PHONY: help demo test check packages fmt clippy tests tests-no-libpcap doc deny install truth clean

help:
	@sed -n '1,/^$$/s/^# //p' Makefile

demo: packages
	$(CARGO) build --release --locked
	@echo
	@echo '$$ flowcheck read captures/churn.pcap'
	@$(TARGET)/release/flowcheck read captures/churn.pcap

test: packages fmt clippy doc deny tests tests-no-libpcap install

check: test

# A compiler and libpcap's headers, from the distribution when they are missing.
packages:
	@.ci/packages

fmt:
	$(CARGO) fmt --check

clippy:
	$(CARGO) clippy --locked --all-targets -- -D warnings
	$(CARGO) clippy --locked --all-targets --no-default-features -- -D warnings

tests:
	$(CARGO) test --locked

# Without libpcap everything but BPF filters works, and says so.
tests-no-libpcap:
	$(CARGO) test --locked --no-default-features

doc:
	RUSTDOCFLAGS='-D warnings' $(CARGO) doc --locked --no-deps --document-private-items

deny:
	@.ci/deny

# The installed program, built as users get it, reads a capture.
install:
	$(CARGO) install --locked --quiet --path . --root $(TARGET)/install --force
	$(TARGET)/install/bin/flowcheck read captures/keepalive.pcap --quiet --expect pass >/dev/null

# With the reference lab beside this folder: every capture against its server logs and kernel counters.
truth: install
	@.ci/truth $(LAB) $(TARGET)/release/flowcheck

clean:
	$(CARGO) clean
