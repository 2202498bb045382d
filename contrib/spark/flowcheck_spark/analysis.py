"""One task: the files of one capture point (or of one period of it), through one flowcheck, into rows.

Runs in executors. The files go to its standard input one after another; connections come out as lines while it reads,
and everything else with its report at the end. Nothing is written anywhere but what Spark commits: an attempt that
fails, or that another one overtakes, leaves nothing behind."""

import bisect
import io
import json
import os
import subprocess
import tempfile
import threading
from datetime import datetime, timezone

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json

from . import reading, tables

LINES = 4 << 20
HEAD = 256 << 10
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


def first_packet(file, settings):
    """When a file begins, as flowcheck reads it; or what is wrong with it."""
    try:
        start = reading.head(file["uri"], settings["hadoop"], HEAD)
    except OSError as error:
        return None, f"cannot read: {error}"
    command = [settings["binary"](), "read", "-", "-c", "1", "--json", "--quiet"]
    run = subprocess.run(command, input=start, capture_output=True)
    if run.returncode < 0:
        raise RuntimeError(f"flowcheck was ended by signal {-run.returncode}")
    if run.returncode != 0:
        said = run.stderr.decode(errors="replace").strip().removeprefix("flowcheck: ")
        return None, said.replace("standard input", file["uri"], 1)
    start = json.loads(run.stdout)["capture"]["start"]
    return (start, None) if start else (None, "no packet in it")


class Feeding(threading.Thread):
    """Writes the files to a pipe, and remembers where in the stream each begins."""

    def __init__(self, files, hadoop, pipe):
        super().__init__(daemon=True)
        self.files, self.hadoop, self.pipe = files, hadoop, pipe
        self.starts, self.failure = [], None

    def run(self):
        at = 0
        try:
            for file in self.files:
                self.starts.append(at)
                at += reading.copy(file["uri"], self.hadoop, self.pipe.write)
        except BrokenPipeError:
            pass
        except Exception as error:
            self.failure = error
        finally:
            # flowcheck ends when nothing more comes, whatever went wrong here.
            try:
                self.pipe.close()
            except BrokenPipeError:
                pass

    def place(self, offset):
        """Which file holds this byte of the stream, and where in it the byte is."""
        number = bisect.bisect_right(self.starts, offset) - 1
        return number, offset - self.starts[number]


