//! Names of files, one for every way a format can be asked for.

/// The name of the file decides the format where its bytes do not.
pub const NAMES: [&str; 15] = [
    "z.npy",
    "z.npy:z",
    "z.npy:1-2",
    "z.npz",
    "z.npz:z",
    "z.safetensors",
    "z.safetensors:z",
    "z.safetensors:z:0-1",
    "z.csv",
    "z.csv:label",
    "z.csv:1-2",
    "z.tsv",
    "z.txt",
    "z.pt",
    "z",
];
