"""Types every remedy of the readers: makes a file of the kind, runs the command on it, types what the error tells after
"in Python: " or "unpack it: ", and runs the command on what that has written.

    EMBEDDING_NORMS=target/release/embedding-norms python tests/remedies/remedies.py

Needs numpy; cases that need pandas, pyarrow, torch, safetensors, ml_dtypes, h5py or scipy are skipped aloud where these
cannot be imported. Ends with status 1 if a remedy fails.
"""

import importlib
import json
import os
import pickle
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

COMMAND = os.environ.get("EMBEDDING_NORMS", "embedding-norms")
if os.sep in COMMAND:
    COMMAND = str(Path(COMMAND).resolve())
Z = np.array([[0.5, -1.25, 3.0], [2.0, 0.25, -0.125], [-7.5, 0.015625, 4.0], [1.0, 2.0, 3.0]])
W = Z[::-1] * 2
NAMES = np.array(["cat", "dog", "cat", "dog"])

CASES = []


def case(file, reads="new.npy", expected=Z, needs=(), use="embeddings", tool=None, names=None):
    """A file, what the remedy writes, and what the command must then make of it."""

    def add(make):
        CASES.append((make, file, reads, expected, needs, use, tool, names or {}))
        return make

    return add


def module(name):
    return importlib.import_module(name)


def frame():
    pd = module("pandas")
    return pd.DataFrame(Z, columns=["x", "y", "width"])


# Arrays of numpy.
case("struct.npy")(lambda path: np.save(path, np.rec.fromarrays(Z.T, names="x,y,w").view(np.ndarray)))
case("ids.npy")(
    lambda path: np.save(path, np.array([(7, *row) for row in Z], dtype=[("id", "i8"), ("x", "f8"), ("y", "f8"), ("w", "f8")]))
)
case("subarray.npy")(lambda path: np.save(path, np.array([(row,) for row in Z], dtype=[("v", "f8", (3,))])))
case("named.npy")(
    lambda path: np.save(path, np.array([("a", row) for row in Z], dtype=[("name", "U3"), ("v", "f8", (3,))]))
)
case("complex.npy", expected=np.hstack([Z, W]))(lambda path: np.save(path, Z + 1j * W))
case("long.npy")(lambda path: np.save(path, Z.astype(np.longdouble)))
case("integer.npy", expected=np.round(4 * Z))(lambda path: np.save(path, np.round(4 * Z).astype(np.int64)))
case("bf16.npy", needs=["ml_dtypes"])(lambda path: np.save(path, Z.astype(module("ml_dtypes").bfloat16)))
case("fp8.npy", needs=["ml_dtypes"], expected=np.sign(Z))(
    lambda path: np.save(path, np.sign(Z).astype(module("ml_dtypes").float8_e4m3fn))
)
case("lists.npy")(lambda path: np.save(path, np.array([*map(list, Z), None], dtype=object)[:-1], allow_pickle=True))
case("matrix.npy")(lambda path: np.save(path, Z.astype(object), allow_pickle=True))
case("dict.npy", reads="new.npz:z")(lambda path: np.save(path, {"z": Z, "w": W}, allow_pickle=True))
case("archive.npz", expected=np.round(Z))(lambda path: np.savez(path, z=np.round(Z).astype(np.int32)))
case("vector.npy", names={"d": 3})(lambda path: np.save(path, Z.ravel()))
case("column.npy")(lambda path: np.save(path, Z[:, :, None]))
case("one.npy")(lambda path: np.save(path, Z[:, None]))
case("views.npy", reads=["views.npz:z", "views.npz:w"], expected=[Z, W])(lambda path: np.save(path, np.stack([Z, W], 1)))
case("first.npy", reads=["views.npz:z", "views.npz:w"], expected=[Z, W])(lambda path: np.save(path, np.stack([Z, W])))
case("tokens.npy", reads=["views.npz:z", "views.npz:w"], expected=[Z, W])(
    lambda path: np.save(path, np.stack([Z, W, Z, W, Z], 1))
)
case("map.npy")(lambda path: np.save(path, np.broadcast_to(Z[:, :, None, None], (4, 3, 2, 2))))
case("names.npy", use="labels", expected=NAMES)(lambda path: np.save(path, NAMES.astype(object), allow_pickle=True))
case("floats.npy", use="labels", expected=[1, 0, 1, 0])(lambda path: np.save(path, np.array([0.5, 0.25, 0.5, 0.25])))
case("scores.npy", use="labels", expected=[1, 0, 1, 0])(
    lambda path: np.save(path, np.array([[0, 9], [9, 0], [0, 9], [9, 0]], dtype=np.int64))
)
case("latin.npy", use="labels", expected=["fü", "fä", "fü", "fä"])(
    lambda path: np.save(path, np.array([b"f\xfc", b"f\xe4", b"f\xfc", b"f\xe4"]))
)

