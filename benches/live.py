#!/usr/bin/env python3
"""Holds `flowcheck live` beside `tcpdump -w /dev/null` on the same interface, both with a ring of 64 MiB.

Makes two network namespaces with a veth pair, replays a capture into it with tcpreplay, and lets flowcheck and tcpdump
capture at the other end in turn: first at top speed, then at 80 % of the rate at which tcpdump begins to drop, where
that rate can be reached here, and at steady rates below. Printed are packets dropped and processor time (user and
system) for a million packets, as medians of the rounds, with the lowest and the highest ratio of runs next to each other.
Needs root, iproute2, tcpdump and tcpreplay. Markdown goes to standard output. Ends by itself.
"""
import argparse
import os
import re
import signal
import statistics
import subprocess
import sys
import time

PREFIX = f'flowcheck-bench-{os.getpid()}-'
FROM, TO = PREFIX + 'from', PREFIX + 'to'


def ip(*words):
    subprocess.run(['ip', *words], check=True)


def topology():
    for namespace in (FROM, TO):
        ip('netns', 'add', namespace)
        # Nothing but what is replayed is on the wire.
        subprocess.run(['ip', 'netns', 'exec', namespace, 'sysctl', '-qw', 'net.ipv6.conf.all.disable_ipv6=1',
                        'net.ipv6.conf.default.disable_ipv6=1'], check=True)
    ip('link', 'add', 'out', 'netns', FROM, 'type', 'veth', 'peer', 'name', 'in', 'netns', TO)
    for namespace, name in ((FROM, 'out'), (TO, 'in')):
        ip('-n', namespace, 'link', 'set', name, 'mtu', '65535', 'arp', 'off', 'up')


def replay(capture, speed):
    """Sends the capture; returns (packets, seconds)."""
    text = subprocess.run(['ip', 'netns', 'exec', FROM, 'tcpreplay', '-q', '-K', '-i', 'out', speed, capture],
                          check=True, text=True, capture_output=True).stdout
    sent = re.search(r'Actual: (\d+) packets .* sent in ([\d.]+) seconds', text)
    return int(sent[1]), float(sent[2])


class Run:
    """One program that captures while a capture is replayed."""

    def __init__(self, command, capture, speed, folder):
        said = os.path.join(folder, 'said')
        with open(said, 'wb') as errors:
            pid = os.posix_spawnp('ip', ['ip', 'netns', 'exec', TO, *command], os.environ, file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0), (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
                (os.POSIX_SPAWN_DUP2, errors.fileno(), 2)])
        read = lambda: open(said, errors='replace').read()
        for _ in range(600):
            if re.search('listening on|capturing on', read()):
                break
            time.sleep(0.05)
        time.sleep(0.3)
        self.sent, self.seconds = replay(capture, speed)
        time.sleep(1)
        os.kill(pid, signal.SIGINT)
        _, status, usage = os.wait4(pid, 0)
        if os.waitstatus_to_exitcode(status) != 0:
            sys.exit(f'live.py: {command}: exit status {os.waitstatus_to_exitcode(status)}: {read()}')
        number = lambda what: int(re.search(rf'(\d+) packets? {what}', read())[1])
        self.captured, self.dropped = number('captured'), number('dropped by kernel')
        if self.captured + self.dropped != self.sent:
            print(f'live.py: {command[0]}: {self.sent} sent, {self.captured} captured, {self.dropped} dropped',
                  file=sys.stderr)
        self.cpu = (usage.ru_utime + usage.ru_stime) / (self.sent / 1e6)
        self.user = usage.ru_utime / (self.sent / 1e6)
        self.rate = self.sent / self.seconds


def in_turn(options, capture, speed, folder, rounds):
    flowcheck = [options.flowcheck, 'live', '-i', 'in', '-B', '65536', '-Z', 'root', '--json', '-o', '/dev/null', 'tcp']
    tcpdump = ['tcpdump', '-i', 'in', '-B', '65536', '-Z', 'root', '-n', '-w', '/dev/null', 'tcp']
    pairs = []
    for number in range(rounds):
        order = (flowcheck, tcpdump) if number % 2 == 0 else (tcpdump, flowcheck)
        runs = {command[0]: Run(command, capture, speed, folder) for command in order}
        pairs.append((runs[options.flowcheck], runs['tcpdump']))
    return pairs


def row(label, pairs):
    mine, theirs = zip(*pairs)
    median = lambda runs, of: statistics.median(getattr(run, of) for run in runs)
    ratios = [a.cpu / b.cpu for a, b in pairs]
    rate = median(mine + theirs, 'rate')
    dropped = lambda runs: ', '.join(str(run.dropped) for run in runs)
    print(f'| {label} | {rate / 1e3:.0f} | {dropped(mine)} | {dropped(theirs)} | {median(mine, "cpu"):.2f} '
          f'({median(mine, "user"):.2f} user) | {median(theirs, "cpu"):.2f} | '
          f'{statistics.median(ratios):.2f} ({min(ratios):.2f}-{max(ratios):.2f}) |', flush=True)


def begins_to_drop(options, capture, folder, top):
    """The lowest rate, in packets a second, at which tcpdump dropped; None if it never does."""
    tcpdump = ['tcpdump', '-i', 'in', '-B', '65536', '-Z', 'root', '-n', '-w', '/dev/null', 'tcp']
    found = None
    for share in (1.0, 0.9, 0.8, 0.7, 0.6, 0.5):
        run = Run(tcpdump, capture, f'--pps={int(top * share)}' if share < 1 else '--topspeed', folder)
        if run.dropped == 0:
            break
        found = top * share
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--flowcheck', default='target/release/flowcheck')
    parser.add_argument('--runs', type=int, default=5)
    parser.add_argument('--rates', default='20000,100000', help='steady rates, packets a second, with commas')
    parser.add_argument('captures', nargs='+', metavar='FILE', help='captures of Ethernet, of about 400 MB')
    options = parser.parse_args()
    options.flowcheck = os.path.abspath(options.flowcheck)
    folder = f'/tmp/{PREFIX}folder'
    os.mkdir(folder)
    try:
        topology()
        print('| capture, speed | 1,000 packets/s | dropped by flowcheck | by tcpdump | flowcheck, CPU s per million | '
              'tcpdump, the same | ratio |\n|---|---:|---|---|---:|---:|---:|')
        for capture in options.captures:
            name = os.path.basename(capture).split('.')[0]
            top = in_turn(options, capture, '--topspeed', folder, options.runs)
            row(f'{name}, top speed', top)
            fastest = statistics.median(run.rate for pair in top for run in pair)
            drops = begins_to_drop(options, capture, folder, fastest)
            if drops is None:
                print(f'live.py: {name}: tcpdump drops nothing at the {fastest:.0f} packets a second that can be '
                      f'sent here; 80 % of that is taken', file=sys.stderr)
            for label, rate in [('80 %', 0.8 * (drops or fastest)),
                                *((f'{int(rate) // 1000},000/s', float(rate)) for rate in options.rates.split(',') if rate)]:
                row(f'{name}, {label}', in_turn(options, capture, f'--pps={int(rate)}', folder, options.runs))
    finally:
        for namespace in (FROM, TO):
            subprocess.run(['ip', 'netns', 'delete', namespace], check=False)
        subprocess.run(['rm', '-rf', folder], check=False)


if __name__ == '__main__':
    main()
