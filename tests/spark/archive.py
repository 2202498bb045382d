"""An archive of captures for the tests: four points, six files each, in every way to store them; one is damaged, one is no
capture. Made of the repository's captures, stretched to an hour and sliced, so that connections go on from file to file."""

import gzip
import os
import struct

import pyarrow as pa

SPAN = 3_600_000_000
FILES = 6
# On the last one reuse breaks after half an hour.
POINTS = {
    "node1": ["story-right.pcap.zst"],
    "node2": ["keepalive.pcap"],
    "node3": ["story-pool-of-2.pcap.zst"],
    "node4": ["pool-of-8.pcap.gz", "story-defaults.pcap.zst"],
}
DAMAGED = ("node3", 2)


def records(path):
    """Header and records of a little-endian pcap file."""
    with open(path, "rb") as file:
        data = file.read()
    if path.endswith(".zst"):
        data = pa.CompressedInputStream(pa.BufferReader(data), "zstd").read()
    if path.endswith(".gz"):
        data = gzip.decompress(data)
    assert data[:4] == b"\xd4\xc3\xb2\xa1", path
    at, found = 24, []
    while at < len(data):
        second, micro, length, wire = struct.unpack_from("<4I", data, at)
        found.append((second * 1_000_000 + micro, wire, data[at + 16 : at + 16 + length]))
        at += 16 + length
    return data[:24], found


def stretched(captures):
    """Captures one after another, each as long as the others, an hour in all; times from 0 on."""
    part = SPAN // len(captures)
    packets = []
    for place, (_, found) in enumerate(captures):
        begin, span = found[0][0], found[-1][0] - found[0][0] + 1
        packets += [(place * part + (stamp - begin) * part // span, wire, packet) for stamp, wire, packet in found]
    return captures[0][0], packets


def at_host(packet, number):
    """The packet with other addresses: 10.77.0.x is 10.77.N.x. (Ethernet and IPv4; flowcheck does not ask for checksums.)"""
    assert packet[12:14] == b"\x08\x00" and packet[26:29] == packet[30:33] == b"\x0a\x4d\x00"
    return packet[:28] + bytes([number]) + packet[29:32] + bytes([number]) + packet[33:]


def write(folder, captures):
    """Writes the archive; returns the files of each point in order of time."""
    files = {}
    for number, (point, names) in enumerate(POINTS.items()):
        # Whole minutes, so that periods do not depend on when a capture was made; clocks of hosts differ by a second.
        base = 1_790_000_400_000_000 + number * 1_000_000
        header, packets = stretched([records(os.path.join(captures, name)) for name in names])
        slots = [bytearray(header) for _ in range(FILES)]
        for stamp, wire, packet in packets:
            data, stamp = slots[min(stamp * FILES // SPAN, FILES - 1)], base + stamp
            packet = at_host(packet, number)
            data += struct.pack("<4I", stamp // 1_000_000, stamp % 1_000_000, len(packet), wire) + packet
        for slot, data in enumerate(slots):
            data, ending = stored(bytes(data), (number + slot) % 3 if (point, slot) != DAMAGED else 0)
            if (point, slot) == DAMAGED:
                # What a killed tcpdump leaves.
                data = data[: len(data) - 40]
            path = os.path.join(folder, point, "2026-09-21", f"cap-{slot:02}.pcap{ending}")
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "wb") as file:
                file.write(data)
            files.setdefault(point, []).append(path)
    with open(os.path.join(folder, "node1", "2026-09-21", "cap-99.pcap"), "w") as file:
        file.write("scp: connection lost\n")
    return files


def stored(data, how):
    if how == 1:
        return gzip.compress(data, 1), ".gz"
    if how == 2:
        sink = pa.BufferOutputStream()
        with pa.CompressedOutputStream(sink, "zstd") as out:
            out.write(data)
        return sink.getvalue().to_pybytes(), ".zst"
    return data, ""
