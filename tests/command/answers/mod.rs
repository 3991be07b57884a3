//! What commands answer: JSON, widths of lines, names as people write them, natural mistakes.
use crate::files_support;
mod json;
mod mistakes;
mod names;
mod widths;

use std::fs;

use files_support::{rows, save};
use tempfile::TempDir;

/// Two views, a later checkpoint and labels, of 40 rows.
fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let z = rows(40, 4, 1);
    save(path, "z.npy", &z);
    save(path, "later.npy", &(&z + &(rows(40, 4, 2) * 0.05)));
    save(path, "w.npy", &(&z + &(rows(40, 4, 3) * 0.5)));
    let labels: Vec<&str> = (0..40).map(|row| if row % 2 == 0 { "cat" } else { "dog" }).collect();
    fs::write(path.join("labels.txt"), labels.join("\n") + "\n").unwrap();
    folder
}

/// A run of a fraction of a second.
const TINY: &str = "norm-effect --norms 0.5,1 --pairs 100 --dim 20 --published-runs 0 --replicates 3";

/// Lines that answer something, one at least of every command that does.
const LINES: [&str; 17] = [
    "list",
    "losses",
    "optimizers",
    "predict --norm 8",
    "predict --norm 0.1 --temperature 0.1 --weight-decay 1e-4",
    "predict --norm 8 --optimizer adamw --grad-scale 1 --weight-decay 1e-4",
    "explain L1",
    "explain G5",
    "gradient --loss nt-xent z.npy w.npy",
    "gradient --loss simsiam z.npy w.npy --write G.npy --write-second H.npy",
    "simulate --loss cosine z.npy w.npy --max-steps 20",
    "diagnose z.npy",
    "diagnose z.npy later.npy --positives w.npy --labels labels.txt --steps-between 1 --optimizer adam",
    "diagnose z.npy --positives w.npy --parameters free --learning-rate 0.02 --weight-decay 0.01 --out found",
    "norm-effect --norms 0.5,1 --pairs 100 --dim 20 --published-runs 0 --replicates 3",
    "one-step-bound --quick",
    "opposite-halves --quick --interpolations=-0.9,0,0.5",
];