# Tensors.
case("fp8.safetensors", needs=["torch", "safetensors"], expected=np.sign(Z))(
    lambda path: module("safetensors.torch").save_file(
        {"z": module("torch").tensor(np.sign(Z)).to(module("torch").float8_e4m3fn)}, path
    )
)
case("integer.safetensors", needs=["safetensors"], expected=np.round(Z))(
    lambda path: module("safetensors.numpy").save_file({"z": np.round(Z).astype(np.int64)}, path)
)
case("cube.safetensors", needs=["safetensors"], reads=["views.npz:z", "views.npz:w"], expected=[Z, W])(
    lambda path: module("safetensors.numpy").save_file({"z": np.stack([Z, W], 1)}, path)
)
case("tensor.pt", needs=["torch"], reads="new.npz:z")(
    lambda path: module("torch").save(module("torch").tensor(Z, requires_grad=True), path)
)
case("half.pth", needs=["torch"], reads="new.npz:z")(
    lambda path: module("torch").save(module("torch").tensor(Z).bfloat16(), path)
)
case("state.pt", needs=["torch"], reads="new.npz:emb.weight")(
    lambda path: module("torch").save({"emb.weight": module("torch").tensor(Z), "epoch": 3}, path)
)
case("old.bin", needs=["torch"], reads="new.npz:z")(
    lambda path: module("torch").save(module("torch").tensor(Z), path, _use_new_zipfile_serialization=False)
)
case("raw.bin", names={"d": 3})(lambda path: Path(path).write_bytes(Z.astype("<f4").tobytes()))
case("array.pkl", needs=["pandas"])(lambda path: Path(path).write_bytes(pickle.dumps(Z)))
case("rows.pkl", needs=["pandas"])(lambda path: Path(path).write_bytes(pickle.dumps(Z.tolist())))

# Tables.
case("european.csv", reads="new.csv", needs=["pandas"])(
    lambda path: frame().to_csv(path, sep=";", decimal=",", index=False, header=False)
)
case("header.csv", reads="new.csv", needs=["pandas"])(lambda path: frame().to_csv(path, sep=";", decimal=",", index=False))
case("semicolon.csv", reads="new.csv", needs=["pandas"])(lambda path: frame().to_csv(path, sep=";", index=False))
case("comma.tsv", reads="new.csv", needs=["pandas"])(lambda path: frame().to_csv(path, sep="\t", decimal=",", index=False))
case("tabs.csv", reads="new.csv", needs=["pandas"])(lambda path: frame().to_csv(path, sep="\t", decimal=",", index=False))
case("quoted.csv", reads="new.csv", needs=["pandas"])(
    lambda path: Path(path).write_text('x,y,w\n' + "".join(",".join(f'"{v}"'.replace(".", ",") for v in row) + "\n" for row in Z))
)
case("spaces.csv", reads="new.csv", needs=["pandas"])(lambda path: np.savetxt(path, Z))
case("bars.csv", reads="new.csv", needs=["pandas"])(lambda path: frame().to_csv(path, sep="|", index=False))
case("spaces.txt", reads="new.csv")(lambda path: np.savetxt(path, Z))
case("utf16.csv", reads="new.csv", needs=["pandas"])(lambda path: frame().to_csv(path, index=False, encoding="utf-16"))
case("utf16le.csv", reads="new.csv", needs=["pandas"])(lambda path: frame().to_csv(path, index=False, encoding="utf-16-le"))
case("utf32.csv", reads="new.csv", needs=["pandas"])(lambda path: frame().to_csv(path, index=False, encoding="utf-32"))
case("latin1.csv", reads="new.csv", use="labels", expected=["fü", "fä", "fü", "fä"])(
    lambda path: Path(path).write_bytes("label\nfü\nfä\nfü\nfä\n".encode("latin-1"))
)
case("id.csv", reads="id.csv", tool="--drop-columns id", needs=["pandas"])(
    lambda path: frame().assign(id=[7, 5, 8, 9]).to_csv(path, index=False)
)
case("trailing.csv", reads="trailing.csv", tool="--drop-columns 4")(
    lambda path: Path(path).write_text("".join(",".join(map(str, row)) + ",\n" for row in Z))
)

# Frames and other libraries.
for ending, write, needs in [
    ("parquet", "to_parquet", ["pandas", "pyarrow"]),
    ("feather", "to_feather", ["pandas", "pyarrow"]),
]:
    case(f"plain.{ending}", needs=needs)(lambda path, write=write: getattr(frame(), write)(path))
    case(f"id.{ending}", needs=needs)(
        lambda path, write=write: getattr(frame().astype("float32").assign(id=range(4), name=NAMES), write)(path)
    )
    case(f"list.{ending}", needs=needs)(
        lambda path, write=write: getattr(
            module("pandas").DataFrame({"id": range(4), "embedding": [row.tolist() for row in Z]}), write
        )(path)
    )


@case("stream.arrow", needs=["pandas", "pyarrow"])
def _(path):
    pa = module("pyarrow")
    table = pa.Table.from_pandas(frame().assign(id=range(4)))
    with pa.OSFile(str(path), "wb") as sink, module("pyarrow.ipc").new_stream(sink, table.schema) as writer:
        writer.write_table(table)


@case("file.h5", needs=["h5py"], names={"KEY": "z"})
def _(path):
    with module("h5py").File(path, "w") as file:
        file["z"] = Z


