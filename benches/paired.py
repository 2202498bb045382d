#!/usr/bin/env python3
"""Runs commands in turn and prints how the first compares with each of the others, a row of Markdown each.

A round runs the first command and one other, then the first and the next: A B A C A B A C ... The ratio of a row is the
median over the rounds of first / other, each from two runs next to each other, with the lowest and the highest beside it.
Wall clock around the process, processor time as wait4(2) has it, peak resident memory of one run by GNU time (which is
small itself: what a process held before exec(2) counts as its child's). Output is thrown away.
"""
import argparse
import os
import shlex
import statistics
import subprocess
import sys
import time


def run(command):
    """One run: (wall seconds, processor seconds)."""
    quiet = [(os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
             (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
             (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0)]
    begin = time.perf_counter()
    child = os.posix_spawnp(command[0], command, os.environ, file_actions=quiet)
    _, status, usage = os.wait4(child, 0)
    wall = time.perf_counter() - begin
    if os.waitstatus_to_exitcode(status) != 0:
        sys.exit(f'paired.py: exit status {os.waitstatus_to_exitcode(status)}: {shlex.join(command)}')
    return wall, usage.ru_utime + usage.ru_stime


def resident(command):
    """Peak resident MiB of one run."""
    timed = subprocess.run(['/usr/bin/time', '-f', '%M', *command], check=True, text=True,
                           stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    return int(timed.stderr.split()[-1]) / 1024


def middle(runs):
    """The median of each figure of several runs."""
    return [statistics.median(figures) for figures in zip(*runs)]


def spread(ratios):
    return f'{statistics.median(ratios):.2f} ({min(ratios):.2f}-{max(ratios):.2f})'


def named(text):
    name, found, command = text.partition('=')
    if not found:
        raise argparse.ArgumentTypeError('NAME=COMMAND expected')
    return name, shlex.split(command)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n\n')[0])
    parser.add_argument('--runs', type=int, default=5, help='rounds, after one run of each that shows its memory')
    parser.add_argument('--label', default='', help='first column')
    parser.add_argument('--resident', action='store_true', help='only print the peak memory of the first, in MiB')
    parser.add_argument('first', type=named, metavar='NAME=COMMAND')
    parser.add_argument('others', type=named, nargs='*', metavar='NAME=COMMAND')
    options = parser.parse_args()

    name, command = options.first
    if options.resident:
        print(f'{resident(command):.2f}')
        return
    memory = resident(command)
    pairs = [(other, resident(other[1]), [], []) for other in options.others]
    for _ in range(options.runs):
        for (_, theirs), _, mine, runs in pairs:
            mine.append(run(command))
            runs.append(run(theirs))
    own = [one for _, _, mine, _ in pairs for one in mine] or [run(command) for _ in range(options.runs)]

    wall, cpu = middle(own)
    print(f'| {options.label} | **{name}** | {wall:.4f} | {cpu:.4f} | {memory:.0f} | | |')
    for (other, _), memory, mine, runs in pairs:
        wall, cpu = middle(runs)
        in_wall = spread([a[0] / b[0] for a, b in zip(mine, runs)])
        in_cpu = spread([a[1] / max(b[1], 1e-4) for a, b in zip(mine, runs)])
        print(f'| {options.label} | {other} | {wall:.4f} | {cpu:.4f} | {memory:.0f} | {in_wall} | {in_cpu} |')


if __name__ == '__main__':
    main()
