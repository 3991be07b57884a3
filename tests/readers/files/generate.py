"""Writes the files that tests/readers/ reads: numpy, safetensors and pandas as users have them.

    python -m venv venv && venv/bin/pip install numpy==2.4.6 safetensors==0.8.0 pandas==3.1.1
    venv/bin/python tests/readers/files/generate.py

Every array of embeddings is the same 5 x 3 matrix, whose numbers f16 and bf16 hold exactly.
"""

from pathlib import Path

import numpy as np
import pandas as pd
from safetensors import TensorSpec, serialize_file
from safetensors.numpy import save_file

HERE = Path(__file__).parent
Z = np.array([[0.5, -1.25, 3.0], [2.0, 0.0, -0.125], [-7.5, 1e-2, 4.0], [1.0, 2.0, 3.0], [-0.0, 96.0, 0.25]])
Z[2, 1] = 0.015625
LABELS = np.array([3, 3, -1, 7, 3])
NAMES = np.array(["cat", "dog", "cat", "bird", "dög"])


def npy():
    for kind in ("f2", "f4", "f8"):
        for order in "CF":
            for byte_order, word in (("<", "little"), (">", "big")):
                np.save(HERE / f"z.{kind}.{order}.{word}.npy", Z.astype(byte_order + kind).copy(order=order))
    for kind in ("i1", "<i2", ">i2", "<i4", "<i8", ">i8"):
        word = "big" if ">" in kind else "little"
        np.save(HERE / f"labels.{kind.strip('<>')}.{word}.npy", LABELS.astype(kind))
    np.save(HERE / "labels.u1.npy", (LABELS + 1).astype("u1"))
    np.save(HERE / "labels.bool.npy", LABELS == 3)
    np.save(HERE / "labels.column.npy", LABELS.reshape(-1, 1))
    np.save(HERE / "labels.unicode.npy", NAMES)
    np.save(HERE / "labels.unicode.big.npy", NAMES.astype(">U4"))
    np.save(HERE / "labels.bytes.npy", np.array([b"cat", b"dog", b"cat", b"bird", b"dog"]))
    np.lib.format.write_array(open(HERE / "z.version2.npy", "wb"), Z, version=(2, 0))
    np.lib.format.write_array(open(HERE / "z.version3.npy", "wb"), Z, version=(3, 0))
    np.save(HERE / "bad.object.npy", np.array([Z[0], Z[1, :2]], dtype=object), allow_pickle=True)
    np.save(HERE / "bad.integer.npy", LABELS.reshape(-1, 1))
    np.save(HERE / "bad.complex.npy", Z.astype("c16"))
    np.save(HERE / "bad.long_double.npy", Z.astype(np.longdouble))
    np.save(HERE / "bad.record.npy", np.zeros(3, dtype=[("x", "f4"), ("y", "f4")]))
    np.save(HERE / "bad.vector.npy", Z[0])
    np.save(HERE / "bad.cube.npy", Z.reshape(5, 3, 1))
    np.save(HERE / "bad.scalar.npy", np.float64(3.0))
    np.save(HERE / "bad.no_rows.npy", Z[:0])
    np.save(HERE / "bad.no_columns.npy", Z[:, :0])


def npz():
    np.savez(HERE / "z.npz", z=Z.astype("f4"))
    np.savez_compressed(HERE / "z.deflated.npz", z=Z.astype(">f8"))
    np.savez_compressed(HERE / "z.fortran.npz", z=np.asfortranarray(Z.astype("f2")))
    np.savez(HERE / "several.npz", z=Z, w=2 * Z, labels=LABELS, names=NAMES)
    np.savez(HERE / "unnamed.npz", Z)
    np.savez(HERE / "bad.none.npz")


def bf16(array):
    """The upper half of each float, which numpy has no type for."""
    return np.frombuffer(array.astype("<f4").tobytes(), "<u2")[1::2].copy()


def safetensors():
    for kind in ("f2", "f4", "f8"):
        save_file({"z": Z.astype(kind)}, HERE / f"z.{kind}.safetensors")
    halves = bf16(Z)
    spec = TensorSpec(dtype="bfloat16", shape=list(Z.shape), data_ptr=halves.ctypes.data, data_len=halves.nbytes)
    serialize_file({"z": spec}, HERE / "z.bf16.safetensors")
    several = {"z": Z.astype("f4"), "w": (2 * Z).astype("f2"), "labels": LABELS}
    save_file(several, HERE / "several.safetensors", metadata={"format": "pt"})
    save_file({}, HERE / "bad.none.safetensors")


def tables():
    frame = pd.DataFrame(Z, columns=["x", "y", "width"])
    frame.to_csv(HERE / "z.header.csv", index=False)
    frame.to_csv(HERE / "z.index.csv")
    frame.to_csv(HERE / "z.bare.csv", index=False, header=False)
    frame.to_csv(HERE / "z.header.tsv", index=False, sep="\t")
    frame.to_csv(HERE / "z.windows.csv", index=False, encoding="utf-8-sig", lineterminator="\r\n")
    pd.DataFrame(Z).to_csv(HERE / "z.counted.csv", index=False)
    pd.DataFrame(Z).to_csv(HERE / "z.counted.index.csv")
    np.savetxt(HERE / "z.savetxt.csv", Z, delimiter=",", header="x,y,width")
    frame.assign(label=LABELS).to_csv(HERE / "z.label.csv", index=False)
    frame.assign(species=NAMES).to_csv(HERE / "z.species.csv")
    frame.assign(number=LABELS).to_csv(HERE / "z.number.csv", index=False)
    frame.assign(name=NAMES).to_csv(HERE / "z.name.bare.csv", index=False, header=False)
    frame.assign(name=NAMES, kind=NAMES[::-1]).to_csv(HERE / "bad.two_texts.csv", index=False)
    frame.to_csv(HERE / "bad.semicolon.csv", index=False, sep=";", decimal=",")
    np.savetxt(HERE / "bad.spaces.csv", Z)
    np.savetxt(HERE / "labels.txt", LABELS, fmt="%d")
    pd.Series(NAMES, name="species").to_csv(HERE / "labels.species.csv", index=False)
    pd.Series(LABELS, name="label").to_csv(HERE / "labels.label.csv", index=False)


for write in (npy, npz, safetensors, tables):
    write()
