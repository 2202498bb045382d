#!/usr/bin/env python3
"""Churn under live capture for an hour: does memory stay flat, and do the figures equal the kernel's?

Makes four network namespaces (client, proxy, two backends), in which nginx as it comes proxies to two nginx over HTTP/1.0, a
connection for each request; sends requests at a steady rate through it, and captures between proxy and backends with
`flowcheck live`. Every minute the resident memory of flowcheck is printed, at the end what it reports beside what the
kernel of the proxy and the logs of the backends count. Ends by itself with 0 if all of it holds. Needs root, iproute2
and nginx.
"""
import argparse
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

PREFIX = f'flowcheck-hour-{os.getpid()}-'
CLIENT, PROXY, BACKENDS = PREFIX + 'client', PREFIX + 'proxy', [PREFIX + 'one', PREFIX + 'two']
FRONT, SERVERS = '10.86.0.1', ['10.87.1.2', '10.87.2.2']


def ip(*words):
    subprocess.run(['ip', *words], check=True)


def inside(namespace, *command, **options):
    return subprocess.Popen(['ip', 'netns', 'exec', namespace, *command], stdin=subprocess.DEVNULL, **options)


def link(one, one_name, one_address, other, other_name, other_address):
    ip('link', 'add', one_name, 'netns', one, 'type', 'veth', 'peer', 'name', other_name, 'netns', other)
    for namespace, name, address in ((one, one_name, one_address), (other, other_name, other_address)):
        if address:
            ip('-n', namespace, 'address', 'add', address, 'dev', name)
        ip('-n', namespace, 'link', 'set', name, 'up')


def topology():
    for namespace in (CLIENT, PROXY, *BACKENDS):
        ip('netns', 'add', namespace)
        ip('-n', namespace, 'link', 'set', 'lo', 'up')
    link(CLIENT, 'eth0', '10.86.0.9/24', PROXY, 'eth0', FRONT + '/24')
    # One interface towards both backends.
    ip('-n', PROXY, 'link', 'add', 'bond0', 'type', 'bridge')
    ip('-n', PROXY, 'link', 'set', 'bond0', 'up')
    for number, (backend, address) in enumerate(zip(BACKENDS, SERVERS), 1):
        link(PROXY, f'port{number}', None, backend, 'eth0', address + '/16')
        ip('-n', PROXY, 'link', 'set', f'port{number}', 'master', 'bond0')
    ip('-n', PROXY, 'address', 'add', '10.87.0.1/16', 'dev', 'bond0')


def nginx(namespace, folder, name, http):
    at = lambda suffix: os.path.join(folder, name + suffix)
    with open(at('.conf'), 'w') as conf:
        conf.write(f'daemon off; worker_processes 1; pid {at(".pid")}; error_log {at(".err")} warn;\n'
                   f'events {{ worker_connections 4096; }}\n'
                   f'http {{ log_format short "$status"; access_log {at(".log")} short buffer=64k flush=1s;\n'
                   f'keepalive_requests 1000000000; keepalive_time 24h; client_body_temp_path {at(".body")}; proxy_temp_path {at(".proxy")};\n'
                   f'fastcgi_temp_path {at(".f")}; uwsgi_temp_path {at(".u")}; scgi_temp_path {at(".s")};\n{http} }}\n')
    server = inside(namespace, 'nginx', '-e', at('.err'), '-c', at('.conf'))
    for _ in range(200):
        if os.path.exists(at('.pid')):
            return server
        time.sleep(0.05)
    sys.exit(f'hour.py: nginx does not start: {open(at(".err")).read()}')


def active_opens():
    text = subprocess.run(['ip', 'netns', 'exec', PROXY, 'cat', '/proc/net/snmp'], check=True, text=True,
                          capture_output=True).stdout
    names, values = [line.split() for line in text.splitlines() if line.startswith('Tcp:')]
    return int(values[names.index('ActiveOpens')])


def one_by_one(rate, seconds, sent, slot):
    """Requests on a kept connection, `rate` a second; what a hiccup cost is made up for."""
    connection = socket.create_connection((FRONT, 80))
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    begin = time.monotonic()
    while sent[slot] < rate * seconds:
        time.sleep(max(0.0, begin + sent[slot] / rate - time.monotonic()))
        connection.sendall(b'GET / HTTP/1.1\r\nHost: hour\r\n\r\n')
        answer = b''
        while not answer.endswith(b'hello\n'):
            piece = connection.recv(4096)
            answer += piece
            if not piece or not answer.startswith(b'HTTP/1.1 200'[:len(answer)]):
                print(f'hour.py: after {sent[slot]} requests: {answer[:100]!r}', file=sys.stderr)
                return
        sent[slot] += 1


