"""Seeds the corpus of the targets: a byte that picks the format, then a file, of the tests or in miniature."""

import gzip
from pathlib import Path

HERE = Path(__file__).parent
NAMES = {".npy": [0, 12], ".npz": [2, 3], ".safetensors": [4, 5, 14], ".csv": [6, 7, 13], ".tsv": [8], ".txt": [9]}

(HERE / "corpus" / "readers").mkdir(parents=True, exist_ok=True)
(HERE / "corpus" / "config").mkdir(parents=True, exist_ok=True)
for path in sorted((HERE.parent / "tests" / "readers" / "files").iterdir()):
    for choice in NAMES.get(path.suffix, []):
        (HERE / "corpus" / "readers" / f"{path.name}.{choice}").write_bytes(bytes([choice]) + path.read_bytes())
(HERE / "corpus" / "images").mkdir(parents=True, exist_ok=True)
idx = bytes([0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 2, *range(8)])
pictures = {"idx": b"\0" + idx, "idx.gz": b"\0" + gzip.compress(idx), "labelled": b"\1" + idx}
pictures |= {"cifar-10": b"\2\7" + bytes(3072), "cifar-100": b"\3\7\7" + bytes(3072)}
for name, content in pictures.items():
    (HERE / "corpus" / "images" / name).write_bytes(content)
settings = "[common]\nseed = 3\nquick = true\n[norm-effect]\nnorms = [0.5, 1, 2]\n"
(HERE / "corpus" / "config" / "settings").write_text(settings)
