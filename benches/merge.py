#!/usr/bin/env python3
"""Merges many reports and says what that costs: wall clock and peak resident memory, as medians of the rounds.

The reports are those of the bundled captures, each with clients, names and openings of its own, so that no two of them
saw the same connections. Goal for 1,000 of them: 5 s and 500 MiB. Ends by itself; its folder is removed.
"""
import argparse
import base64
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
CAPTURES = ['churn.pcap', 'keepalive.pcap', 'story-right.pcap.zst', 'story-pool-of-2.pcap.zst', 'story-defaults.pcap.zst',
            'pool-and-no-pool.pcap.gz', 'requests-37-and-errors.pcap.gz', 'reload-under-load.pcap.gz']
SECONDS, MEBIBYTES = 5, 500


def renumbered(report, host, random_bytes):
    """The same report of another host."""
    text = json.dumps(report).replace('10.77.0.1"', f'10.{100 + host // 250}.{host % 250}.1"')
    report = json.loads(text.replace('10.77.0.1 ->', f'10.{100 + host // 250}.{host % 250}.1 ->'))
    for leg in report['legs']:
        if leg['openings']:
            count = len(base64.b64decode(leg['openings']['least'])) // 8
            least = sorted(random_bytes.getrandbits(63) for _ in range(count))
            leg['openings']['least'] = base64.b64encode(b''.join(n.to_bytes(8, 'big') for n in least)).decode()
    return report


def run(command):
    """Wall seconds and peak MiB of one run."""
    begin = time.perf_counter()
    timed = subprocess.run(['/usr/bin/time', '-f', '%M', *command], check=True, text=True, stdin=subprocess.DEVNULL,
                           stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    return time.perf_counter() - begin, int(timed.stderr.split()[-1]) / 1024


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--flowcheck', default='target/release/flowcheck')
    parser.add_argument('--reports', type=int, default=1000)
    parser.add_argument('--runs', type=int, default=5)
    options = parser.parse_args()
    flowcheck = os.path.abspath(options.flowcheck)
    numbers = random.Random(7)
    with tempfile.TemporaryDirectory() as folder:
        templates = [json.loads(subprocess.run([flowcheck, 'read', '-q', '--json', os.path.join(ROOT, 'captures', name)],
                                               check=True, capture_output=True).stdout) for name in CAPTURES]
        files, size = [], 0
        for host in range(options.reports):
            files.append(os.path.join(folder, f'node{host:05}.json'))
            with open(files[-1], 'w') as out:
                json.dump(renumbered(templates[host % len(templates)], host, numbers), out)
            size += os.path.getsize(files[-1])
        print(f'{options.reports} reports of {size / options.reports / 1000:.0f} kB')
        missed = False
        for form, words in [('text', []), ('JSON', ['--json']), ('page', ['--html', os.path.join(folder, 'page.html')])]:
            rounds = [run([flowcheck, 'merge', '-q', *words, *files]) for _ in range(options.runs)]
            wall, peak = (statistics.median(figures) for figures in zip(*rounds))
            missed |= wall > SECONDS or peak > MEBIBYTES
            print(f'{form}: {wall:.2f} s, {peak:.0f} MiB (goal: {SECONDS} s, {MEBIBYTES} MiB)')
    sys.exit(missed)


if __name__ == '__main__':
    main()
