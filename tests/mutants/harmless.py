"""Mutants that change nothing, or nothing that matters, as the table of docs/testing.md says, each with its reason."""

import re
from pathlib import Path

PAGE = Path(__file__).resolve().parents[2] / "docs/testing.md"
HEADING = "### What is not noticed, and why"
ROW = re.compile(r"^\| `(?P<file>[^`]+)` \| (?P<function>[^|]+) \| (?P<changes>(?:[^|]|\\\|)+) \| (?P<reason>.+) \|$")


def function_of(mutant):
    """The name without generics and lifetimes, such as NearPairs::run of <impl Kernel for NearPairs<'_>>::run."""
    name = re.sub(r"^<impl .* for (\w+).*>::", r"\1::", mutant.function_name or "")
    return re.sub(r"<.*?>", "", name)


def change_of(mutant):
    """What is changed: `> with >=`, `delete -`, or `with Ok(())` for all that a function does."""
    what = mutant.name.split(": ", 1)[1]
    if what.startswith(f"replace {mutant.function_name} "):
        return f"with {mutant.replacement}"
    return what.removesuffix(f" in {mutant.function_name}").removeprefix("replace ")


def quoted(text):
    return re.findall(r"`([^`]+)`", text.replace("\\|", "|"))


def place_of(file):
    """The file as the table names it: of the laboratory, or of the library, whose folder is left out."""
    return file if file.startswith("lab/") else f"src/{file}"


def rows():
    """The rows of the table: file, functions (none for a constant), changes (none for any)."""
    section = PAGE.read_text().split(HEADING, 1)[1].split("\n## ", 1)[0]
    for line in section.splitlines():
        if found := ROW.match(line):
            yield place_of(found["file"]), quoted(found["function"]), quoted(found["changes"])


def harmless(mutants):
    """The names of those mutants that the table speaks of, and its rows that speak of none."""
    names, idle = set(), []
    files = {mutant.file for mutant in mutants}
    for file, functions, changes in rows():
        if file not in files:
            continue
        spoken_of = {
            mutant.name
            for mutant in mutants
            if mutant.file == file
            and (function_of(mutant) in functions or not (functions or mutant.function_name))
            and (not changes or change_of(mutant) in changes)
        }
        names |= spoken_of
        if not spoken_of:
            idle.append(f"{file} {', '.join(functions)}")
    return names, idle
