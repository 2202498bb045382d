#!/usr/bin/env python3
"""What the screen costs while capturing: `flowcheck live --no-tui`, with the screen, and with the screen on its flow table.

Makes two network namespaces with a veth pair and replays a capture into it with tcpreplay at steady rates, while flowcheck
captures at the other end on a pseudo-terminal of 200 columns and 60 lines, in turn each way. Printed are processor time
(user and system, of the whole process) for a million packets, as medians of the rounds, and how much more than without the
screen, as the median of rounds with the lowest and the highest. What the terminal itself does with the bytes is not counted;
how many it gets a second is. Needs root, iproute2 and tcpreplay. Markdown goes to standard output. Ends by itself.
"""
import argparse
import fcntl
import os
import pty
import re
import select
import signal
import statistics
import struct
import subprocess
import sys
import termios
import threading
import time

from live import FROM, PREFIX, TO, replay, topology

WAYS = {'no screen': (['--no-tui'], b''), 'screen, legs': ([], b'1'), 'screen, connections': ([], b'2')}


class Run:
    """flowcheck on a terminal of its own, while a capture is replayed."""

    def __init__(self, options, way, capture, rate, folder):
        switches, keys = WAYS[way]
        report = os.path.join(folder, 'report')
        command = ['ip', 'netns', 'exec', TO, options.flowcheck, 'live', '-i', 'in', '-Z', 'root', '-o', report, *switches, 'tcp']
        self.terminal, end = pty.openpty()
        fcntl.ioctl(end, termios.TIOCSWINSZ, struct.pack('HHHH', 60, 200, 0, 0))
        self.process = subprocess.Popen(command, stdin=end, stdout=end, stderr=end, start_new_session=True,
                                        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
                                        env={**os.environ, 'TERM': 'xterm-256color', 'LC_ALL': 'C.UTF-8'})
        os.close(end)
        self.bytes, self.said = 0, b''
        reader = threading.Thread(target=self.read, daemon=True)
        reader.start()
        time.sleep(2)
        os.write(self.terminal, keys)
        time.sleep(0.5)
        before = self.bytes
        self.sent, self.seconds = replay(capture, f'--pps={rate}')
        self.drawn = (self.bytes - before) / self.seconds
        time.sleep(1)
        os.kill(self.process.pid, signal.SIGINT)
        _, status, usage = os.wait4(self.process.pid, 0)
        self.process.returncode = os.waitstatus_to_exitcode(status)
        if self.process.returncode != 0:
            sys.exit(f'live_screen.py: {way}: exit status {self.process.returncode}: {self.said[-2000:]!r}')
        reader.join(5)
        os.close(self.terminal)
        text = open(report).read()
        captured = int(re.search(r'([\d,]+) packets', text[text.index('CAPTURE'):])[1].replace(',', ''))
        if captured != self.sent:
            print(f'live_screen.py: {way}: {self.sent} sent, {captured} captured', file=sys.stderr)
        self.missing = self.sent - captured
        self.cpu = (usage.ru_utime + usage.ru_stime) / (self.sent / 1e6)
        self.user = usage.ru_utime / (self.sent / 1e6)
        self.rate = self.sent / self.seconds

    def read(self):
        """Takes what is drawn, as a terminal would."""
        while True:
            try:
                if not select.select([self.terminal], [], [], 0.5)[0]:
                    if self.process.returncode is not None:
                        return
                    continue
                got = os.read(self.terminal, 65536)
            except OSError:
                return
            if not got:
                return
            if b'\x1b[6n' in got:
                # Where is the cursor?
                os.write(self.terminal, b'\x1b[1;1R')
            self.bytes += len(got)
            self.said = (self.said + got)[-8192:]


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
        print('| capture, packets/s | way | CPU s per million | of it user | more than without | to the terminal, kB/s | '
              'packets missing |\n|---|---|---:|---:|---:|---:|---|')
        for capture in options.captures:
            name = os.path.basename(capture).split('.')[0]
            for rate in options.rates.split(','):
                rounds = []
                for number in range(options.runs):
                    ways = list(WAYS)
                    ways = ways[number % len(ways):] + ways[:number % len(ways)]
                    rounds.append({way: Run(options, way, capture, rate, folder) for way in ways})
                rate = statistics.median(run.rate for runs in rounds for run in runs.values())
                for way in WAYS:
                    median = lambda of: statistics.median(getattr(runs[way], of) for runs in rounds)
                    more = [100 * (runs[way].cpu / runs['no screen'].cpu - 1) for runs in rounds]
                    more = (f'{statistics.median(more):+.0f} % ({min(more):+.0f} to {max(more):+.0f})'
                            if way != 'no screen' else '')
                    missing = ', '.join(str(runs[way].missing) for runs in rounds)
                    print(f'| {name}, {rate / 1e3:.0f},000 | {way} | {median("cpu"):.3f} | {median("user"):.3f} | {more} | '
                          f'{median("drawn") / 1e3:.0f} | {missing} |', flush=True)
    finally:
        for namespace in (FROM, TO):
            subprocess.run(['ip', 'netns', 'delete', namespace], check=False)
        subprocess.run(['rm', '-rf', folder], check=False)


if __name__ == '__main__':
    main()