def analyse(task, settings):
    """Yields batches of rows."""
    files = json.loads(task["files"])
    sound = [file for file in files if file["problem"] is None]
    key = {"point": task["point"], "period": task["period"]}
    # What a file has of the day after the last one that is read belongs to that one: a run replaces whole dates.
    starts = [tables.moment(file["start"]).date() for file in sound]
    days = (min(starts), max(starts)) if starts else None
    if not sound:
        yield from rows("sources", key, key["period"] or EPOCH, sources(files, [], None, None))
        return
    with tempfile.TemporaryDirectory(prefix="flowcheck-") as folder:
        saved, said = os.path.join(folder, "report.json"), os.path.join(folder, "stderr")
        command = [settings["binary"](), "read", "-", "--format", "ndjson", "--report", saved, "--quiet"]
        with open(said, "wb") as stderr:
            child = subprocess.Popen(
                command + settings["arguments"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=stderr
            )
        feeding = Feeding(sound, settings["hadoop"], child.stdin)
        feeding.start()
        try:
            for lines in whole_lines(child.stdout):
                yield connections(lines, key, days)
            code = child.wait()
        finally:
            # Also when Spark wants no more of an attempt that another one has overtaken.
            child.kill()
            child.wait()
        feeding.join()
        if feeding.failure:
            raise feeding.failure
        if code != 0:
            with open(said, errors="replace") as file:
                raise RuntimeError(f"flowcheck ended with {code} on {task['point']}: {file.read()[-2000:].strip()}")
        with open(saved) as file:
            text = file.read()
        report = json.loads(text)
        begin = tables.moment(report["capture"]["start"]) or key["period"] or EPOCH
        yield from rows("legs", key, begin, tables.legs(report))
        yield from steps(key, report, days)
        yield from rows("sources", key, begin, sources(files, sound, feeding, report))
        yield batch({"kind": ["report"], "date": [begin.date()], "report": [text]}, key)


def whole_lines(stream):
    """Pieces of a stream that end where lines do."""
    rest = b""
    while piece := stream.read(LINES):
        cut = piece.rfind(b"\n") + 1
        if cut:
            yield rest + piece[:cut]
            rest = piece[cut:]
        else:
            rest += piece
    if rest:
        yield rest


def connections(lines, key, days):
    """Lines of connections as rows, dated by when each began, within the days that are read."""
    stamps = {name for name, kind in tables.CONNECTION if kind == tables.STAMP}
    typed = [(name, pa.float64() if name in stamps else kind) for name, kind in tables.CONNECTION if name != "vlan"]
    options = pyarrow.json.ParseOptions(explicit_schema=pa.schema(typed), unexpected_field_behavior="infer")
    table = pyarrow.json.read_json(io.BytesIO(lines), pyarrow.json.ReadOptions(block_size=2 * len(lines)), options)
    columns = {}
    for name, kind in tables.CONNECTION:
        column = table[name].combine_chunks()
        if name in stamps:
            column = pc.cast(pc.round(pc.multiply(column, 1e6)), pa.int64())
            column = pc.cast(column, tables.STAMP)
        columns[name] = pc.cast(column, kind)
    dates = pc.cast(columns["start"], pa.date32())
    first, last = (pa.scalar(day, pa.date32()) for day in days)
    dates = pc.min_element_wise(pc.max_element_wise(dates, first), last)
    row = pa.StructArray.from_arrays(list(columns.values()), names=list(columns))
    return batch({"kind": ["connections"] * len(row), "date": dates, "connections": row}, key)


def rows(kind, key, begin, values):
    """Rows of a table that are dated by the beginning of what they are of."""
    values = list(values)
    if values:
        yield batch({"kind": [kind] * len(values), "date": [begin.date()] * len(values), kind: values}, key)


def steps(key, report, days):
    """Rows of the timeline, each on its own date, within the days that are read."""
    values = list(tables.timeline(report))
    if values:
        dates = [min(max(value["t"].date(), days[0]), days[1]) for value in values]
        yield batch({"kind": ["timeline"] * len(values), "date": dates, "timeline": values}, key)


def batch(columns, key):
    """Rows with what all rows have; a column that is not named is empty."""
    count = len(columns["kind"])
    columns = columns | {name: [value] * count for name, value in key.items()}
    arrays = []
    for field in tables.ROW:
        column = columns.get(field.name)
        if column is None:
            arrays.append(pa.nulls(count, field.type))
        elif isinstance(column, pa.Array):
            arrays.append(column.cast(field.type))
        else:
            arrays.append(pa.array(column, field.type))
    return pa.RecordBatch.from_arrays(arrays, schema=tables.ROW)


def sources(files, sound, feeding, report):
    """What became of each file: `read`, `damaged` (the first place, in the file's own bytes), or `skipped`."""
    damaged, packets = {}, {}
    if report:
        source = report["capture"]["sources"][0]
        captures = source.get("captures") or [{"stored_at_byte": 0, "packets": source["packets"]}]
        for capture in captures:
            number, _ = feeding.place(capture["stored_at_byte"])
            packets[number] = packets.get(number, 0) + capture["packets"]
        for damage in source.get("damage", []):
            number, at = feeding.place(damage["stored_at_byte"])
            damaged.setdefault(number, []).append((at, damage["within_piece"], damage["what"]))
    number = -1
    for place, file in enumerate(files):
        row = {"uri": file["uri"], "place": place, "bytes": file["bytes"], "start": tables.moment(file["start"])}
        if file["problem"] is not None:
            yield row | {"status": "skipped", "packets": 0, "damaged_places": 0, "problem": file["problem"]}
            continue
        number += 1
        places = damaged.get(number, [])
        row |= {"status": "read", "packets": packets.get(number, 0), "damaged_places": len(places)}
        if places:
            at, within, what = places[0]
            row |= {"status": "damaged", "at_byte": at, "within_piece": within, "problem": what}
        yield row
