//! Names of files, one for every way a format can be asked for.

/// The name of the file decides the format where its bytes do not.
pub const NAMES: [&str; 15] = [
    "z.npy",
    "z.npy:z",
    "z.npz",
    "z.npz:z",
    "z.safetensors",
    "z.safetensors:z",
    "z.csv",
    "z.csv:label",
    "z.tsv",
    "z.txt",
    "z.pt",
    "z",
    "z.npy:1-2",
    "z.csv:1-2",
    "z.safetensors:z:0-1",
];
