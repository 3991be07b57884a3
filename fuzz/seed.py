"""Seeds the corpus of the target `readers` with the files of the tests: a byte that picks the format, then the file."""

from pathlib import Path

HERE = Path(__file__).parent
NAMES = {".npy": [0, 12], ".npz": [2, 3], ".safetensors": [4, 5, 14], ".csv": [6, 7, 13], ".tsv": [8], ".txt": [9]}

(HERE / "corpus" / "readers").mkdir(parents=True, exist_ok=True)
(HERE / "corpus" / "config").mkdir(parents=True, exist_ok=True)
for path in sorted((HERE.parent / "tests" / "readers" / "files").iterdir()):
    for choice in NAMES.get(path.suffix, []):
        (HERE / "corpus" / "readers" / f"{path.name}.{choice}").write_bytes(bytes([choice]) + path.read_bytes())
settings = "[common]\nseed = 3\nquick = true\n[norm-effect]\nnorms = [0.5, 1, 2]\n"
(HERE / "corpus" / "config" / "settings").write_text(settings)
