#!/usr/bin/env python3
"""Captures of every link type and tunnel, made with Scapy from recordings in captures/, and what tshark says of them.

usage: links.py make     write the captures (needs Scapy) and truth.json (needs tshark)
       links.py check    ask tshark again, and compare with truth.json

Truth is tshark's: its own dissectors find the TCP streams, SYNs, requests and responses in what Scapy wrote.
"""
import gzip
import io
import json
import struct
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
RECORDINGS = HERE.parent.parent / 'captures'
TRUTH = HERE / 'truth.json'
# Out-of-order segments are put together, so that requests across fragments and segments are seen whole.
TSHARK = ['tshark', '-n', '-o', 'tcp.reassemble_out_of_order:TRUE', '-T', 'fields', '-E', 'occurrence=l',
          '-e', 'tcp.stream', '-e', 'tcp.flags', '-e', 'http.request', '-e', 'http.response', '-r']
CLIENT, SERVER = ('192.168.7.1', '192.168.7.2'), ('fd00:7::1', 'fd00:7::2')


def figures(file):
    """What tshark finds in a capture."""
    rows = subprocess.run([*TSHARK, file], check=True, text=True, capture_output=True).stdout.splitlines()
    rows = [row.split('\t') for row in rows]
    flags = [int(row[1], 16) for row in rows if row[1]]
    return {'packets': len(rows), 'streams': len({row[0] for row in rows if row[0]}),
            'syns': sum(1 for one in flags if one & 0x12 == 0x02),
            'requests': sum(1 for row in rows if row[2]), 'responses': sum(1 for row in rows if row[3])}


def truth():
    version = subprocess.run(['tshark', '--version'], check=True, text=True, capture_output=True).stdout.split()[2]
    return {'tshark': version, 'command': ' '.join(TSHARK) + ' FILE',
            'captures': {file.name: figures(file) for file in sorted(HERE.glob('*.pcap.gz'))}}


def check():
    """Differences between tshark's figures now and those in truth.json."""
    then, now = json.loads(TRUTH.read_text())['captures'], truth()['captures']
    return [f'{name}: {then.get(name)} in truth.json, {now.get(name)} by tshark now'
            for name in sorted(then.keys() | now.keys()) if then.get(name) != now.get(name)]


