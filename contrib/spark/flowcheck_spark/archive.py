"""Which files there are: a pattern such as hdfs:///captures/{point}/{date}/*.pcap*, as Hadoop's file systems list it.

Runs in the driver. `{point}` and `{date}` stand for one folder, or a part of a name; everything else is a glob."""

import re
from dataclasses import dataclass

NAMES = ("point", "date")


class PatternError(ValueError):
    """A pattern that can't be used, and what to write instead."""


@dataclass(frozen=True)
class CaptureFile:
    """A file of an archive."""

    point: str
    date: str | None
    uri: str
    bytes: int


def glob_of(pattern):
    """The pattern as Hadoop understands it."""
    return re.sub(r"\{(%s)\}" % "|".join(NAMES), "*", pattern)


def regex_of(pattern):
    """The pattern as an expression that tells point and date; only its path counts, whatever the file system is."""
    path = re.sub(r"^[a-zA-Z][a-zA-Z0-9+.-]*:(//[^/]*)?", "", pattern)
    parts, seen = [], set()
    for token in re.findall(r"\{[^}]*\}|\*|\?|[^{*?]+|\{", path):
        name = token[1:-1]
        if token == "*":
            parts.append("[^/]*")
        elif token == "?":
            parts.append("[^/]")
        elif name in NAMES:
            parts.append("(?P=%s)" % name if name in seen else "(?P<%s>[^/]+?)" % name)
            seen.add(name)
        elif token.startswith("{") and token.endswith("}"):
            parts.append("(?:%s)" % "|".join(re.escape(word) for word in name.split(",")))
        else:
            parts.append(re.escape(token))
    if "point" not in seen:
        raise PatternError(
            f"{pattern}: no {{point}} in it; write it where the capture point's name stands: /captures/{{point}}/*.pcap*"
        )
    return re.compile("".join(parts) + "$")


def parse(pattern, uri, size):
    """The file with this URI, or None if its name does not fit."""
    path = re.sub(r"^[a-zA-Z][a-zA-Z0-9+.-]*:(//[^/]*)?", "", uri)
    found = regex_of(pattern).search(path)
    if not found:
        return None
    names = found.groupdict()
    return CaptureFile(names["point"], names.get("date"), uri, size)


def list_files(spark, pattern, dates=None):
    """All files of a pattern, those of some dates alone if `dates` is their first and last; sorted by point and name."""
    regex_of(pattern)
    java = spark.sparkContext._jvm
    path = java.org.apache.hadoop.fs.Path(glob_of(pattern))
    system = path.getFileSystem(spark.sparkContext._jsc.hadoopConfiguration())
    files = []
    for status in system.globStatus(path) or []:
        file = status.isFile() and parse(pattern, status.getPath().toString(), status.getLen())
        if file and (dates is None or (file.date is not None and dates[0] <= file.date <= dates[1])):
            files.append(file)
    if not files:
        raise PatternError(f"{pattern}: no file fits; look at it with `hadoop fs -ls '{glob_of(pattern)}'`")
    return sorted(files, key=lambda file: (file.point, file.uri))
