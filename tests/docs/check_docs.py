#!/usr/bin/env python3
"""Checks that the documents tell the truth, as far as a program can:

  - every ```cpp block stands in a source of examples/ or tests/, or in a public
    header, white space aside;
  - a block after <!-- file PATH --> is that file;
  - a block after <!-- output of PROGRAM --> is what that example prints, and one
    after <!-- output of PROGRAM: FILE --> what it leaves in that file, times
    aside; both may end with a variable of the environment, `with NAME=VALUE`;
  - every ```toml block that begins with a table of stogger's is accepted by
    `stogger check`;
  - a ```python block after <!-- reader of GOLDEN --> has a function read_line() that
    reads each line of that golden file as tests/golden/json.jsonl has it: all of
    it, or no more than the time and the level;
  - every link to a file of the project leads to one, and so does every `tests/...`;
  - docs/README.md has a link to every other page;
  - every test that is named, as in `FolderTest.LinksAreRefused`, is there.

  check_docs.py SOURCE_FOLDER EXAMPLES_FOLDER [STOGGER_PROGRAM]
"""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

BLOCK = re.compile(
    r"(?:<!-- output of (?P<program>\w+)(?:: (?P<file>\S+))?"
    r"(?: with (?P<name>\w+)=(?P<value>\S+))? -->\n\n?)?"
    r"(?:<!-- file (?P<path>\S+) -->\n\n?)?"
    r"(?:<!-- reader of (?P<golden>\S+) -->\n\n?)?"
    r"^```(?P<kind>\w*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\((?!https?:|#)([^)#]+)")
TEST_FILE = re.compile(r"`(tests/[^`*\s]+)`")
# A group of tests, and one of them or the beginning of its name. A name that begins with a
# dot is of the group that was named last.
TEST_NAME = re.compile(r"`([A-Z]\w+)?\.([A-Z]\w*)(?:\.\.\.)?`")
TEST_CASE = re.compile(r"^TEST(?:_F|_P)?\(\s*(\w+),\s*(\w+)\)", re.MULTILINE)
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
DURATION = re.compile(r"(duration_ms\"?[=:])[-+.e\d]+")

source = pathlib.Path(sys.argv[1])
examples = pathlib.Path(sys.argv[2])
program = sys.argv[3] if len(sys.argv) > 3 else None


def squeezed(text):
    return re.sub(r"\s+", "", text)


def code():
    folders = ["examples", "tests", "include"]
    return {path: squeezed(path.read_text(errors="replace"))
            for folder in folders
            for path in sorted((source / folder).rglob("*"))
            if path.suffix in (".cc", ".h")}


def tests():
    return {f"{case[1]}.{case[2]}"
            for path in (source / "tests").rglob("*_test.cc")
            for case in TEST_CASE.finditer(path.read_text())}


def missing_tests(text, known):
    group = ""
    for name in TEST_NAME.finditer(text):
        group = name[1] or group
        prefix = f"{group}.{name[2]}"
        if not any(test.startswith(prefix) for test in known):
            yield prefix
    for file in TEST_FILE.finditer(text):
        if not (source / file[1]).exists():
            yield file[1]


def without_times(text):
    return DURATION.sub(r"\1DURATION", TIME.sub("TIME", text)).strip()


def output_of(block):
    name, file = block["program"], block["file"]
    with tempfile.TemporaryDirectory() as folder:
        for settings in (source / "examples").glob("*.toml"):
            shutil.copy(settings, folder)
        environment = dict(os.environ, NO_COLOR="1")
        if block["name"]:
            environment[block["name"]] = block["value"]
        result = subprocess.run([examples / name], cwd=folder, text=True,
                                capture_output=True, env=environment,
                                timeout=60, check=False)
        if file is not None:
            return (pathlib.Path(folder) / file).read_text()
        return result.stdout + result.stderr


def toml_problem(text):
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "documented.toml"
        path.write_text(text)
        environment = dict(os.environ, STOGGER_POSTGRES_PASSWORD="secret",
                           LOGS_DIRECTORY=folder, STATE_DIRECTORY=folder)
        result = subprocess.run([program, "check", path], text=True,
                                capture_output=True, env=environment,
                                timeout=60, check=False)
        return result.stdout + result.stderr if result.returncode else None


# Formats other than JSON have the text of a value only.
def is_same(key, read, value):
    if key == "timestamp":
        return value.startswith(read.removesuffix("Z"))
    try:
        return read == value or json.loads(read) == value
    except (TypeError, ValueError):
        return False


def reader_problem(text, golden):
    reader = {}
    exec(text, reader)  # pylint: disable=exec-used
    # Not splitlines(), which takes more than line feeds for ends of lines.
    lines = (source / golden).read_text().split("\n")[:-1]
    rows = (source / "tests/golden/json.jsonl").read_text().split("\n")[:-1]
    if len(lines) != len(rows):
        return "another number of lines than in json.jsonl"
    for line, row in zip(lines, map(json.loads, rows)):
        read = reader["read_line"](line)
        if read.keys() not in (row.keys(), {"timestamp", "level"}):
            return f"reads the keys {list(read)} in\n{line}"
        for key, value in read.items():
            if not is_same(key, value, row[key]):
                return f"reads {key} as {value!r} in\n{line}"
    return None


def problems(document, sources, known_tests):
    text = document.read_text()
    for block in BLOCK.finditer(text):
        line = text.count("\n", 0, block.start("text"))
        where = f"{document.relative_to(source)}:{line}"
        inside = block["text"]
        if block["path"] and (source / block["path"]).read_text() != inside:
            yield f"{where}: {block['path']} has another text"
        if block["golden"]:
            problem = reader_problem(inside, block["golden"])
            if problem:
                yield f"{where}: {problem}"
        if block["program"]:
            if "spdlog" in block["program"] and not (
                    examples / block["program"]).exists():
                continue
            actual = output_of(block)
            if without_times(actual) != without_times(inside):
                yield f"{where}: {block['program']} says now:\n{actual}"
        elif block["kind"] == "cpp":
            if not any(squeezed(inside) in code for code in sources.values()):
                yield f"{where}: no source has this code:\n{inside}"
        elif (block["kind"] == "toml" and program
              and inside.startswith("[stogger")):
            problem = toml_problem(inside)
            if problem:
                yield f"{where}: stogger check says:\n{problem}"
    for link in LINK.finditer(text):
        if not (document.parent / link[1]).exists():
            line = text.count("\n", 0, link.start()) + 1
            yield f"{document.relative_to(source)}:{line}: no file {link[1]}"
    for test in missing_tests(text, known_tests):
        yield f"{document.relative_to(source)}: no test {test}"


def missing_pages(index):
    listed = {(index.parent / link[1]).resolve()
              for link in LINK.finditer(index.read_text())}
    for page in sorted(index.parent.rglob("*.md")):
        if page != index and page.resolve() not in listed:
            yield f"{index.relative_to(source)}: no link to {page.name}"


def main():
    sources = code()
    known_tests = tests()
    documents = [source / "README.md", source / "CHANGELOG.md",
                 source / "SECURITY.md",
                 *sorted((source / "docs").rglob("*.md"))]
    found = [problem for document in documents
             for problem in problems(document, sources, known_tests)]
    found += missing_pages(source / "docs/README.md")
    print("\n".join(found) or f"{len(documents)} documents agree with the sources")
    return 1 if found else 0


sys.exit(main())
