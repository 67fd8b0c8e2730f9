#!/usr/bin/env python3
"""Runs log_bench, compile_bench.sh, postgres_bench and samples_bench, and puts
what they print into README.md and docs/performance.md.

  publish.py FOLDER [OPTION OF THE BENCHMARKS]...    where the programs are
  publish.py --from LOG COMPILE POSTGRES SAMPLES ONE_CPU    what they printed
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
        return [pathlib.Path(name).read_text() for name in arguments[1:6]]
    folder, *options = arguments
    programs = pathlib.Path(folder).resolve()
    return (run(programs / "log_bench", *options),
            run(here / "compile_bench.sh"),
            run(programs / "postgres_bench", *options),
            run(programs / "samples_bench", *options),
            run(programs / "postgres_bench", "--one-cpu", *options))


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


def tables_in(output):
    return re.findall(r"(?:^\|.*\n)+", output, re.MULTILINE)


def summary(logging, compiling, postgres, samples):
    lines = ["| what | compared with spdlog 1.10 |", "| --- | --- |"]
    for row in rows(logging):
        what, wanted, ratio, times = row[0], row[1], row[2], row[4]
        if not wanted:
            continue
        other = "a bare loop" if "bare" in times else ""
        kind = "the time" if wanted.startswith("at most") else "the events/s"
        lines.append(f"| {what} | {ratio.strip('*')} x {kind}"
                     f"{f' of {other} over its C interface' if other else ''} |")
    for row in rows(postgres):
        if "of a queue" in row[0]:
            continue  # compared with ours
        lines.append(f"| PostgreSQL, {row[0]} | {row[2].strip('*')} x the "
                     "events/s of a bare loop over libpq |")
    for row in rows(samples[0]):
        what, ratio, rate = row[0], row[2].strip("*"), row[3]
        if "durable" in what:
            continue  # compared with ours
        if "pipe" in what:
            lines.append(f"| samples, {what} | {float(rate) / 1e6:.1f} million a second |")
        elif "batches of 1,000" in what:
            lines.append(f"| samples, {what} | {ratio} x the samples/s of a bare loop |")
    for row in rows(samples[1]):
        if row[0] == "samples a second":
            rate = float(row[2].strip("*")) / 1e6
            lines.append(f"| samples, Parquet with zstd | {rate:.1f} million a second |")
    lines.append("| allocations in a call, text and JSON files | none |")
    for row in rows(compiling):
        if "spdlog" in row[0] and ":" in row[0]:
            lines.append("| compile time of a file with one call | "
                         f"{row[2].split()[0]} x |")
    return "\n".join(lines)


def calls(table):
    """Of single calls: what the README shows of them, in ns."""
    lines = ["| one call, ns | by | p50 | p99 | p99.9 | p99.99 | longest |",
             "| --- | --- | --- | --- | --- | --- | --- |"]
    for what, by, p50, _, p99, p999, p9999, longest in rows(table):
        lines.append(f"| {what} | {by} | {p50} | {p99} | {p999} | {p9999} | {longest} |")
    return "\n".join(lines)


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    logging, compiling, postgres, samples, one_cpu = measure(sys.argv[1:])
    # The tables of each, without what else may stand there.
    tables = tables_in(logging)
    postgres_tables = tables_in(postgres)
    samples_tables = tables_in(samples)
    put("docs/performance.md", "log_bench", "\n".join(tables))
    put("docs/performance.md", "postgres_bench", "\n".join(postgres_tables))
    put("docs/performance.md", "postgres_bench_one_cpu", tables_in(one_cpu)[0])
    put("docs/performance.md", "samples_bench", "\n".join(samples_tables))
    put("docs/performance.md", "compile_bench",
        "\n".join(re.findall(r"^\|.*$", compiling, re.MULTILINE)))
    put("docs/performance.md", "machine", machine())
    put("README.md", "benchmark",
        summary(tables[0], compiling, postgres_tables[0], samples_tables))
    put("README.md", "calls",
        calls(next(table for table in tables if table.startswith("| one call"))))


main()
