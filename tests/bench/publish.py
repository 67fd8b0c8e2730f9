#!/usr/bin/env python3
"""Runs log_bench and compile_bench.sh, and puts what they print into README.md
and docs/performance.md.

  publish.py LOG_BENCH [OPTION OF LOG_BENCH]...
  publish.py --from LOG_OUTPUT COMPILE_OUTPUT     what they printed before
"""

import pathlib
import re
import subprocess
import sys

here = pathlib.Path(__file__).resolve().parent
root = here.parent.parent


def run(*command):
    return subprocess.run(command, check=True, text=True,
                          stdout=subprocess.PIPE).stdout


def measure(arguments):
    if arguments[:1] == ["--from"]:
        return [pathlib.Path(name).read_text() for name in arguments[1:3]]
    return run(*arguments), run(here / "compile_bench.sh")


def rows(table):
    return [[cell.strip() for cell in line.strip("|\n ").split("|")]
            for line in table.splitlines() if line.startswith("|")][2:]


def put(path, name, text):
    """Replaces what stands between the two marks of that name."""
    path = root / path
    pattern = re.compile(f"(<!-- {name} -->\n).*?(<!-- end -->)", re.DOTALL)
    found, count = pattern.subn(
        lambda marks: f"{marks[1]}\n{text.strip()}\n\n{marks[2]}", path.read_text())
    if count != 1:
        sys.exit(f"publish.py: {path} has no marks for {name}")
    path.write_text(found)


def machine():
    cpu = re.search(r"model name\s*: (.*)",
                    pathlib.Path("/proc/cpuinfo").read_text())
    count = run("nproc").strip()
    compiler = run("g++", "-dumpfullversion").strip()
    name = cpu[1].strip() if cpu else "unknown processor"
    return f"{count} x {name}, g++ {compiler} -O2."


def summary(logging, compiling):
    lines = ["| what | compared with spdlog 1.10 |", "| --- | --- |"]
    for row in rows(logging):
        what, wanted, ratio, times = row[0], row[1], row[2], row[4]
        if not wanted:
            continue
        other = "a bare loop" if "bare" in times else ""
        kind = "the time" if wanted.startswith("at most") else "the events/s"
        lines.append(f"| {what} | {ratio.strip('*')} x {kind}"
                     f"{f' of {other} over its C interface' if other else ''} |")
    lines.append("| allocations in a call, text and JSON files | none |")
    for row in rows(compiling):
        if "spdlog" in row[0] and ":" in row[0]:
            lines.append("| compile time of a file with one call | "
                         f"{row[2].split()[0]} x |")
    return "\n".join(lines)


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    logging, compiling = measure(sys.argv[1:])
    # The two tables of log_bench, without what else may stand there.
    tables = re.findall(r"(?:^\|.*\n)+", logging, re.MULTILINE)
    put("docs/performance.md", "log_bench", "\n".join(tables))
    put("docs/performance.md", "compile_bench",
        "\n".join(re.findall(r"^\|.*$", compiling, re.MULTILINE)))
    put("docs/performance.md", "machine", machine())
    put("README.md", "benchmark",
        summary(tables[0], compiling))


main()
