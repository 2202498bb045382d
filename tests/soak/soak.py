#!/usr/bin/env python3
"""Live capture of nginx before two Tomcats over a wire that loses, repeats and reorders frames, while all of them are
restarted in turn: at the end flowcheck's figures must be the kernel's and nginx's own.

    tests/soak/soak.py --minutes 30

Makes network namespaces (client, proxy, wire, servers). Frames between nginx and the Tomcats pass through a small bridge of its
own in `wire`, since kernels may lack netem. flowcheck captures on nginx's interface, where nothing is missing. Ends by itself,
with 0 if all of it holds. Needs root, iproute2, nginx, Java and Tomcat 10.
"""

import argparse
import ctypes
import fcntl
import heapq
import json
import os
import random
import select
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PREFIX = f"flowcheck-soak-{os.getpid()}-"
CLIENT, PROXY, WIRE, SERVERS = (PREFIX + name for name in ("client", "proxy", "wire", "servers"))
FRONT, ADDRESSES = "10.86.0.1", ("10.87.1.2", "10.87.2.2")
TOMCAT = Path("/usr/share/tomcat10")


def ip(*words):
    subprocess.run(["ip", *words], check=True)


def inside(namespace, *command, **options):
    return subprocess.Popen(["ip", "netns", "exec", namespace, *map(str, command)], stdin=subprocess.DEVNULL, **options)


def own(namespace, *arguments):
    """This script once more, inside a namespace."""
    return inside(namespace, sys.executable, os.path.abspath(__file__), *arguments, stdout=subprocess.PIPE, text=True)


def link(one, one_name, other, other_name):
    ip("link", "add", one_name, "netns", one, "type", "veth", "peer", "name", other_name, "netns", other)
    for namespace, name in ((one, one_name), (other, other_name)):
        ip("-n", namespace, "link", "set", name, "up")
        # The bridge hands frames on as they are: checksums have to be in them, and none may be larger than a wire takes.
        if own(namespace, "--plain", name).wait() != 0:
            sys.exit(f"soak.py: offloads of {name} can't be switched off")


def topology():
    for namespace in (CLIENT, PROXY, WIRE, SERVERS):
        ip("netns", "add", namespace)
        ip("-n", namespace, "link", "set", "lo", "up")
    link(CLIENT, "eth0", PROXY, "eth0")
    link(PROXY, "bond0", WIRE, "near")
    link(WIRE, "far", SERVERS, "eth0")
    for namespace, name, addresses in (
        (CLIENT, "eth0", ["10.86.0.9/24"]), (PROXY, "eth0", [FRONT + "/24"]), (PROXY, "bond0", ["10.87.0.1/16"]),
        (SERVERS, "eth0", [address + "/16" for address in ADDRESSES]),
    ):
        for address in addresses:
            ip("-n", namespace, "address", "add", address, "dev", name)


