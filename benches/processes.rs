//! Whole processes from start to figures, as a user waits for them. `processes.py` has their processor time and memory.

use std::process::{Command, Stdio};

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};

const SWEEP: &str = "norm-effect --norms 1,2,3,4,5,6,7,8,9,10 --replicates 1 --published-runs 0 --threads 1 --engine";

fn processes(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("process");
    group.sample_size(10);
    for (name, arguments) in [
        ("norm sweep of the paper, full engine", format!("{SWEEP} full")),
        ("norm sweep of the paper, pair engine", format!("{SWEEP} pair")),
        ("convergence map, 1000 × 1000 cells, 2 threads", "convergence-map --cells 1000 --threads 2".to_owned()),
    ] {
        group.bench_function(name, |bencher| {
            bencher.iter_batched(
                || tempfile::tempdir().expect("a folder"),
                |out| {
                    let mut command = Command::new(env!("CARGO_BIN_EXE_embedding-norms"));
                    command.args(arguments.split(' ')).arg("--out").arg(out.path());
                    let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status();
                    // 1: a claim needs more than this; 2: it did not run.
                    assert_ne!(status.expect("the command starts").code(), Some(2), "{arguments}");
                    out
                },
                BatchSize::PerIteration,
            );
        });
    }
    group.finish();
}

criterion_group!(benches, processes);
criterion_main!(benches);
