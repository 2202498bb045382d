#!/usr/bin/env python3
"""The figures of docs/fleet.md: what a core reads, what a row takes, what a scrape takes.

  benches/fleet.py read   --flowcheck target/release/flowcheck     packets and bytes a second of one core, memory
  benches/fleet.py tables --flowcheck ...                          bytes of a row of each table, by the job on Spark
  benches/fleet.py scrape --flowcheck ...                          bytes of a scrape by legs, time to answer (root)

`tables` needs the packages of contrib/spark/requirements.txt, `make spark` leaves them in target/spark."""

import argparse
import gzip
import http.client
import http.server
import os
import socketserver
import struct
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
STORIES = {"keepalive": "story-right.pcap.zst", "churn": "story-defaults.pcap.zst"}
ROUNDS = 3


def again(name, target, packets):
    """A capture of the repository, again and again with later times, until it has so many packets."""
    raw = subprocess.run(["zstd", "-dc", os.path.join(ROOT, "captures", name)], capture_output=True, check=True).stdout
    at, records = 24, []
    while at < len(raw):
        second, micro, length, wire = struct.unpack_from("<4I", raw, at)
        records.append((second, micro, raw[at + 8 : at + 16 + length]))
        at += 16 + length
    count, shift = 0, 0
    with open(target, "wb") as file:
        file.write(raw[:24])
        while count < packets:
            file.write(b"".join(later(*record, shift) for record in records))
            count, shift = count + len(records), shift + 12
    return count


def later(second, micro, rest, shift):
    """A record of another round: later, and of other connections (their sequence numbers begin elsewhere)."""
    header, tcp = rest[:42], rest[42:]
    source, target, sequence, acknowledgment = struct.unpack_from(">HHII", tcp)
    client, server = 7_919_777 * shift, 104_729_777 * shift
    if source == 8080:
        client, server = server, client
    assert 8080 in (source, target)
    sequence, acknowledgment = (sequence + client) % 2**32, (acknowledgment + server) % 2**32
    tcp = struct.pack(">HHII", source, target, sequence, acknowledgment) + tcp[12:]
    return struct.pack("<2I", second + shift, micro) + header + tcp


