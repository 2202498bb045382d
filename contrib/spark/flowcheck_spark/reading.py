"""Bytes of files, wherever they lie, one after another.

Runs in executors. A local file is opened; of any other file system Hadoop's own shell writes the bytes to a pipe, with
the jars and the configuration of this Spark, so that whatever Spark can read can be read here, and nothing is held in
memory."""

import os
import subprocess
import tempfile
from contextlib import contextmanager
from urllib.parse import unquote, urlsplit
from xml.sax.saxutils import escape

PIECE = 1 << 20


def local_path(uri):
    """The path of a file: URI; None of any other."""
    parts = urlsplit(uri)
    if parts.scheme in ("", "file"):
        return unquote(parts.path) if parts.scheme else uri
    return None


@contextmanager
def opened(uri, hadoop):
    """A file-like object of the bytes of `uri`. `hadoop`: properties of the driver's Hadoop configuration; with
    `flowcheck.always` local files are read by Hadoop, too."""
    path = local_path(uri)
    if path is not None and not hadoop.get("flowcheck.always"):
        with open(path, "rb") as file:
            yield file
        return
    with configuration(hadoop) as folder:
        spark = os.environ["SPARK_HOME"]
        jars = os.pathsep.join([folder, os.environ.get("HADOOP_CONF_DIR", folder), os.path.join(spark, "jars", "*")])
        java = os.path.join(os.environ["JAVA_HOME"], "bin", "java") if "JAVA_HOME" in os.environ else "java"
        command = [java, "-Xmx128m", "-cp", jars, "org.apache.hadoop.fs.FsShell", "-cat", uri]
        errors = tempfile.TemporaryFile()
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors) as child:
            try:
                yield child.stdout
                has_ended = not child.stdout.read(1)
            except BaseException:
                child.kill()
                raise
            if not has_ended:
                # Whoever wanted the head alone has it.
                child.kill()
            elif child.wait() != 0:
                errors.seek(0)
                raise OSError(f"{uri}: {errors.read().decode(errors='replace').strip()[-300:]}")


@contextmanager
def configuration(properties):
    """A folder with a core-site.xml that nobody else may read: it may hold keys."""
    with tempfile.TemporaryDirectory(prefix="flowcheck-") as folder:
        rows = "".join(
            f"<property><name>{escape(name)}</name><value>{escape(value)}</value></property>"
            for name, value in properties.items()
        )
        with open(os.path.join(folder, "core-site.xml"), "w", opener=private) as file:
            file.write(f"<configuration>{rows}</configuration>")
        yield folder


def private(path, flags):
    return os.open(path, flags, 0o600)


def copy(uri, hadoop, write):
    """Writes all bytes of a file; returns their number. What can't be read fails the attempt, and Spark tries again: its first
    bytes could be read."""
    done = 0
    with opened(uri, hadoop) as file:
        while piece := file.read(PIECE):
            write(piece)
            done += len(piece)
    return done


def head(uri, hadoop, size):
    """The first bytes of a file."""
    with opened(uri, hadoop) as file:
        return file.read(size)
