"""The attacks: each sends a capture into `out`, with the innocent leg's packets in between, and returns how many were sent."""

import gzip
import io
import os
import shutil
import struct
import subprocess
import tempfile

from wire import ACK, EPOCH, FIN, PSH, SYN, Good, Out, address, packet

SERVER = (bytes([10, 0, 0, 1]), 8080)
ALL = {}


def attack(name):
    def keep(function):
        ALL[name] = function
        return function

    return keep


def mixed(out, good, size, each):
    """Calls `each(n)` so many times, with the innocent leg's packets spread among what it sends."""
    out.header()
    good.some(out, 0.02)
    share = max(1, size // 1_000)
    for number in range(size):
        each(number)
        if number % share == 0:
            good.some(out, 0.02 + 0.96 * number / size)
    good.some(out, 1)
    out.flush()
    return out.sent


def client(number, net=0x0B000000):
    """The `number`-th of many clients: addresses and ports."""
    return (address(net + number // 50_000), 10_000 + number % 50_000)


def opened(out, end, server=SERVER, step=1_000):
    out.packet(packet(end, server, 999, 0, SYN, identity=1), step)
    out.packet(packet(server, end, 4_999, 1_000, SYN | ACK, identity=1), step)
    out.packet(packet(end, server, 1_000, 5_000, ACK, identity=2), step)


@attack("syn-flood")
def syn_flood(out, size, good):
    # Addresses and ports as random as a flood's.
    def each(number):
        mixed_up = number * 2_654_435_761 & 0xFFFFFFFF
        out.packet(packet((address(mixed_up), 1_024 + number % 60_000), SERVER, mixed_up, 0, SYN, identity=number), 1_000)

    return mixed(out, good, size, each)


@attack("half-open-with-data")
def half_open(out, size, good):
    begun = b"GET /app/page?session=abcdefghijklmnop HTTP/1.1\r\nHost: shop.example.com\r\nX-Slow: " + b"a" * 40

    def each(number):
        end = client(number)
        out.packet(packet(end, SERVER, 999, 0, SYN, identity=1))
        out.packet(packet(SERVER, end, 4_999, 1_000, SYN | ACK, identity=1))
        out.packet(packet(end, SERVER, 1_000, 5_000, PSH | ACK, begun, 2))

    return mixed(out, good, size, each)


@attack("partial-heads")
def partial_heads(out, size, good):
    """Each connection leaves as much of a head as is kept at most."""
    begun = b"GET / HTTP/1.1\r\nX-Long: " + b"a" * 32_000
    more = b"b" * 32_000

    def each(number):
        end = client(number)
        opened(out, end)
        out.packet(packet(end, SERVER, 1_000, 5_000, PSH | ACK, begun, 3))
        out.packet(packet(end, SERVER, 1_000 + len(begun), 5_000, PSH | ACK, more, 4))

    return mixed(out, good, size, each)


@attack("byte-by-byte-heads")
def byte_by_byte(out, size, good):
    """Heads of 60,000 bytes, a segment for each byte, on 20 connections in turn."""
    ends = [client(number) for number in range(20)]
    head = b"GET / HTTP/1.1\r\nHost: shop\r\nX-Slow: "
    sent = [0] * len(ends)

    def each(number):
        which = number % len(ends)
        at = sent[which]
        if at == 0:
            opened(out, ends[which])
        place = at % 60_000
        byte = head[place:place + 1] if place < len(head) else b"\r\n\r\n"[place - 59_996:][:1] if place >= 59_996 else b"s"
        out.packet(packet(ends[which], SERVER, 1_000 + at, 5_000, PSH | ACK, byte, at))
        sent[which] += 1

    return mixed(out, good, size, each)


def stream(pieces_of):
    """An attack that is one long stream for each of 50 connections; `pieces_of(turn)` is what comes next."""

    def run(out, size, good):
        ends = [client(number) for number in range(50)]
        at = [1_000] * len(ends)

        def each(number):
            which, turn = number % len(ends), number // len(ends)
            if turn == 0:
                opened(out, ends[which])
            piece = pieces_of(turn)
            out.packet(packet(ends[which], SERVER, at[which], 5_000, PSH | ACK, piece, turn + 3))
            at[which] = at[which] + len(piece) & 0xFFFFFFFF

        return mixed(out, good, size, each)

    return run


HEADER_LINE = b"X-Line: " + b"l" * 1_390 + b"\r\n"
START = b"POST /app HTTP/1.1\r\nHost: shop\r\n"
# Lines of 64 KiB, in segments of 1,400 bytes.
ALL["long-header-lines"] = stream(lambda turn: START if turn % 50 == 0 else b"X: " + b"l" * 1_390 if turn % 50 == 1 else b"l" * 1_390)
ALL["million-headers"] = stream(lambda turn: START if turn == 0 else b"A: b\r\n" * 20)
CHUNKED = b"POST /app HTTP/1.1\r\nHost: shop\r\nTransfer-Encoding: chunked\r\n\r\n1;"
ALL["endless-chunk-extensions"] = stream(lambda turn: CHUNKED if turn == 0 else b"name=value;" * 120)
ALL["endless-trailers"] = stream(
    lambda turn: CHUNKED[:-2] + b"0\r\n" if turn == 0 else b"Trailer: value\r\n" * 80 if turn % 2 else b"t" * 1_300)


@attack("out-of-order-bomb")
def out_of_order(out, size, good):
    """The first byte is missing on each of many connections; everything after it comes."""
    filler = b"o" * 1_400
    ends = [client(number) for number in range(2_000)]
    at = [1_001] * len(ends)

    def each(number):
        which = number % len(ends)
        if number < len(ends):
            opened(out, ends[which], step=100)
        out.packet(packet(ends[which], SERVER, at[which], 5_000, ACK, filler, number), 100)
        at[which] += len(filler)

    return mixed(out, good, size, each)


@attack("out-of-order-crumbs")
def crumbs(out, size, good):
    """As many segments as there can be that wait, of a byte each: what counts is not their bytes."""
    ends = [client(number) for number in range(20_000)]
    at = [1_001] * len(ends)

    def each(number):
        which = number % len(ends)
        if number < len(ends):
            opened(out, ends[which], step=10)
        out.packet(packet(ends[which], SERVER, at[which], 5_000, ACK, b"c", number), 0)
        at[which] += 2

    return mixed(out, good, size, each)


@attack("one-moment")
def one_moment(out, size, good):
    """Bytes that wait and then come, again and again, while time stands still."""
    ends = [client(number) for number in range(100)]
    at = [1_000] * len(ends)

    def each(number):
        which = number % len(ends)
        if number < len(ends):
            opened(out, ends[which], step=10)
        out.packet(packet(ends[which], SERVER, at[which] + 1, 5_000, ACK, b"b", number), 0)
        out.packet(packet(ends[which], SERVER, at[which], 5_000, ACK, b"a", number), 0)
        at[which] += 2

    return mixed(out, good, size, each)


@attack("fragments-never-complete")
def fragments(out, size, good):
    body = b"f" * 1_400

    def each(number):
        source = address(0x0C000000 + number)
        offset = 0x2000 | (number % 7) * 175
        ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 1_420, number & 0xFFFF, offset, 64, 6, 0, source, SERVER[0])
        out.packet(ip + body)

    return mixed(out, good, size, each)


REQUEST = b"GET /a HTTP/1.1\r\nHost: h\r\n\r\n"


@attack("pipelined-requests")
def pipelined(out, size, good):
    """Requests without end on 2,000 connections, never answered: `size` of them, 30 in a segment."""
    ends = [client(number) for number in range(2_000)]
    at = [1_000] * len(ends)
    many = REQUEST * 30

    def each(number):
        which = number % len(ends)
        if number < len(ends):
            opened(out, ends[which])
        out.packet(packet(ends[which], SERVER, at[which], 5_000, PSH | ACK, many, number))
        at[which] = at[which] + len(many) & 0xFFFFFFFF

    return mixed(out, good, max(1, size // 30), each)


PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0\0\0\4\0\0\0\0\0"


def frame(kind, flags, number, payload):
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, number) + payload


@attack("http2-streams")
def http2_streams(out, size, good):
    """Streams that are never answered, 30 in a segment, on 2,000 connections."""
    ends = [client(number) for number in range(2_000)]
    at, opened_streams = [1_000] * len(ends), [1] * len(ends)
    path = b"\x04\x20" + b"/" + b"p" * 31

    def each(number):
        which = number % len(ends)
        piece = b""
        if number < len(ends):
            opened(out, ends[which])
            piece = PREFACE
        for _ in range(30):
            piece += frame(1, 5, opened_streams[which], b"\x82" + path)
            opened_streams[which] += 2
        out.packet(packet(ends[which], SERVER, at[which], 5_000, PSH | ACK, piece, number))
        at[which] = at[which] + len(piece) & 0xFFFFFFFF

    return mixed(out, good, max(1, size // 30), each)


@attack("http2-tables")
def http2_tables(out, size, good):
    """Each connection fills a dynamic table as large as it may be, in both directions."""
    # A table of 65,536 bytes, then entries of :path with values of 120 bytes.
    grow = b"\x3f\xe1\xff\x03"
    entries = b"".join(b"\x44\x78" + b"/%07d" % number + b"e" * 112 for number in range(430))

    def block(number):
        payload = b"\x82" + entries[:16_000]
        rest = entries[16_000:]
        frames = frame(1, 1, number, grow + payload)
        while rest:
            piece, rest = rest[:16_000], rest[16_000:]
            frames += frame(9, 0 if rest else 4, number, piece)
        return frames

    once = PREFACE + block(1)

    def each(number):
        end = client(number)
        opened(out, end)
        at = 1_000
        for start in range(0, len(once), 30_000):
            piece = once[start:start + 30_000]
            out.packet(packet(end, SERVER, at, 5_000, PSH | ACK, piece, start + 3))
            at += len(piece)

    return mixed(out, good, size, each)


@attack("tls-hellos")
def tls_hellos(out, size, good):
    """Hellos that are never complete."""
    record = b"\x16\x03\x01\x3f\x00" + b"\x01\x00\x7f\x00\x03\x03" + b"h" * (0x3F00 - 6)

    def each(number):
        end = client(number)
        opened(out, end)
        out.packet(packet(end, SERVER, 1_000, 5_000, PSH | ACK, record, 3))

    return mixed(out, good, size, each)


@attack("million-legs")
def legs(out, size, good):
    """A client and a server of its own for each connection, and an exchange on it."""
    response = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"

    def each(number):
        end, server = (address(0x0B000000 + number), 40_000), (address(0x0D000000 + number), 8080)
        opened(out, end, server)
        out.packet(packet(end, server, 1_000, 5_000, PSH | ACK, REQUEST, 3))
        out.packet(packet(server, end, 5_000, 1_000 + len(REQUEST), PSH | ACK, response, 3))
        out.packet(packet(end, server, 1_000 + len(REQUEST), 5_000 + len(response), FIN | ACK, b"", 4))

    return mixed(out, good, size, each)


@attack("clients-of-one-server")
def clients(out, size, good):
    response = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"

    def each(number):
        end = (address(0x0B000000 + number), 40_000)
        opened(out, end)
        out.packet(packet(end, SERVER, 1_000, 5_000, PSH | ACK, REQUEST, 3))
        out.packet(packet(SERVER, end, 5_000, 1_000 + len(REQUEST), PSH | ACK, response, 3))

    return mixed(out, good, size, each)


@attack("million-hosts")
def hosts(out, size, good):
    """Another Host and path in each request of a few connections."""
    ends = [client(number) for number in range(20)]
    at = [[1_000, 5_000] for _ in ends]
    response = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"

    def each(number):
        which = number % len(ends)
        if number < len(ends):
            opened(out, ends[which])
        mine, theirs = at[which]
        request = b"GET /prefix%d/%s HTTP/1.1\r\nHost: host%d.%s.example\r\n\r\n" % (number, b"p" * 300, number, b"h" * 200)
        out.packet(packet(ends[which], SERVER, mine, theirs, PSH | ACK, request, number))
        mine = mine + len(request) & 0xFFFFFFFF
        out.packet(packet(SERVER, ends[which], theirs, mine, PSH | ACK, response, number))
        at[which] = [mine, theirs + len(response) & 0xFFFFFFFF]

    return mixed(out, good, size, each)


@attack("tunnels-and-vlans")
def tunnels(out, size, good):
    """A VXLAN network of its own for each connection."""

    def each(number):
        inner = b"\2" * 12 + b"\x08\x00" + packet(client(number % 50_000), SERVER, 999, 0, SYN, identity=number)
        vxlan = struct.pack(">II", 0x08000000, (number & 0xFFFFFF) << 8) + inner
        udp = struct.pack(">HHHH", 50_000, 4_789, 8 + len(vxlan), 0) + vxlan
        ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 0, 0x4000, 64, 17, 0, address(0x0E000001), address(0x0E000002))
        out.packet(ip + udp)

    return mixed(out, good, size, each)


@attack("time-jumps")
def time_jumps(out, size, good):
    """Clocks that are set a century ahead or back for 500 packets at a time."""
    century = 3_155_760_000 * 1_000_000_000
    start = EPOCH * 1_000_000_000

    def each(number):
        end = client(number)
        if number % 500 == 0:
            wrong = number // 500 % 3
            out.jump = (0, century, 1_000_000_000 - start)[wrong]
        out.packet(packet(end, SERVER, 999, 0, SYN, identity=number))
        out.packet(packet(end, SERVER, 1_000, 5_000, PSH | ACK, REQUEST, number + 1))

    return mixed(out, good, size, each)


@attack("open-forever")
def open_forever(out, size, good):
    """Connections with an exchange that stay open."""
    response = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"

    def each(number):
        end = client(number)
        opened(out, end)
        out.packet(packet(end, SERVER, 1_000, 5_000, PSH | ACK, REQUEST, 3))
        out.packet(packet(SERVER, end, 5_000, 1_000 + len(REQUEST), PSH | ACK, response, 3))

    return mixed(out, good, size, each)


@attack("churn-forever")
def churn(out, size, good):
    """Connections of a request each, from the same ports again and again."""
    response = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"

    def each(number):
        end = client(number % 50_000)
        isn = number * 7_919
        out.packet(packet(end, SERVER, isn - 1, 0, SYN, identity=1))
        out.packet(packet(SERVER, end, 4_999, isn, SYN | ACK, identity=1))
        out.packet(packet(end, SERVER, isn, 5_000, PSH | ACK, REQUEST, 3))
        out.packet(packet(SERVER, end, 5_000, isn + len(REQUEST), PSH | ACK | FIN, response, 3))
        out.packet(packet(end, SERVER, isn + len(REQUEST), 5_001 + len(response), FIN | ACK, b"", 4))

    return mixed(out, good, size, each)


def bomb(out, size, good, packed):
    """`size` times 100 MB of packets that compress to nothing, and the innocent leg, through a compressor."""
    plain = packet(client(1), SERVER, 1_000, 5_000, ACK, b"\0" * 60_000, 3)
    into = Out(packed)
    into.header()
    for turn in range(size):
        for _ in range(1_660):
            into.packet(plain)
        good.some(into, (turn + 1) / size)
    into.flush()
    packed.close()
    return into.sent


class Through(io.RawIOBase):
    """What is written goes to the pipe, which is closed by whoever opened it."""

    def __init__(self, pipe):
        super().__init__()
        self.pipe = pipe

    def writable(self):
        return True

    def write(self, data):
        self.pipe.write(data)
        return len(data)


@attack("zip-bomb-gzip")
def gzip_bomb(out, size, good):
    return bomb(out, size, good, gzip.GzipFile(fileobj=Through(out.pipe), mode="wb", compresslevel=9))


@attack("zip-bomb-zstd")
def zstd_bomb(out, size, good):
    if not shutil.which("zstd"):
        raise SystemExit("zstd is not installed")
    # The largest window that the format's reader allows by default.
    child = subprocess.Popen(["zstd", "-q", "-3", "--zstd=wlog=27", "-"], stdin=subprocess.PIPE, stdout=out.pipe)
    sent = bomb(out, size, good, child.stdin)
    child.wait()
    return sent


def block(kind, body):
    body += b"\0" * (-len(body) % 4)
    return struct.pack("<II", kind, 12 + len(body)) + body + struct.pack("<I", 12 + len(body))


def option(code, value):
    return struct.pack("<HH", code, len(value)) + value + b"\0" * (-len(value) % 4)


def interface(link, options=b""):
    return block(1, struct.pack("<HHI", link, 0, 0) + options)


class Ng(Out):
    """A pcapng file going into a pipe."""

    def header(self, link=101):
        self.raw(block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1)) + interface(link, option(9, b"\x09")))

    def at(self, nanos, data):
        self.sent += 1
        self.raw(block(6, struct.pack("<IIIII", 0, nanos >> 32, nanos & 0xFFFFFFFF, len(data), len(data)) + data))


@attack("pcapng-interfaces")
def interfaces(out, size, good):
    """Interfaces without end, of any link type, and now and then a packet on one."""
    into = Ng(out.pipe)

    def each(number):
        into.sent += 1
        into.raw(interface(number & 0xFFFF, b""))
        if number % 100 == 0:
            data = packet(client(number), SERVER, 999, 0, SYN)
            into.raw(block(6, struct.pack("<IIIII", number, 0, number, len(data), len(data)) + data))

    return mixed(into, good, size, each)


@attack("pcapng-names")
def names(out, size, good):
    """Interfaces whose names are as long as an option can be, described again and again."""
    into = Ng(out.pipe)
    many = b"".join(interface(101, option(2, b"n" * 65_000)) for _ in range(10))
    return mixed(into, good, size, lambda number: into.raw(many))


@attack("pcapng-options")
def options(out, size, good):
    """Blocks of 16 MB full of options."""
    into = Ng(out.pipe)
    huge = block(1, struct.pack("<HHI", 101, 0, 0) + option(1, b"c" * 60_000) * 250)
    return mixed(into, good, size, lambda number: into.raw(huge))


@attack("pcapng-statistics")
def statistics(out, size, good):
    """Statistics without end of many interfaces."""
    into = Ng(out.pipe)

    def each(number):
        if number < 60_000:
            into.raw(interface(101))
        counts = option(5, struct.pack("<Q", 0)) + option(7, struct.pack("<Q", 0))
        into.raw(block(5, struct.pack("<III", number % 60_000, 0, number) + counts))

    return mixed(into, good, size, each)


@attack("noise")
def noise(out, size, good):
    """Packets of random bytes of every size, `size` thousand of them."""

    def each(number):
        for _ in range(1_000):
            out.packet(os.urandom(20 + number % 200))

    return mixed(out, good, size, each)