case("old.mat", needs=["scipy"], names={"KEY": "z"})(lambda path: module("scipy.io").savemat(path, {"z": Z}))


@case("new.mat", needs=["h5py"], names={"KEY": "z"})
def _(path):
    with module("h5py").File(path, "w", userblock_size=512) as file:
        file["z"] = Z.T
    with open(path, "r+b") as file:
        file.write(b"MATLAB 7.3 MAT-file, as MATLAB writes it")


case("lists.json")(lambda path: Path(path).write_text(json.dumps(Z.tolist())))
case("lines.jsonl", needs=["pandas"])(
    lambda path: Path(path).write_text("".join(json.dumps({"id": 1, "embedding": row.tolist()}) + "\n" for row in Z))
)
case("book.xlsx", reads="new.csv", needs=["pandas", "openpyxl"])(lambda path: frame().to_excel(path, index=False))

# Archives.
for tool, ending in [("gzip", "gz"), ("bzip2", "bz2"), ("xz", "xz"), ("zstd", "zst"), ("lz4", "lz4")]:

    @case(f"z.npy.{ending}", reads="new.npy", tool=tool)
    def _(path, tool=tool):
        np.save("plain.npy", Z)
        with open("plain.npy", "rb") as source, open(path, "wb") as sink:
            subprocess.run([tool, "-c"], stdin=source, stdout=sink, check=True)
        os.remove("plain.npy")


def run(*arguments):
    return subprocess.run([COMMAND, *arguments], capture_output=True, text=True)


def ask(use, spec, *options):
    """Runs the command on a file in this use."""
    if use == "labels":
        return run("gradient", "--loss", "sup-con", "labelled.npy", "--labels", spec, *options)
    return run("gradient", "--loss", "cosine", spec, spec, *options)


def told(error, names, tool):
    """Types what the error tells."""
    if tool and tool.startswith("--"):
        assert tool in error, f"'{tool}' is not told"
        return tool.split(" ", 1)
    if tool:
        line = re.search(r"unpack it: (.*?), and give", error)[1].replace("> new", "> new.npy")
        subprocess.run(line, shell=True, check=True)
        return []
    line = re.search(r"in Python: (.*)", error.strip(), re.S)
    assert line, "no line of Python is told"
    code = re.sub(r", and of a dict z\[.*", "", line[1])
    for name, value in names.items():
        if isinstance(value, str):
            code = code.replace(f'"{name}"', f'"{value}"')
    space = {"np": np, **{name: value for name, value in names.items() if not isinstance(value, str)}}
    for short, name in (("pd", "pandas"), ("torch", "torch")):
        if f"{short}." in code:
            space[short] = module(name)
    exec(code, space)
    return []


def check(reads, expected, use, options):
    """The command reads what was written, and it is what stood in the file."""
    if use == "labels":
        np.save("right.npy", np.unique(np.array(expected), return_inverse=True)[1])
        found, right = ask(use, reads), ask(use, "right.npy")
        assert found.returncode == 0, found.stderr
        assert found.stdout == right.stdout, f"{found.stdout} where {right.stdout} is right"
        return
    np.save("right.npy", expected)
    found = run("gradient", "--loss", "cosine", reads, "other.npy", "--write", "G.npy", *options)
    right = run("gradient", "--loss", "cosine", "right.npy", "other.npy", "--write", "R.npy")
    assert found.returncode == 0, found.stderr
    assert right.returncode == 0, right.stderr
    assert np.array_equal(np.load("G.npy"), np.load("R.npy")), "other numbers than those of the file"


def lacking(needs, tool):
    for name in needs:
        try:
            importlib.import_module(name)
        except ImportError:
            return name
    return tool if tool and not tool.startswith("--") and not shutil.which(tool) else None


def main():
    start, counts = Path.cwd(), {"typed": 0, "skipped": 0, "failed": 0}
    for make, file, reads, expected, needs, use, tool, names in CASES:
        missing = lacking(needs, tool)
        if missing:
            print(f"skipped: {file}: there is no {missing}")
            counts["skipped"] += 1
            continue
        with tempfile.TemporaryDirectory() as folder:
            os.chdir(folder)
            try:
                make(file)
                np.save("labelled.npy", Z)
                refused = ask(use, file)
                assert refused.returncode == 2, f"it is not refused: {refused.stdout}{refused.stderr}"
                options = told(refused.stderr, names, tool)
                pairs = zip(reads, expected) if isinstance(reads, list) else [(reads, expected)]
                for spec, right in pairs:
                    np.save("other.npy", np.ones_like(np.array(right, dtype=float)) if use == "embeddings" else Z)
                    check(spec, right, use, options)
                counts["typed"] += 1
            except Exception as error:
                print(f"FAILED: {file}: {type(error).__name__}: {error}")
                if "refused" in locals():
                    print(f"    {refused.stderr.strip()}")
                counts["failed"] += 1
            finally:
                os.chdir(start)
    print(", ".join(f"{count} {name}" for name, count in counts.items()))
    return 1 if counts["failed"] or not counts["typed"] else 0


if __name__ == "__main__":
    sys.exit(main())
