"""All mutants of the library and the laboratory in one build: each function holds its mutated bodies beside its own, and a number chooses one."""

import json
import re
import subprocess
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

SWITCH = """
/// Which mutant runs: its number, nothing, or a list of the functions that are reached.
#[doc(hidden)]
pub mod mutant {
    use std::io::Write;
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

    const UNREAD: u32 = u32::MAX;
    const LISTING: u32 = u32::MAX - 1;
    static CHOSEN: AtomicU32 = AtomicU32::new(UNREAD);
    static REACHED: [AtomicBool; FUNCTIONS] = [const { AtomicBool::new(false) }; FUNCTIONS];
    static LIST: OnceLock<std::fs::File> = OnceLock::new();

    /// The number of the mutant that runs, which no body of `function` has if another function is mutated.
    #[inline(always)]
    pub fn chosen(function: usize) -> u32 {
        match CHOSEN.load(Ordering::Relaxed) {
            UNREAD => read(function),
            LISTING => reach(function),
            number => number,
        }
    }

    #[cold]
    fn read(function: usize) -> u32 {
        let listing = std::env::var("MUTANT_LIST").is_ok();
        let number = std::env::var("MUTANT").map_or(0, |text| text.parse().expect("a number of a mutant"));
        CHOSEN.store(if listing { LISTING } else { number }, Ordering::Relaxed);
        chosen(function)
    }

    #[cold]
    fn reach(function: usize) -> u32 {
        if !REACHED[function].swap(true, Ordering::Relaxed) {
            let open = || std::fs::File::create(std::env::var("MUTANT_LIST").expect("a path")).expect("a list");
            writeln!(LIST.get_or_init(open), "{function}").expect("a line of the list");
        }
        0
    }
}
"""


@dataclass
class Mutant:
    number: int
    name: str
    file: str
    module: str
    span: tuple
    replacement: str
    function: tuple | None
    function_name: str | None


def module_of(file, modules):
    """The module of the library or the laboratory that a file belongs to, such as theory of src/theory/growth.rs and claim of lab/claim/mod.rs."""
    path = Path(file)
    if path.parts[0] not in ("src", "lab"):
        return None
    first = path.parts[1].removesuffix(".rs")
    return first if first in modules else None


def positions(span):
    return tuple((span[end]["line"] - 1, span[end]["column"] - 1) for end in ("start", "end"))


def listed(root, modules):
    """The mutants that cargo-mutants makes of these modules, numbered from 1."""
    listing = subprocess.run(["cargo", "mutants", "--workspace", "--list", "--json"], cwd=root, check=True, capture_output=True, text=True)
    mutants = []
    for number, entry in enumerate(json.loads(listing.stdout), start=1):
        module = module_of(entry["file"], modules)
        if module is not None:
            function = entry["function"] and positions(entry["function"]["span"])
            name = entry["function"] and entry["function"]["function_name"]
            span = positions(entry["span"])
            mutants.append(Mutant(number, entry["name"], entry["file"], module, span, entry["replacement"], function, name))
    return mutants


class Source:
    """A file whose places are lines and columns of characters, both from 0."""

    def __init__(self, text):
        self.text = text
        self.starts = [0]
        for line in text.split("\n"):
            self.starts.append(self.starts[-1] + len(line) + 1)

    def offset(self, place):
        return self.starts[place[0]] + place[1]

    def offsets(self, span):
        return self.offset(span[0]), self.offset(span[1])


TOKEN = re.compile(
    r"""//[^\n]* | /\*.*?\*/ | b?r(?P<hashes>\#*)".*?"(?P=hashes) | b?"(?:\\.|[^"\\])*" | b?'(?:\\[^\n]{1,10}?|[^'\\\n])' | [{}]""",
    re.S | re.X,
)


def body_of(text):
    """Where the braces of a function's body stand in its text: of those at the outermost level, the last pair."""
    opened = []
    for token in TOKEN.finditer(text):
        if token.group() == "{":
            opened.append(token.start())
        elif token.group() == "}":
            start = opened.pop()
            if not opened and token.end() == len(text):
                return start, token.end()
    raise ValueError(f"no body in {text[:80]!r}")


def replaced(source, begin, end, mutant):
    """The text from `begin` to `end` with the mutant's change in it."""
    first, last = source.offsets(mutant.span)
    return source.text[begin:first] + mutant.replacement + source.text[last:end]


