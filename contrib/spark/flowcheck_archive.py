#!/usr/bin/env python3
"""flowcheck over an archive of captures, on Apache Spark. README.md beside this file says how."""

import argparse
import os
import re
import shutil
import sys
import tempfile

from pyspark.sql import SparkSession

HERE = os.path.dirname(os.path.abspath(__file__))
SPANS = {"m": 60, "h": 3_600, "d": 86_400}


def span(text):
    found = re.fullmatch(r"([1-9]\d*)([mhd])", text)
    if not found:
        raise argparse.ArgumentTypeError(f"{text!r} is no span; write minutes, hours or days: 30m, 1h, 1d")
    return int(found[1]) * SPANS[found[2]]


def dates(text):
    first, _, last = text.partition("..")
    if not first:
        raise argparse.ArgumentTypeError(f"{text!r} is no range of dates; write FIRST..LAST as {{date}} is written")
    return first, last or first


def program(text):
    found = shutil.which(text)
    if not found:
        raise argparse.ArgumentTypeError(f"{text!r} can't be run here; name the flowcheck binary")
    return os.path.abspath(found)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pattern", help="files, with {point} and {date}: hdfs:///captures/{point}/{date}/*.pcap*")
    parser.add_argument("output", help="a folder for the tables and the merged report, of any file system of Hadoop's")
    parser.add_argument("--period", type=span, help="a task for each point and period (30m, 1h, 1d) instead of each point")
    parser.add_argument("--dates", type=dates, metavar="FIRST..LAST", help="only files whose {date} is one of these")
    parser.add_argument("--flowcheck", type=program, default="flowcheck", help="the binary; it is sent to the executors")
    parser.add_argument("--installed", dest="ship", action="store_false", help="it is installed there, at the same path")
    parser.add_argument("--hadoop-always", action="store_true", help="read local files through Hadoop, too")
    parser.add_argument("arguments", nargs="*", metavar="ARGUMENT", help="behind --: more for `flowcheck read`, as a filter")
    return parser.parse_args()


def main():
    options = arguments()
    sys.path.insert(0, HERE)
    from flowcheck_spark import archive, job

    builder = SparkSession.builder.appName("flowcheck").config("spark.sql.session.timeZone", "UTC")
    # Times in UTC that every reader knows, not Spark's own old way.
    builder = builder.config("spark.sql.parquet.outputTimestampType", "TIMESTAMP_MICROS")
    spark = builder.getOrCreate()
    with tempfile.TemporaryDirectory() as folder:
        if os.path.isdir(os.path.join(HERE, "flowcheck_spark")):
            # Executors fetch it when they need it. In cluster mode it comes by --py-files.
            packed = shutil.make_archive(os.path.join(folder, "flowcheck_spark"), "zip", HERE, "flowcheck_spark")
            spark.sparkContext.addPyFile(packed)
        try:
            report = job.run(spark, options)
        except archive.PatternError as error:
            sys.exit(f"flowcheck_archive: {error}")
        finally:
            spark.stop()
    print(f"tables in {options.output}" + (f", merged report {report}" if report else ", no report: no file could be read"))


if __name__ == "__main__":
    main()
