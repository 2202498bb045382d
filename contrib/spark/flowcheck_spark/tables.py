"""The tables: their columns, and rows from flowcheck's JSON."""

from datetime import datetime, timezone

import pyarrow as pa

STAMP = pa.timestamp("us", tz="UTC")

CONNECTION = [
    ("id", pa.int64()),
    ("client", pa.string()),
    ("server", pa.string()),
    ("interface", pa.string()),
    ("vlan", pa.string()),
    ("tunnel", pa.string()),
    ("proxied_for", pa.string()),
    ("class", pa.string()),
    ("start", STAMP),
    ("end", STAMP),
    ("requests", pa.int64()),
    ("responses", pa.int64()),
    ("closer", pa.string()),
    ("close_reason", pa.string()),
    ("announced", pa.bool_()),
    ("idle_before_close_s", pa.float64()),
    ("history", pa.string()),
    ("first_frame", pa.int64()),
    ("last_frame", pa.int64()),
    ("bytes_to_server", pa.int64()),
    ("bytes_to_client", pa.int64()),
    ("role_evidence", pa.string()),
]
CAUSE = pa.struct(
    [
        ("id", pa.string()),
        ("title", pa.string()),
        ("severity", pa.string()),
        ("confidence", pa.string()),
        ("connections", pa.int64()),
        ("requests", pa.int64()),
        ("share_of_closes", pa.float64()),
    ]
)
LEG = [
    ("client", pa.string()),
    ("server", pa.string()),
    ("first", STAMP),
    ("last", STAMP),
    ("verdict", pa.string()),
    ("since", STAMP),
    ("reasons", pa.list_(pa.string())),
    ("connections", pa.int64()),
    ("opened", pa.int64()),
    ("midstream", pa.int64()),
    ("refused", pa.int64()),
    ("unanswered", pa.int64()),
    ("requests", pa.int64()),
    ("first_requests", pa.int64()),
    ("reused_requests", pa.int64()),
    ("unknown_first_requests", pa.int64()),
    ("reuse", pa.float64()),
    ("reuse_low", pa.float64()),
    ("reuse_high", pa.float64()),
    ("handshakes", pa.int64()),
    ("avoidable_handshakes", pa.int64()),
    ("closed_by_client", pa.int64()),
    ("closed_by_server", pa.int64()),
    ("resets", pa.int64()),
    ("syn_retransmitted", pa.int64()),
    ("peak_busy", pa.int64()),
    ("connect_us_p50", pa.float64()),
    ("first_byte_us_p50", pa.float64()),
    ("first_byte_us_p99", pa.float64()),
    ("keepalive", pa.int64()),
    ("causes", pa.list_(CAUSE)),
]
STEP = [
    ("t", STAMP),
    ("step_s", pa.float64()),
    ("handshakes", pa.int64()),
    ("requests", pa.int64()),
    ("reused", pa.int64()),
    ("closes", pa.int64()),
    ("resets", pa.int64()),
    ("open", pa.int64()),
    ("time_wait", pa.int64()),
]
SOURCE = [
    ("uri", pa.string()),
    ("place", pa.int64()),
    ("bytes", pa.int64()),
    ("start", STAMP),
    ("status", pa.string()),
    ("packets", pa.int64()),
    ("damaged_places", pa.int64()),
    ("at_byte", pa.int64()),
    ("within_piece", pa.int64()),
    ("problem", pa.string()),
]
TABLES = {"connections": CONNECTION, "legs": LEG, "timeline": STEP, "sources": SOURCE}

# What a task yields: a row of one of the tables, or a report.
ROW = pa.schema(
    [
        ("kind", pa.string()),
        ("point", pa.string()),
        ("period", STAMP),
        ("date", pa.date32()),
        *((name, pa.struct(columns)) for name, columns in TABLES.items()),
        ("report", pa.string()),
    ]
)


def moment(text):
    """A time as reports write it, to the microsecond."""
    if text is None:
        return None
    whole, _, fraction = text.rstrip("Z").partition(".")
    stamp = datetime.fromisoformat(whole).replace(tzinfo=timezone.utc)
    return stamp.replace(microsecond=int(fraction[:6].ljust(6, "0")) if fraction else 0)


def legs(report):
    """Rows of the legs of a report."""
    first, last = moment(report["capture"]["start"]), moment(report["capture"]["end"])
    for leg in report["legs"]:
        connections, requests, closes = leg["connections"], leg["requests"], leg["closes"]
        reuse = leg["reuse_ratio"] or {}
        percentile = lambda distribution, name: (distribution or {}).get(name)
        yield {
            "client": leg["client"],
            "server": leg["server"],
            "first": first,
            "last": last,
            "verdict": leg["verdict"]["status"],
            "since": moment(leg["verdict"]["since"]),
            "reasons": leg["verdict"]["reasons"],
            "connections": connections["total"],
            "opened": connections["opened"],
            "midstream": connections["midstream"],
            "refused": connections["refused"],
            "unanswered": connections["unanswered"],
            "requests": requests["total"],
            "first_requests": requests["first"],
            "reused_requests": requests["reused"],
            "unknown_first_requests": requests["unknown_first"],
            "reuse": reuse.get("value"),
            "reuse_low": reuse.get("low"),
            "reuse_high": reuse.get("high"),
            "handshakes": leg["handshakes"]["completed"],
            "avoidable_handshakes": leg["avoidable_handshakes"],
            "closed_by_client": closes["client"],
            "closed_by_server": closes["server"],
            "resets": closes["reset_by_client"] + closes["reset_by_server"],
            "syn_retransmitted": leg["handshakes"]["syn_retransmitted"],
            "peak_busy": leg["peak_busy"],
            "connect_us_p50": percentile(leg["handshakes"]["connect_time_us"], "p50"),
            "first_byte_us_p50": percentile(leg["first_byte_us"], "p50"),
            "first_byte_us_p99": percentile(leg["first_byte_us"], "p99"),
            "keepalive": (leg["bill"] or {}).get("keepalive"),
            "causes": [{field.name: cause[field.name] for field in CAUSE} for cause in leg["causes"]],
        }


def timeline(report):
    """Rows of the timeline of a report."""
    step = report["timeline"]["step_s"]
    for row in report["timeline"]["rows"]:
        stamp = datetime.fromtimestamp(row["t"] // 1, timezone.utc)
        stamp = stamp.replace(microsecond=min(round(row["t"] % 1 * 1e6), 999_999))
        yield row | {"t": stamp, "step_s": float(step)}
