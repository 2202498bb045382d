"""The job: list, look at each file's beginning, analyse, write the tables, merge the reports.

Runs in the driver, but for what it hands to executors."""

import json
import os
import subprocess
import tempfile
import uuid
from datetime import datetime, timezone

from pyspark import SparkFiles
from pyspark.sql import functions as F
from pyspark.sql.pandas.types import from_arrow_schema

from . import analysis, archive, tables

TASK = "point string, period timestamp, files string"


def binary_of(path, is_shipped):
    """Says in an executor where the program is."""
    name = os.path.basename(path)
    return (lambda: SparkFiles.get(name)) if is_shipped else (lambda: path)


def hadoop_properties(spark):
    """What this session was told about file systems, for executors."""
    prefix = "spark.hadoop."
    return {name[len(prefix) :]: value for name, value in spark.sparkContext.getConf().getAll() if name.startswith(prefix)}


def look(spark, files, settings):
    """When each file begins, by flowcheck's own reading of its head; sorted by point and time."""
    rows = [vars(file) for file in files]
    slices = min(len(rows), 4 * max(1, spark.sparkContext.defaultParallelism))

    def heads(part):
        for row in part:
            start, problem = analysis.first_packet(row, settings)
            yield row | {"start": start, "problem": problem}

    found = spark.sparkContext.parallelize(rows, slices).mapPartitions(heads).collect()
    return sorted(found, key=lambda row: (row["point"], row["start"] or "", row["uri"]))


def plan(found, period):
    """Tasks: all files of a point, or those of a point that begin in the same period (in seconds)."""
    tasks = {}
    for row in found:
        begin = None
        if period and row["start"]:
            second = int(tables.moment(row["start"]).timestamp()) // period * period
            begin = datetime.fromtimestamp(second, timezone.utc)
        tasks.setdefault((row["point"], begin), []).append(row)
    # The longest first: whoever waits for the last one waits less.
    order = sorted(tasks.items(), key=lambda item: -sum(row["bytes"] for row in item[1]))
    return [(point, begin, json.dumps(rows)) for (point, begin), rows in order]


def run(spark, options):
    """Runs the job; returns the paths of what it wrote."""
    if options.ship:
        spark.sparkContext.addFile(options.flowcheck)
    hadoop = hadoop_properties(spark)
    if options.hadoop_always:
        hadoop["flowcheck.always"] = "true"
    settings = {
        "binary": binary_of(options.flowcheck, options.ship),
        "arguments": options.arguments,
        "hadoop": hadoop,
    }
    files = archive.list_files(spark, options.pattern, options.dates)
    tasks = plan(look(spark, files, settings), options.period)
    staging = f"{options.output.rstrip('/')}/_staging/{uuid.uuid4().hex}"
    try:
        analyse(spark, tasks, settings, staging)
        write_tables(spark, staging, options.output)
        return merge(spark, staging, options)
    finally:
        remove(spark, staging)


def analyse(spark, tasks, settings, staging):
    """Every task's rows, once each: what Spark commits of its attempts is the first that is complete."""

    def attempt(batches):
        for batch in batches:
            for task in batch.to_pylist():
                yield from analysis.analyse(task, settings)

    rows = spark.sparkContext.parallelize(tasks, len(tasks))
    rows = spark.createDataFrame(rows, TASK).mapInArrow(attempt, from_arrow_schema(tables.ROW))
    rows.write.partitionBy("kind").parquet(staging)


def write_tables(spark, staging, output):
    """The tables, by date and capture point. Of a date and point that were there already all rows are replaced."""
    for table, columns in tables.TABLES.items():
        rows = staged(spark, staging, table)
        keys = [F.col("period"), F.col("date"), F.col("point")]
        rows = rows.select(*(F.col(f"{table}.{name}").alias(name) for name, _ in columns), *keys)
        writer = rows.write.mode("overwrite").option("partitionOverwriteMode", "dynamic")
        writer.partitionBy("date", "point").parquet(f"{output.rstrip('/')}/{table}")


def staged(spark, staging, kind):
    """Rows of one kind."""
    schema = from_arrow_schema(tables.ROW)
    return spark.read.schema(schema).parquet(staging).where(F.col("kind") == kind)


def merge(spark, staging, options):
    """One report of all, by `flowcheck merge`; None where there is none to merge."""
    with tempfile.TemporaryDirectory(prefix="flowcheck-") as folder:
        named = []
        reports = staged(spark, staging, "report").select("point", "period", "report")
        rows = sorted(reports.collect(), key=lambda row: (row.point, row.period or datetime.min))
        for number, row in enumerate(rows):
            path = os.path.join(folder, f"{number}.json")
            with open(path, "w") as file:
                file.write(row.report)
            named.append(f"{row.point}={path}")
        if not named:
            return None
        merged = os.path.join(folder, "merged.json")
        subprocess.run([options.flowcheck, "merge", "--json", "-o", merged, *named], check=True)
        return upload(spark, merged, f"{options.output.rstrip('/')}/report.json")


def upload(spark, local, uri):
    """Copies a file of the driver to where the tables are."""
    java = spark.sparkContext._jvm
    path = java.org.apache.hadoop.fs.Path(uri)
    system = path.getFileSystem(spark.sparkContext._jsc.hadoopConfiguration())
    system.copyFromLocalFile(False, True, java.org.apache.hadoop.fs.Path("file://" + local), path)
    return uri


def remove(spark, uri):
    """Removes a folder, and the one it is in if that is empty then."""
    java = spark.sparkContext._jvm
    path = java.org.apache.hadoop.fs.Path(uri)
    system = path.getFileSystem(spark.sparkContext._jsc.hadoopConfiguration())
    system.delete(path, True)
    if system.exists(path.getParent()) and not system.listStatus(path.getParent()):
        system.delete(path.getParent(), True)
