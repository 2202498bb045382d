#!/usr/bin/env python3
"""contrib/spark on a real Spark: tables and merged report against flowcheck itself, with a task and an executor killed.

Needs the packages of contrib/spark/requirements.txt and DuckDB, and Java 17; `make spark` brings them."""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

import duckdb
import pyspark

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
JOB = os.path.join(ROOT, "contrib", "spark", "flowcheck_archive.py")
SQL = os.path.join(ROOT, "contrib", "spark", "sql")
sys.path[:0] = [HERE, os.path.join(ROOT, "contrib", "spark")]

import archive  # noqa: E402
from flowcheck_spark import tables  # noqa: E402

SPARK_HOME = os.path.dirname(pyspark.__file__)


def submit(folder, master, flowcheck, words, **environment):
    """Runs the job as its README says."""
    begin = time.monotonic()
    command = [os.path.join(SPARK_HOME, "bin", "spark-submit"), "--master", master]
    command += ["--conf", "spark.ui.enabled=false", "--conf", "spark.sql.shuffle.partitions=4"]
    command += ["--conf", "spark.executorEnv.FLAKY=" + environment.get("FLAKY", "")]
    command += ["--conf", "spark.executorEnv.FLOWCHECK=" + environment.get("FLOWCHECK", "")]
    environment |= {"SPARK_HOME": SPARK_HOME, "PYSPARK_PYTHON": sys.executable}
    run = subprocess.run(
        [*command, JOB, *words, "--flowcheck", flowcheck],
        cwd=folder,
        env=os.environ | environment,
        capture_output=True,
        text=True,
    )
    if run.returncode != 0:
        sys.exit(f"{master} {words}: {run.returncode}\n{run.stdout[-2000:]}\n{run.stderr[-6000:]}")
    print(f"{master}: {time.monotonic() - begin:.0f} s: {run.stdout.strip().splitlines()[-1]}", flush=True)
    return run


def rows(database, query):
    cursor = database.execute(query)
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row)) for row in cursor.fetchall()]


def tables_of(folder):
    """The tables as DuckDB sees them on one node."""
    database = duckdb.connect()
    database.execute("SET TimeZone = 'UTC'")
    for table in tables.TABLES:
        files = os.path.join(folder, table, "*", "*", "*.parquet")
        database.execute(f"CREATE VIEW {table} AS SELECT * FROM read_parquet('{files}', hive_partitioning = true)")
    return database


def read(flowcheck, words, files):
    """flowcheck over files as one stream: rows and report."""
    with tempfile.NamedTemporaryFile() as saved:
        cat = subprocess.Popen(["cat", *files], stdout=subprocess.PIPE)
        command = [flowcheck, "read", "-", "--quiet", "--format", "ndjson", "--report", saved.name, *words]
        lines = subprocess.run(command, stdin=cat.stdout, stdout=subprocess.PIPE, check=True).stdout
        cat.stdout.close()
        assert cat.wait() == 0
        return [json.loads(line) for line in lines.splitlines()], json.load(saved)


def same(what, found, expected):
    if found != expected:
        for one, two in zip(found, expected):
            if one != two:
                sys.exit(f"{what}: found\n{one}\nexpected\n{two}")
        sys.exit(f"{what}: {len(found)} found, {len(expected)} expected")
    print(f"  {what}: {len(expected) if hasattr(expected, '__len__') else expected} the same", flush=True)


def ordered(values):
    return sorted(values, key=lambda value: json.dumps(value, sort_keys=True, default=str))


def check_point(database, point, connections, report):
    """Every row of a point, each column."""
    for row in connections:
        for late in ("generation", "cause"):
            assert row.pop(late) is None
        row["vlan"] = None if row["vlan"] is None else str(row["vlan"])
    stamps = {name for name, kind in tables.CONNECTION if kind == tables.STAMP}
    columns = ", ".join(
        f'epoch_us("{name}") AS "{name}"' if name in stamps else f'"{name}"' for name, _ in tables.CONNECTION
    )
    found = rows(database, f"SELECT {columns} FROM connections WHERE point = '{point}'")
    expected = [
        {name: round(row[name] * 1e6) if name in stamps else row[name] for name, _ in tables.CONNECTION}
        for row in connections
    ]
    same(f"{point}, connections", ordered(found), ordered(expected))
    for table, values in (("legs", tables.legs(report)), ("timeline", tables.timeline(report))):
        names = [name for name, _ in tables.TABLES[table]]
        columns = ", ".join(f'"{name}"' for name in names)
        found = rows(database, f"SELECT {columns} FROM {table} WHERE point = '{point}'")
        same(f"{point}, {table}", ordered(found), ordered({name: value[name] for name in names} for value in values))


