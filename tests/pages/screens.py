#!/usr/bin/env python3
"""Pictures of pages, for the documentation: screens.py --flowcheck PROGRAM FOLDER."""

import argparse
import pathlib
import shutil
import subprocess
import tempfile

from browser import Browser, find

ROOT = pathlib.Path(__file__).resolve().parents[2]

# Name, which page, width, height (None: all of it), dark, medium, from which element on.
SCREENS = [
    ("light-1400", "report", 1400, 1150, False, "", None),
    ("dark-1400", "report", 1400, 1150, True, "", None),
    ("light-400", "report", 400, 1400, False, "", None),
    ("dark-400", "report", 400, 1400, True, "", "#timeline"),
    ("causes-1400", "report", 1400, 1150, False, "", "#causes"),
    ("timeline-1400", "report", 1400, 1250, False, "", "#timeline"),
    ("connections-1400", "report", 1400, 800, True, "", "#connections"),
    ("compare-1400", "compare", 1400, 1500, False, "", None),
    ("compare-400", "compare", 400, 1400, True, "", None),
    ("merge-1400", "merge", 1400, 1000, False, "", None),
    ("print", "report", 760, 1075, False, "print", None),
]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--flowcheck", required=True)
    parser.add_argument("folder", type=pathlib.Path)
    args = parser.parse_args()
    args.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        pages = {name: f"{folder}/{name}.html" for name in ("report", "compare", "merge")}
        captures = "captures/story-pool-of-2.pcap.zst", "captures/story-right.pcap.zst"
        common = ["--utc", "--quiet", "--output", f"{folder}/text"]
        run = lambda words: subprocess.run([args.flowcheck, *words, *common], cwd=ROOT, check=True)
        run(["read", "captures/client-idle-timeout.pcap.gz", "--connections", "--html", pages["report"]])
        run(["compare", *captures, "--html", pages["compare"]])
        names = "keepalive.pcap", "story-right.pcap.zst", "story-pool-of-2.pcap.zst", "churn.pcap"
        run(["merge", *(f"node{n}=captures/{name}" for n, name in enumerate(names, 1)), "--html", pages["merge"]])
        with Browser(find()) as browser:
            for name, page, width, height, dark, medium, first in SCREENS:
                browser.open(pages[page], width=width, dark=dark, media=medium)
                top = browser.eval(f"document.querySelector({first!r}).getBoundingClientRect().top - 12") if first else 0
                path = args.folder / f"{name}.png"
                path.write_bytes(browser.screenshot(top, width, height))
                if shutil.which("pngquant"):
                    subprocess.run(["pngquant", "--force", "--speed", "1", "--strip", "--output", path, "64", path], check=True)
                print(path, path.stat().st_size)


if __name__ == "__main__":
    main()