def read(options, folder):
    print("| traffic | stored | requests | packets/s | MB/s stored | Mbit/s on the wire | CPU, us a packet | peak MiB |")
    print("|---|---|---:|---:|---:|---:|---:|---:|")
    for traffic, name in STORIES.items():
        plain = os.path.join(folder, traffic + ".pcap")
        count = again(name, plain, 2_000_000)
        subprocess.run(["zstd", "-q", "-3", plain], check=True)
        subprocess.run(["gzip", "-k", "-6", plain], check=True)
        wire = os.path.getsize(plain) - 24 - 16 * count
        for ending in ("", ".zst", ".gz"):
            rounds = [once(options.flowcheck, plain + ending) for _ in range(ROUNDS)]
            wall, cpu, peak, requests = sorted(rounds, key=lambda round: round[1])[ROUNDS // 2]
            stored = os.path.getsize(plain + ending)
            print(
                f"| {traffic} | {ending[1:] or 'pcap'} | {requests:,.0f} | {count / cpu:,.0f} | {stored / cpu / 1e6:.0f} | "
                f"{wire * 8 / cpu / 1e6:,.0f} | {cpu / count * 1e6:.2f} | {peak:.0f} |",
                flush=True,
            )


def once(flowcheck, path):
    """Wall and processor time of a task's flowcheck, its memory, and the requests that it found."""
    code = (
        "import json, resource, subprocess, sys, tempfile, time\n"
        "begin, saved = time.monotonic(), tempfile.NamedTemporaryFile()\n"
        "subprocess.run([sys.argv[1], 'read', '-', '--quiet', '--threads', '1', '--format', 'ndjson', '--report',\n"
        "  saved.name], stdin=open(sys.argv[2]), stdout=subprocess.DEVNULL, check=True)\n"
        "used = resource.getrusage(resource.RUSAGE_CHILDREN)\n"
        "found = json.load(saved)['totals']['requests']['total']\n"
        "print(time.monotonic() - begin, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, found)\n"
    )
    run = subprocess.run([sys.executable, "-c", code, flowcheck, path], capture_output=True, text=True, check=True)
    return tuple(map(float, run.stdout.split()))


def tables(options, folder):
    import pyarrow.parquet
    import pyspark

    home = os.path.dirname(pyspark.__file__)
    for number in range(4):
        path = os.path.join(folder, "archive", f"node{number}")
        os.makedirs(path)
        again(list(STORIES.values())[number % 2], os.path.join(path, "cap.pcap"), 500_000)
    output = os.path.join(folder, "tables")
    job = os.path.join(ROOT, "contrib", "spark", "flowcheck_archive.py")
    words = [os.path.join(folder, "archive", "{point}", "*.pcap"), output, "--flowcheck", options.flowcheck]
    submit = [os.path.join(home, "bin", "spark-submit"), "--master", "local[2]", job, *words]
    begin = time.monotonic()
    environment = os.environ | {"SPARK_HOME": home, "PYSPARK_PYTHON": sys.executable}
    subprocess.run(submit, env=environment, check=True, stderr=subprocess.DEVNULL)
    print(f"the job: {time.monotonic() - begin:.0f} s")
    for table in ("connections", "legs", "timeline", "sources"):
        files = [
            os.path.join(where, name)
            for where, _, names in os.walk(os.path.join(output, table))
            for name in names
            if name.endswith(".parquet")
        ]
        rows = sum(pyarrow.parquet.read_metadata(file).num_rows for file in files)
        size = sum(map(os.path.getsize, files))
        print(f"{table}: {rows} rows, {size} bytes, {size / rows:.1f} bytes a row")


class Quick(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *_):
        pass


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    request_queue_size = 512


def scrape(options, _):
    """In a network namespace of its own, which is gone with the process: loopback, a server's address for each leg."""
    if os.environ.get("FLEET_INSIDE") is None:
        inside = os.environ | {"FLEET_INSIDE": "1"}
        command = ["unshare", "--net", sys.executable, __file__, "scrape", "--flowcheck", options.flowcheck]
        subprocess.run(command, env=inside, check=True)
        return
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    server = Server(("0.0.0.0", 8080), Quick)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    for legs in (1, 16, 256):
        live = subprocess.Popen(
            [options.flowcheck, "live", "-i", "lo", "--metrics", "9184", "--quiet", "port", "8080"],
            stdout=subprocess.DEVNULL,
        )
        time.sleep(3)
        for leg in range(legs):
            client = http.client.HTTPConnection(f"127.9.{leg // 250}.{leg % 250 + 1}", 8080)
            for _ in range(3):
                client.request("GET", "/")
                client.getresponse().read()
            client.close()
        time.sleep(1.5)
        times, body = [], b""
        for _ in range(5):
            begin = time.monotonic()
            body = urllib.request.urlopen("http://127.0.0.1:9184/metrics").read()
            times.append(time.monotonic() - begin)
            time.sleep(1.1)
        lines = [line for line in body.splitlines() if not line.startswith(b"#")]
        told = sum(line.startswith(b"flowcheck_handshakes_total") for line in lines)
        print(
            f"{told} legs: {len(body)} bytes ({len(gzip.compress(body))} gzip), {len(lines)} series, "
            f"{len(body) / told:.0f} bytes and {len(lines) / told:.0f} series a leg, {sorted(times)[2] * 1e3:.1f} ms",
            flush=True,
        )
        live.terminate()
        live.wait()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["read", "tables", "scrape"])
    parser.add_argument("--flowcheck", required=True)
    options = parser.parse_args()
    options.flowcheck = os.path.abspath(options.flowcheck)
    with tempfile.TemporaryDirectory(prefix="flowcheck-fleet-") as folder:
        {"read": read, "tables": tables, "scrape": scrape}[options.what](options, folder)


if __name__ == "__main__":
    main()