def make():
    from scapy.all import (CookedLinux, Dot11, Dot11QoS, Dot1AD, Dot1Q, Ether, GRE, IP, IPv6, LLC, PPP, PPPoE, Raw, RadioTap,
                           SNAP, UDP, VXLAN, fragment, fragment6, raw, rdpcap)
    from scapy.contrib.erspan import ERSPAN_II, ERSPAN_III
    from scapy.contrib.geneve import GENEVE
    from scapy.contrib.gtp import GTP_U_Header, GTPPDUSessionContainer
    from scapy.contrib.mpls import MPLS
    from scapy.layers.inet6 import IPv6ExtHdrFragment
    from scapy.layers.ppp import HDLC

    def recorded(name, connections):
        """IP packets of a recording's first connections, each with the time it was captured."""
        path = RECORDINGS / name
        plain = path.read_bytes()
        if path.suffix == '.zst':
            plain = subprocess.run(['zstd', '-dc', path], check=True, capture_output=True).stdout
        kept, packets = [], []
        for packet in rdpcap(io.BytesIO(plain)):
            ends = {(packet[1].src, packet.sport), (packet[1].dst, packet.dport)}
            if ends not in kept and len(kept) < connections:
                kept.append(ends)
            if ends in kept:
                inside = packet[1].__class__(raw(packet[1]))
                inside.time = packet.time
                packets.append(inside)
        return packets

    four = recorded('churn.pcap', 6) + recorded('keepalive.pcap', 2)
    six = recorded('ipv6.pcap.zst', 2)[:120]
    both = sorted(four + six, key=lambda packet: packet.time)

    def ether(packet, kind=None):
        """Ethernet of the packet's direction."""
        up = packet.dport == 8080
        ends = ('02:00:00:00:00:01', '02:00:00:00:00:02') if up else ('02:00:00:00:00:02', '02:00:00:00:00:01')
        return Ether(src=ends[0], dst=ends[1], **({'type': kind} if kind else {}))

    def way(packet):
        return 1 if packet.dport == 8080 else 0

    def under(packet, over_six=False, **fields):
        """The tunnel's own IP header."""
        ends = SERVER if over_six else CLIENT
        source, destination = ends if way(packet) else ends[::-1]
        return ether(packet) / (IPv6 if over_six else IP)(src=source, dst=destination, **fields)

    def udp(packet, port):
        return UDP(sport=49152 + packet.sport % 16384, dport=port)

    def dot11(packet):
        # To the access point with three addresses, and from it.
        return Dot11(type=2, subtype=8, FCfield='to-DS' if way(packet) else 'from-DS', addr1='02:00:00:00:00:09',
                     addr2='02:00:00:00:00:01', addr3='02:00:00:00:00:02') / Dot11QoS() / LLC(dsap=0xaa, ssap=0xaa, ctrl=3) / SNAP(OUI=0)

    def ip_kind(packet):
        return 0x0800 if packet.version == 4 else 0x86dd

    def ppp_kind(packet):
        return 0x0021 if packet.version == 4 else 0x0057

    count = [0]

    def fragments(packet):
        """Those of a packet that does not pass a link of 160 bytes."""
        count[0] += 1
        if packet.version == 6:
            parts = [packet] if len(packet) <= 160 else fragment6(
                IPv6(src=packet.src, dst=packet.dst) / IPv6ExtHdrFragment(id=count[0]) / packet.payload, 160)
        else:
            whole = packet.copy()
            whole.flags, whole.id, whole.chksum = 0, count[0] & 0xffff, None
            parts = fragment(whole, 136)
        return parts

    def write(name, link_type, packets, wrap):
        """A capture of `packets`, each as `wrap` gives it (or several in its place)."""
        capture = [struct.pack('<IHHIIII', 0xa1b2c3d4, 2, 4, 0, 0, 262144, link_type)]
        for packet in packets:
            wrapped = wrap(packet)
            for frame in map(raw, wrapped if isinstance(wrapped, list) else [wrapped]):
                second, micro = divmod(int(packet.time * 1_000_000), 1_000_000)
                capture += [struct.pack('<IIII', second, micro, len(frame), len(frame)), frame]
        # No name and no time in the compressed file: the same bytes every time.
        (HERE / f'{name}.pcap.gz').write_bytes(gzip.compress(b''.join(capture), 9, mtime=0))

    ethernet = 1
    write('vlan-qinq', ethernet, both, lambda p: ether(p) / Dot1AD(vlan=7) / Dot1Q(vlan=100) / p)
    write('mpls', ethernet, both, lambda p: ether(p, 0x8847) / MPLS(label=16 + way(p), s=0, ttl=64) / MPLS(label=100 + way(p), s=1, ttl=64) / p)
    write('pppoe', ethernet, both, lambda p: ether(p) / PPPoE(sessionid=9) / PPP(proto=ppp_kind(p)) / p)
    write('pppoe-in-vlan', ethernet, both, lambda p: ether(p) / Dot1Q(vlan=7) / PPPoE(sessionid=9) / PPP(proto=ppp_kind(p)) / p)
    write('ppp', 9, both, lambda p: HDLC() / PPP(proto=ppp_kind(p)) / p)
    write('ppp-serial', 50, both, lambda p: HDLC() / PPP(proto=ppp_kind(p)) / p)
    write('cisco-hdlc', 104, both, lambda p: Raw(bytes([0x0f, 0]) + ip_kind(p).to_bytes(2, 'big')) / p)
    write('wifi', 105, both, lambda p: dot11(p) / p)
    write('wifi-radiotap', 127, both, lambda p: RadioTap() / dot11(p) / p)
    write('linux-sll', 113, both, lambda p: CookedLinux(pkttype=4 if way(p) else 0, src=b'\x02\0\0\0\0\x01', proto=ip_kind(p)) / p)
    write('raw', 101, both, lambda p: p)
    write('snap', ethernet, both, lambda p: ether(p, len(p) + 8) / LLC(dsap=0xaa, ssap=0xaa, ctrl=3) / SNAP(OUI=0) / p)
    write('vxlan', ethernet, both, lambda p: under(p) / udp(p, 4789) / VXLAN(vni=42) / ether(p) / p)
    write('vxlan-over-ipv6', ethernet, both, lambda p: under(p, over_six=True) / udp(p, 4789) / VXLAN(vni=42) / ether(p) / Dot1Q(vlan=5) / p)
    write('geneve', ethernet, both, lambda p: under(p) / udp(p, 6081) / GENEVE(vni=77, proto=0x6558) / ether(p) / p)
    write('gre', ethernet, both, lambda p: under(p) / GRE(proto=ip_kind(p), key_present=1, key=5, chksum_present=1) / p)
    write('gre-ethernet', ethernet, both, lambda p: under(p) / GRE(proto=0x6558) / ether(p) / p)
    write('erspan-2', ethernet, both, lambda p: under(p) / GRE(proto=0x88be, seqnum_present=1, seqence_number=1) / ERSPAN_II(ver=1, session_id=100) / ether(p) / p)
    write('erspan-3', ethernet, both, lambda p: under(p) / GRE(proto=0x22eb, seqnum_present=1, seqence_number=1) / ERSPAN_III(session_id=100) / ether(p) / p)
    write('ip-in-ip', ethernet, four, lambda p: under(p, proto=4) / p)
    write('6in4', ethernet, six, lambda p: under(p, proto=41) / p)
    write('4in6', ethernet, four, lambda p: under(p, over_six=True, nh=4) / p)
    write('6in6', ethernet, six, lambda p: under(p, over_six=True, nh=41) / p)
    write('gtp-u', ethernet, both, lambda p: under(p) / udp(p, 2152) / GTP_U_Header(teid=1 + way(p), gtp_type=255) / p)
    write('gtp-u-5g', ethernet, both, lambda p: under(p) / udp(p, 2152) / GTP_U_Header(teid=1 + way(p), gtp_type=255, E=1, next_ex=0x85)
          / GTPPDUSessionContainer(type=1 - way(p), QFI=9, NextExtHdr=0) / p)
    write('ipv4-fragments', ethernet, four, lambda p: [ether(p) / one for one in fragments(p)])
    write('ipv4-fragments-reversed', ethernet, four, lambda p: [ether(p) / one for one in fragments(p)[::-1]])
    write('ipv6-fragments', ethernet, six, lambda p: [ether(p) / one for one in fragments(p)])
    write('fragments-in-gre', ethernet, four, lambda p: [under(p) / GRE(proto=0x0800) / one for one in fragments(p)])
    write('vxlan-in-fragments', ethernet, four, lambda p: [ether(p) / one for one in fragments((under(p) / udp(p, 4789) / VXLAN(vni=42) / ether(p) / p)[IP])])


def main():
    command = sys.argv[1] if len(sys.argv) == 2 else ''
    if command == 'make':
        make()
        TRUTH.write_text(json.dumps(truth(), indent=1) + '\n')
    elif command == 'check':
        differences = check()
        print('\n'.join(differences) or 'tshark says what truth.json says')
        sys.exit(bool(differences))
    else:
        sys.exit(__doc__)


if __name__ == '__main__':
    main()
