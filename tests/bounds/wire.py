"""Packets as bytes, a capture on its way into a pipe, and a leg that does nothing wrong."""

import struct

# 2026-01-01
EPOCH = 1_767_225_600
FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16
RAW = 101
pack_record = struct.Struct("<IIII").pack
pack_ip = struct.Struct(">BBHHHBBH4s4s").pack
pack_tcp = struct.Struct(">HHIIBBHHH").pack


def address(number):
    return struct.pack(">I", number & 0xFFFFFFFF)


def packet(source, destination, sequence, ack, flags, payload=b"", identity=0):
    """An IPv4 packet of (address, port) to (address, port); checksums are left out, as by a card that makes them."""
    ip = pack_ip(0x45, 0, 40 + len(payload), identity & 0xFFFF, 0x4000, 64, 6, 0, source[0], destination[0])
    tcp = pack_tcp(source[1], destination[1], sequence & 0xFFFFFFFF, ack & 0xFFFFFFFF, 0x50, flags, 0xFFFF, 0, 0)
    return ip + tcp + payload


class Out:
    """A pcap file going into a pipe."""

    def __init__(self, pipe):
        self.pipe = pipe
        self.pieces = []
        self.held = 0
        self.sent = 0
        self.nanos = EPOCH * 1_000_000_000
        # By how much the clock is wrong.
        self.jump = 0

    def raw(self, data):
        self.pieces.append(data)
        self.held += len(data)
        if self.held > 1 << 20:
            self.flush()

    def flush(self):
        try:
            self.pipe.write(b"".join(self.pieces))
            self.pipe.flush()
        except BrokenPipeError:
            pass
        self.pieces.clear()
        self.held = 0

    def header(self, link=RAW):
        self.raw(struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 262144, link))

    def packet(self, data, step=1_000):
        """A packet `step` nanoseconds after the one before."""
        self.nanos += step
        self.at(self.nanos + self.jump, data)

    def at(self, nanos, data):
        seconds, fraction = divmod(nanos, 1_000_000_000)
        self.sent += 1
        self.raw(pack_record(seconds & 0xFFFFFFFF, fraction, len(data), len(data)) + data)


class Good:
    """Connections of one client that are kept alive, and closed by it at the end."""

    client_name, server_name = "10.9.9.9", "10.9.9.1:8080"

    def __init__(self, connections, requests):
        self.connections, self.requests = connections, requests
        self.packets = list(self.make())
        self.next = 0

    def make(self):
        client = bytes([10, 9, 9, 9])
        server = (bytes([10, 9, 9, 1]), 8080)
        request = b"GET /app/page HTTP/1.1\r\nHost: shop\r\n\r\n"
        response = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n" + b"x" * 100
        ends = [(client, 40_000 + number) for number in range(self.connections)]
        state = [[1_000_000 * number + 1, 2_000_000 * number + 1] for number in range(self.connections)]
        for end, (mine, theirs) in zip(ends, state):
            yield packet(end, server, mine - 1, 0, SYN, identity=1)
            yield packet(server, end, theirs - 1, mine, SYN | ACK, identity=1)
            yield packet(end, server, mine, theirs, ACK, identity=2)
        for turn in range(self.requests):
            for number, end in enumerate(ends):
                mine, theirs = state[number]
                yield packet(end, server, mine, theirs, PSH | ACK, request, turn * 2 + 3)
                mine += len(request)
                yield packet(server, end, theirs, mine, PSH | ACK, response, turn * 2 + 3)
                state[number] = [mine, theirs + len(response)]
        for number, end in enumerate(ends):
            mine, theirs = state[number]
            yield packet(end, server, mine, theirs, FIN | ACK, identity=9_001)
            yield packet(server, end, theirs, mine + 1, FIN | ACK, identity=9_001)
            yield packet(end, server, mine + 1, theirs + 1, ACK, identity=9_002)

    def some(self, out, share):
        """Sends what is due once this share of the attack is over."""
        due = int(len(self.packets) * share)
        while self.next < due:
            out.packet(self.packets[self.next], 50_000)
            self.next += 1

    def figures(self):
        requests = self.connections * self.requests
        return {
            "requests": requests, "first": self.connections, "responses": requests, "opened": self.connections,
            "established": self.connections, "persistent": self.connections, "by client": self.connections, "verdict": "pass",
        }