def shares_a_build(source, mutant):
    """Whether the mutated body can stand beside the function's own: not where a type or a constant hangs on it."""
    if mutant.function is None:
        return False
    begin, end = source.offsets(mutant.function)
    signature = source.text[begin : begin + body_of(source.text[begin:end])[0]]
    return not re.search(r"\bconst (unsafe )?fn\b|-> *impl\b", signature)


def outermost(mutants):
    """Mutants by the function that holds them, those of a function within another by the outer one."""
    spans = sorted({mutant.function for mutant in mutants})
    outer = {}
    last = None
    for span in spans:
        if last is None or span[1] > last[1]:
            last = span
        outer[span] = last
    groups = defaultdict(list)
    for mutant in mutants:
        groups[outer[mutant.function]].append(mutant)
    return groups


def functions(mutants):
    """The functions that are mutated, as file and span, each with its mutants; their order numbers them."""
    by_file = defaultdict(list)
    for mutant in mutants:
        by_file[mutant.file].append(mutant)
    return {
        (file, span): held for file in sorted(by_file) for span, held in sorted(outermost(by_file[file]).items())
    }


def plant(root, mutants, chosen):
    """The texts of the library, by file, with those of the mutants in it whose numbers are chosen, and which lines are theirs.

    Functions that have none of them tell that they are reached all the same.
    """
    texts, lines, sources = {}, defaultdict(list), {}
    for number, ((file, span), held) in enumerate(functions(mutants).items()):
        source = sources.setdefault(file, Source((root / file).read_text()))
        text, done = texts.get(file, ("", 0))
        begin, end = source.offsets(span)
        start, stop = (begin + place for place in body_of(source.text[begin:end]))
        library = "crate" if file.startswith("src/") else "embedding_norms"
        text += source.text[done:start] + f"{{ match {library}::mutant::chosen({number}) {{\n"
        for mutant in held:
            if mutant.number in chosen:
                first = text.count("\n") + 1
                text += f"{mutant.number} => {replaced(source, start, stop, mutant)}\n"
                lines[file].append((first, text.count("\n"), mutant.number))
        texts[file] = text + f"_ => {source.text[start:stop]}\n}} }}", stop
    texts = {file: text + sources[file].text[done:] for file, (text, done) in texts.items()}
    library = texts.get("src/lib.rs", (root / "src/lib.rs").read_text())
    texts["src/lib.rs"] = library + SWITCH.replace("FUNCTIONS", str(len(functions(mutants)) + 1))
    return texts, lines


def batches(mutants, lines):
    """The mutants in groups whose bodies have about so many lines: a compiler's memory has an end."""
    group, size = [], 0
    for mutant in sorted(mutants, key=lambda mutant: (mutant.file, mutant.function)):
        group.append(mutant)
        size += mutant.function[1][0] - mutant.function[0][0] + 1
        if size >= lines:
            yield group
            group, size = [], 0
    if group:
        yield group


def copy(root, tree, texts):
    """The files under version control as they are now, and `texts` in place of some.

    Only what differs is written, so that cargo builds only that again.
    """
    names = subprocess.run(["git", "ls-files", "-z"], cwd=root, check=True, capture_output=True, text=True).stdout
    for name in filter(None, names.split("\0")):
        if not (root / name).is_file():
            continue
        content = texts[name].encode() if name in texts else (root / name).read_bytes()
        target = tree / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if not target.exists() or target.read_bytes() != content:
            target.write_bytes(content)


def mutants_at(lines, messages):
    """The mutants whose lines the compiler's errors name; an error outside all of them is raised."""
    wrong = set()
    for message in messages:
        places = [place for span in message["spans"] for place in expansions(span)]
        places.sort(key=lambda span: not span["is_primary"])
        found = {number for span in places for number in held_at(lines, span)}
        if not found:
            raise RuntimeError(message["rendered"])
        wrong |= found
    return wrong


def expansions(span):
    """A place and the uses of the macros that it comes from."""
    while span is not None:
        yield span
        span = span["expansion"] and span["expansion"]["span"]


def held_at(lines, span):
    return [
        number
        for first, last, number in lines.get(span["file_name"], [])
        if first <= span["line_start"] and span["line_end"] <= last
    ]