def drive(rate, seconds, connections=8):
    """The client: prints how many requests were answered."""
    sent = [0] * connections
    threads = [threading.Thread(target=one_by_one, args=(rate / connections, seconds, sent, slot))
               for slot in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(sum(sent))


def resident(pid):
    """Resident MiB of a process."""
    for line in open(f'/proc/{pid}/status'):
        if line.startswith('VmRSS:'):
            return int(line.split()[1]) / 1024
    return 0.0


def watch(flowcheck, client):
    """Memory of flowcheck every minute until the client is done: [(minute, MiB)]."""
    begin, rows = time.monotonic(), []
    while client.poll() is None:
        due = begin + 60 * (len(rows) + 1)
        while client.poll() is None and time.monotonic() < due:
            time.sleep(0.2)
        if flowcheck.poll() is not None:
            sys.exit(f'hour.py: flowcheck ended with {flowcheck.returncode}')
        rows.append(((time.monotonic() - begin) / 60, resident(flowcheck.pid)))
        print(f'| {rows[-1][0]:.1f} | {rows[-1][1]:.2f} |', flush=True)
    return rows


def lines(folder, name):
    with open(os.path.join(folder, name + '.log'), 'rb') as log:
        return sum(1 for _ in log)


def measure(options, folder, running):
    backend = 'server { listen 8080; location / { return 200 "hello\\n"; } }'
    for number, namespace in enumerate(BACKENDS):
        running.append(nginx(namespace, folder, f'backend{number}', backend))
    # Version 1.0 is the default before nginx 1.29.7.
    running.append(nginx(PROXY, folder, 'proxy', 'upstream both { ' + ''.join(f'server {s}:8080; ' for s in SERVERS) +
                         '} server { listen 80; location / { proxy_http_version 1.0; proxy_pass http://both; } }'))
    before = active_opens()
    report = os.path.join(folder, 'report.json')
    with open(report, 'wb') as out:
        flowcheck = inside(PROXY, options.flowcheck, 'live', '-i', 'bond0', '-q', '--json', *options.arguments,
                           'port', '8080', stdout=out)
    running.append(flowcheck)
    time.sleep(2)
    client = inside(CLIENT, sys.executable, os.path.abspath(__file__), '--drive', '--rate', str(options.rate),
                    '--minutes', str(options.minutes), stdout=subprocess.PIPE, text=True)
    running.append(client)
    print('| minute | resident memory of flowcheck, MiB |\n|---:|---:|', flush=True)
    rows = watch(flowcheck, client)
    answered = int(client.communicate()[0])
    time.sleep(2)
    ticks = sum(map(int, open(f'/proc/{flowcheck.pid}/stat').read().rsplit(') ', 1)[1].split()[11:13]))
    flowcheck.send_signal(signal.SIGINT)
    if flowcheck.wait(60) != 0:
        sys.exit(f'hour.py: flowcheck ended with {flowcheck.returncode}')
    opened = active_opens() - before
    time.sleep(2)
    logged = sum(lines(folder, f'backend{number}') for number in range(len(BACKENDS)))
    with open(report) as text:
        return rows, json.load(text), answered, logged, opened, ticks / os.sysconf('SC_CLK_TCK')


def tell(options, rows, report, answered, logged, opened, cpu):
    totals, failed = report['totals'], []
    figures = [('requests', totals['requests']['total'], 'answered to the client', answered),
               ('requests', totals['requests']['total'], "in the backends' logs", logged),
               ('responses', totals['responses']['total'], "in the backends' logs", logged),
               ('connections opened', totals['connections']['opened'], 'TcpActiveOpens of the proxy', opened),
               ('connections opened', totals['connections']['opened'], 'TcpActiveOpens by host_view',
                report['host_view'][0]['counters']['active_opens'] if report['host_view'] else None),
               ('packets dropped by the kernel', report['capture']['kernel_dropped'], 'none', 0)]
    print('\n| flowcheck | | | truth |\n|---|---:|---|---:|')
    for figure, value, source, truth in figures:
        print(f'| {figure} | {value} | {source} | {truth} |')
        if value != truth:
            failed.append(f'{figure}: {value}, {source}: {truth}')
    for host in report['hosts']:
        if host['actual']:
            print(f'| TIME-WAIT of {host["address"]} at the end | {host["projection"]["time_wait"]} | its kernel | '
                  f'{host["actual"]["time_wait"]} |')
    print(f'\nflowcheck used {cpu:.1f} s of processor time for {report["capture"]["packets"]} packets in '
          f'{report["capture"]["duration_s"]:.0f} s; peaks: {totals["handshakes"]["per_second_peak"]} handshakes a second.')
    later = [memory for minute, memory in rows if minute >= options.settled]
    if len(later) > 1:
        grown = max(later) - later[0]
        print(f'Resident memory after minute {options.settled}: {later[0]:.2f} MiB, at most {max(later):.2f} MiB.')
        if grown > options.slack:
            failed.append(f'memory grew by {grown:.2f} MiB after minute {options.settled}')
    for failure in failed:
        print(f'hour.py: {failure}', file=sys.stderr)
    return bool(failed)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--minutes', type=float, default=60)
    parser.add_argument('--rate', type=float, default=1000, help='requests a second')
    parser.add_argument('--settled', type=float, default=5, help='the minute from which memory must be flat')
    parser.add_argument('--slack', type=float, default=4,
                        help='MiB that it may grow after it: after a stall blocks are larger, and their memory is kept')
    parser.add_argument('--flowcheck', default='target/release/flowcheck')
    parser.add_argument('--drive', action='store_true', help=argparse.SUPPRESS)
    parser.add_argument('arguments', nargs='*', help='more options of flowcheck live')
    options = parser.parse_args()
    if options.drive:
        drive(options.rate, options.minutes * 60)
        return False
    running = []
    try:
        topology()
        with tempfile.TemporaryDirectory(prefix='flowcheck-hour-') as folder:
            os.chmod(folder, 0o755)
            try:
                return tell(options, *measure(options, folder, running))
            finally:
                for process in reversed(running):
                    if process.poll() is None:
                        process.terminate()
                        process.wait()
    finally:
        for namespace in (CLIENT, PROXY, *BACKENDS):
            subprocess.run(['ip', 'netns', 'delete', namespace], check=False)


if __name__ == '__main__':
    sys.exit(main())