def exact(flowcheck, folder, files, output):
    """One task a point: all that flowcheck says of the point's files, and no more, whatever was killed."""
    flaky = os.path.join(folder, "flaky")
    os.makedirs(flaky)
    shipped = os.path.join(folder, "flowcheck")
    shutil.copy(os.path.join(HERE, "flaky"), shipped)
    pattern = os.path.join(folder, "archive", "{point}", "{date}", "*.pcap*")
    submit(folder, "local-cluster[2,1,1024]", shipped, [pattern, output], FLAKY=flaky, FLOWCHECK=flowcheck)
    assert sorted(os.listdir(flaky)) == ["executor", "killed"], "a task and an executor were to be killed"
    database = tables_of(output)
    assert not os.path.exists(os.path.join(output, "_staging"))
    named = []
    for point, paths in files.items():
        connections, report = read(flowcheck, [], paths)
        check_point(database, point, connections, report)
        name = os.path.join(folder, point + ".json")
        with open(name, "w") as file:
            json.dump(report, file)
        named.append(f"{point}={name}")
    merge = subprocess.run([flowcheck, "merge", "--json", "--quiet", *named], capture_output=True, check=True)
    with open(os.path.join(output, "report.json")) as file:
        same("merged report", json.load(file), json.loads(merge.stdout))
    check_sources(database, files)
    return database, json.loads(merge.stdout)


def check_sources(database, files):
    """Files and what is wrong with them."""
    found = {row["uri"].removeprefix("file:"): row for row in rows(database, "SELECT * FROM sources")}
    assert len(found) == sum(map(len, files.values())) + 1
    damaged = files[archive.DAMAGED[0]][archive.DAMAGED[1]]
    for path, row in found.items():
        if path.endswith("cap-99.pcap"):
            assert row["status"] == "skipped" and "no capture" in row["problem"], row
        elif path == damaged:
            assert row["status"] == "damaged" and "cut short" in row["problem"], row
            # The last packet begins where nothing whole is left.
            assert 0 < os.path.getsize(path) - row["at_byte"] < 2_000, row
        else:
            assert row["status"] == "read" and row["packets"] > 0 and row["problem"] is None, row
    print(f"  sources: {len(found)}, one damaged at byte {found[damaged]['at_byte']}, one skipped", flush=True)


def periods(flowcheck, folder, merged, output):
    """A task a point and period: connections are cut at the edges, and the bounds hold what is exact."""
    pattern = os.path.join(folder, "archive", "{point}", "{date}", "*.pcap*")
    submit(folder, "local[2]", flowcheck, [pattern, output, "--period", "10m", "--dates", "2026-09-21..2026-09-21"])
    database = tables_of(output)
    tasks = rows(database, "SELECT DISTINCT point, period FROM legs")
    assert len(tasks) >= 4 * 5, tasks
    assert rows(database, "SELECT sum(midstream) AS n FROM legs")[0]["n"] > 0
    with open(os.path.join(output, "report.json")) as file:
        cut = json.load(file)
    within = 0
    legs = {(leg["client"], leg["server"]): leg for leg in cut["legs"]}
    for exact in [merged["totals"], *merged["legs"]]:
        found = cut["totals"] if exact is merged["totals"] else legs[exact["client"], exact["server"]]
        assert found["requests"]["total"] == exact["requests"]["total"], (found["requests"], exact["requests"])
        bounds, ratio = found["reuse_ratio"], exact["reuse_ratio"]["value"]
        assert bounds["low"] <= ratio <= bounds["high"], (exact.get("client"), bounds, ratio)
        within += 1
    print(f"  periods: {len(tasks)} tasks, reuse of {within} exact figures within the bounds", flush=True)


def examples(database, output):
    """The examples of SQL say the same in Spark and in DuckDB, and name the host that is wrong."""
    from pyspark.sql import SparkSession

    os.environ["PYSPARK_PYTHON"] = sys.executable
    builder = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false")
    spark = builder.config("spark.sql.session.timeZone", "UTC").getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    for table in tables.TABLES:
        spark.read.parquet(os.path.join(output, table)).createOrReplaceTempView(table)
    for name in sorted(os.listdir(SQL)):
        with open(os.path.join(SQL, name)) as file:
            query = file.read()
        in_spark = [{key: plain(value) for key, value in row.asDict().items()} for row in spark.sql(query).collect()]
        in_duckdb = [{key: plain(value) for key, value in row.items()} for row in rows(database, query)]
        same(name, in_spark, in_duckdb)
        assert in_spark and in_spark[0]["point"] == "node4", in_spark
        if name == "reuse_broke.sql":
            assert [row["minute"] for row in in_spark] == ["2026-09-21T14:50:00"], in_spark
    spark.stop()


def plain(value):
    """A value without what the two call its type."""
    if hasattr(value, "isoformat"):
        return value.replace(tzinfo=None).isoformat()
    if value is None or isinstance(value, (str, int)):
        return value
    return round(float(value), 9)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--flowcheck", required=True)
    flowcheck = os.path.abspath(parser.parse_args().flowcheck)
    with tempfile.TemporaryDirectory(prefix="flowcheck-spark-") as folder:
        files = archive.write(os.path.join(folder, "archive"), os.path.join(ROOT, "captures"))
        database, merged = exact(flowcheck, folder, files, os.path.join(folder, "exact"))
        periods(flowcheck, folder, merged, os.path.join(folder, "periods"))
        examples(database, os.path.join(folder, "exact"))
    print("spark: all the same")


if __name__ == "__main__":
    main()