def switch_off_offloads(name):
    """What `ethtool -K NAME rx off tx off sg off tso off gso off gro off` does."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        for command in (0x15, 0x17, 0x19, 0x1F, 0x24, 0x2C):
            value = ctypes.create_string_buffer(struct.pack("II", command, 0))
            request = struct.pack("16sP", name.encode(), ctypes.addressof(value))
            try:
                fcntl.ioctl(control, 0x8946, request)
            except OSError as error:
                if command == 0x17:
                    raise error


def bridge(options):
    """Hands frames on between two interfaces until it is told to end, and prints what it did to them."""
    sockets = []
    for name in ("near", "far"):
        one = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
        one.bind((name, 0))
        one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
        sockets.append(one)
    done = {"handed on": 0, "lost": 0, "repeated": 0, "late": 0}
    ending = []
    signal.signal(signal.SIGTERM, lambda *_: ending.append(True))
    late, order = [], 0
    while not ending:
        wait = max(0.0, late[0][0] - time.monotonic()) if late else 0.2
        for ready in select.select(sockets, [], [], wait)[0]:
            frame, (_, _, kind, *_) = ready.recvfrom(65_536)
            if kind == socket.PACKET_OUTGOING:
                continue
            other = sockets[1 - sockets.index(ready)]
            dice = random.random()
            # ARP is spared: without it nothing is measured.
            if frame[12:14] == b"\x08\x00" and dice < options.loss:
                done["lost"] += 1
                continue
            if dice > 1 - options.late:
                done["late"] += 1
                order += 1
                heapq.heappush(late, (time.monotonic() + random.uniform(0.002, 0.02), order, other, frame))
                continue
            for _ in range(2 if options.loss <= dice < options.loss + options.repeat else 1):
                other.send(frame)
            done["repeated"] += options.loss <= dice < options.loss + options.repeat
            done["handed on"] += 1
        while late and late[0][0] <= time.monotonic():
            _, _, other, frame = heapq.heappop(late)
            other.send(frame)
    print(json.dumps(done))


def one_by_one(rate, until, counts, lock, number):
    """Requests one after the other; a connection that is gone is opened again."""
    connection, begin, sent = None, time.monotonic(), 0
    while time.monotonic() < until:
        time.sleep(max(0.0, min(begin + sent / rate, until) - time.monotonic()))
        sent += 1
        what = "no connection"
        try:
            if connection is None:
                connection = socket.create_connection((FRONT, 80), timeout=30)
            body = b"x" * (number * 700)
            start = b"POST" if body else b"GET"
            path = b"/hello.txt" if sent % 3 else b"/large.txt"
            connection.sendall(start + b" " + path + b" HTTP/1.1\r\nHost: soak\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
            what = answer(connection)
        except OSError:
            what = what if connection is None else "broken"
            connection = None
            time.sleep(0.05)
        if what == "broken" and connection is not None:
            connection.close()
            connection = None
        with lock:
            counts[what] = counts.get(what, 0) + 1
    if connection is not None:
        connection.close()


def answer(connection):
    """The status of a response that is read to its end."""
    text = b""
    while b"\r\n\r\n" not in text:
        piece = connection.recv(65_536)
        if not piece:
            return "broken"
        text += piece
    head, _, body = text.partition(b"\r\n\r\n")
    fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:] if b": " in line)
    left = int(fields.get(b"content-length", b"0")) - len(body)
    while left > 0:
        piece = connection.recv(min(left, 65_536))
        if not piece:
            return "broken"
        left -= len(piece)
    if fields.get(b"connection") == b"close":
        connection.close()
        raise OSError("the server closes")
    return head.split(b" ")[1].decode()


def drive(options, connections=8):
    counts, lock, until = {}, threading.Lock(), time.monotonic() + options.minutes * 60
    rate = options.rate / connections
    threads = [threading.Thread(target=one_by_one, args=(rate, until, counts, lock, n % 3)) for n in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(json.dumps(counts))


class Nginx:
    def __init__(self, folder):
        self.folder, self.child = folder, None
        at = lambda name: folder / name  # noqa: E731
        # Each attempt at a server has its own place in these variables, with commas and colons in between.
        (folder / "nginx.conf").write_text(
            f"daemon off; worker_processes 1; pid {at('pid')}; error_log {at('errors')} warn;\n"
            "events { worker_connections 1024; }\nhttp {\n"
            "log_format attempts '$status|$upstream_addr|$upstream_bytes_sent|$upstream_bytes_received|$upstream_status';\n"
            f"access_log {at('log')} attempts; keepalive_requests 100000; client_body_temp_path {at('body')};\n"
            f"proxy_temp_path {at('proxy')}; fastcgi_temp_path {at('f')}; uwsgi_temp_path {at('u')}; scgi_temp_path {at('s')};\n"
            "upstream tomcats { " + "".join(f"server {a}:8080 max_fails=0; " for a in ADDRESSES) + "keepalive 4; }\n"
            "server { listen 80; location / { proxy_http_version 1.1; proxy_set_header Connection ''; "
            "proxy_connect_timeout 8s; proxy_next_upstream_tries 2; proxy_pass http://tomcats; } } }\n")

    def start(self):
        self.child = inside(PROXY, "nginx", "-e", self.folder / "errors", "-c", self.folder / "nginx.conf")
        for _ in range(200):
            if (self.folder / "pid").exists():
                return
            time.sleep(0.05)
        sys.exit(f"soak.py: nginx does not start: {(self.folder / 'errors').read_text()}")

    def signal(self, number):
        os.kill(int((self.folder / "pid").read_text()), number)

    def restart(self):
        self.stop()
        self.start()

    def reload(self):
        self.signal(signal.SIGHUP)

    def stop(self):
        """Gracefully: what is under way is finished, and logged."""
        if self.child.poll() is None:
            self.signal(signal.SIGQUIT)
            self.child.wait(60)

    def attempts(self):
        """Requests sent to a server, and answers that came from one."""
        sent = answered = 0
        for line in (self.folder / "log").read_text().splitlines():
            _, _, sizes, received, _ = line.split("|")
            each = lambda text: [int(part) for part in text.replace(" : ", ", ").split(", ") if part.isdigit()]  # noqa: E731
            sent += sum(size > 0 for size in each(sizes))
            answered += sum(size > 0 for size in each(received))
        return sent, answered


class Tomcat:
    def __init__(self, folder, address):
        self.base, self.address, self.child = folder / address, address, None
        for part in ("conf", "logs", "temp", "work", "webapps/ROOT"):
            (self.base / part).mkdir(parents=True)
        (self.base / "conf" / "server.xml").write_text(
            f'<Server port="-1"><Service name="Catalina">\n<Connector address="{address}" port="8080" maxKeepAliveRequests="100"/>'
            '\n<Engine name="Catalina" defaultHost="localhost"><Host name="localhost" appBase="webapps" autoDeploy="false"/>'
            "</Engine></Service></Server>\n")
        (self.base / "conf" / "web.xml").write_text(
            '<web-app xmlns="https://jakarta.ee/xml/ns/jakartaee" version="6.0"><servlet><servlet-name>default</servlet-name>'
            "<servlet-class>org.apache.catalina.servlets.DefaultServlet</servlet-class></servlet><servlet-mapping>"
            "<servlet-name>default</servlet-name><url-pattern>/</url-pattern></servlet-mapping></web-app>\n")
        (self.base / "webapps" / "ROOT" / "hello.txt").write_text("hello\n")
        (self.base / "webapps" / "ROOT" / "large.txt").write_text("large\n" * 4_000)

    def start(self):
        console = open(self.base / "logs" / "console", "wb")
        self.child = inside(
            SERVERS, "java", "-Xmx128m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Djava.security.egd=file:/dev/urandom",
            f"-Dcatalina.home={TOMCAT}", f"-Dcatalina.base={self.base}", f"-Djava.io.tmpdir={self.base}/temp",
            "-cp", f"{TOMCAT}/bin/bootstrap.jar:{TOMCAT}/bin/tomcat-juli.jar", "org.apache.catalina.startup.Bootstrap", "start",
            stdout=subprocess.DEVNULL, stderr=console)

    def ready(self):
        for _ in range(1_200):
            if b"Server startup in" in (self.base / "logs" / "console").read_bytes():
                return
            time.sleep(0.1)
        sys.exit("soak.py: Tomcat does not start")

    def restart(self):
        self.stop()
        self.start()

    def stop(self):
        self.child.terminate()
        self.child.wait(60)


def counters():
    shown = subprocess.run(["ip", "netns", "exec", PROXY, "cat", "/proc/net/snmp"], check=True, capture_output=True, text=True)
    names, values = [line.split() for line in shown.stdout.splitlines() if line.startswith("Tcp:")]
    return dict(zip(names[1:], map(int, values[1:])))


def resident(pid):
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS:")), 0.0)


def measure(options, folder, running):
    wire = own(WIRE, "--bridge", "--loss", str(options.loss), "--repeat", str(options.repeat), "--late", str(options.late))
    running.append(wire)
    tomcats = [Tomcat(folder, address) for address in ADDRESSES]
    for tomcat in tomcats:
        tomcat.start()
        running.append(tomcat)
    for tomcat in tomcats:
        tomcat.ready()
    before = counters()
    with open(folder / "report.json", "wb") as out, open(folder / "said", "wb") as said:
        flowcheck = inside(PROXY, options.flowcheck, "live", "-i", "bond0", "--json", "port", "8080", stdout=out, stderr=said)
    running.append(flowcheck)
    time.sleep(2)
    nginx = Nginx(folder)
    nginx.start()
    running.append(nginx)
    client = own(CLIENT, "--drive", "--minutes", str(options.minutes), "--rate", str(options.rate))
    running.append(client)
    turns = [tomcats[0].restart, nginx.reload, tomcats[1].restart, nginx.restart]
    began, done, memory = time.monotonic(), 0, []
    while client.poll() is None:
        time.sleep(0.5)
        if flowcheck.poll() is not None:
            sys.exit(f"soak.py: flowcheck ended with {flowcheck.returncode}: {(folder / 'said').read_text()}")
        if time.monotonic() - began > (done + 1) * options.every and time.monotonic() - began < options.minutes * 60 - 10:
            turns[done % len(turns)]()
            done += 1
            memory.append(resident(flowcheck.pid))
            print(f"{(time.monotonic() - began) / 60:6.1f} min  {done:4} restarts  {memory[-1]:6.1f} MiB", flush=True)
    counts = json.loads(client.communicate()[0])
    nginx.stop()
    time.sleep(3)
    flowcheck.send_signal(signal.SIGINT)
    if flowcheck.wait(60) != 0:
        sys.exit(f"soak.py: flowcheck ended with {flowcheck.returncode}: {(folder / 'said').read_text()}")
    after = counters()
    wire.send_signal(signal.SIGTERM)
    frames = json.loads(wire.communicate()[0])
    kernel = {name: after[name] - before[name] for name in ("ActiveOpens", "AttemptFails", "RetransSegs")}
    return json.loads((folder / "report.json").read_text()), counts, nginx.attempts(), kernel, frames, done, memory


def tell(report, counts, attempts, kernel, frames, restarts, memory):
    totals, failed = report["totals"], []
    print(f"\nThe wire: {frames}. Restarts: {restarts}. What the client got: {counts}.\n")
    print("| flowcheck | | truth | |\n|---|---:|---|---:|")
    rows = [
        ("connections opened", totals["connections"]["opened"], "TcpActiveOpens of nginx's host", kernel["ActiveOpens"]),
        ("requests", totals["requests"]["total"], "requests that nginx sent to a server", attempts[0]),
        ("responses", totals["responses"]["total"], "answers that nginx had from one", attempts[1]),
        ("packets dropped by the kernel", report["capture"]["kernel_dropped"], "none", 0),
    ]
    for figure, value, source, truth in rows:
        print(f"| {figure} | {value} | {source} | {truth} |")
        if value != truth:
            failed.append(f"{figure}: {value}, {source}: {truth}")
    print(f"\nAlso: {totals['handshakes']['syn_retransmitted']} SYNs sent again, {totals['retransmitted_segments']} segments sent"
          f" again (nginx's kernel sent {kernel['RetransSegs']}, those of the servers are not in that), "
          f"{totals['out_of_order_segments']} out of order, {report['capture']['duplicate_packets']} copies,"
          f" {report['capture']['gap_bytes']} bytes missing, {totals['requests']['lost']} requests lost,"
          f" {totals['connections']['refused']} refused, {totals['connections']['unanswered']} unanswered.")
    if memory:
        print(f"Resident memory: {memory[0]:.1f} MiB at first, {max(memory):.1f} at most, {memory[-1]:.1f} at the end.")
        if max(memory) > 128:
            failed.append(f"{max(memory):.0f} MiB resident")
    for failure in failed:
        print(f"soak.py: {failure}", file=sys.stderr)
    return bool(failed)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--rate", type=float, default=150, help="requests a second")
    parser.add_argument("--every", type=float, default=20, help="seconds between restarts")
    parser.add_argument("--loss", type=float, default=0.01, help="share of frames")
    parser.add_argument("--repeat", type=float, default=0.01, help="share of frames")
    parser.add_argument("--late", type=float, default=0.02, help="share of frames, 2 to 20 ms")
    parser.add_argument("--flowcheck", default=ROOT / "target" / "release" / "flowcheck")
    parser.add_argument("--drive", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--bridge", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--plain", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.plain:
        return switch_off_offloads(options.plain)
    if options.drive:
        return drive(options)
    if options.bridge:
        return bridge(options)
    running = []
    try:
        topology()
        with tempfile.TemporaryDirectory(prefix="flowcheck-soak-") as folder:
            os.chmod(folder, 0o755)
            try:
                return tell(*measure(options, Path(folder), running))
            finally:
                for thing in reversed(running):
                    if isinstance(thing, (Nginx, Tomcat)):
                        thing.stop()
                    elif thing.poll() is None:
                        thing.terminate()
                        thing.wait()
    finally:
        for namespace in (CLIENT, PROXY, WIRE, SERVERS):
            subprocess.run(["ip", "netns", "delete", namespace], check=False)


sys.exit(main())
