//! What the machine can do at most: floating-point operations, divisions, square roots and memory traffic per second, of
//! one thread with the widest vectors. `docs/performance.md` holds what this crate does against it.

mod instructions;

use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group};
use embedding_norms::instructions::InstructionSet;
use pulp::{Arch, Simd, WithSimd};

const ROUNDS: usize = 10_000;
/// Independent chains, enough to hide the latency of an addition on two ports.
const CHAINS: usize = 12;

#[derive(Clone, Copy)]
enum Operation {
    /// A product and a sum, each rounded.
    MultiplyAndAdd,
    /// A product and a sum, rounded once.
    Fused,
    Divide,
    SquareRoot,
}

struct Chains(Operation);

impl WithSimd for Chains {
    type Output = f64;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> f64 {
        let factor = simd.splat_f64s(std::hint::black_box(1.0 + 1e-9));
        let mut chains = [factor; CHAINS];
        for _ in 0..ROUNDS {
            for chain in &mut chains {
                *chain = match self.0 {
                    Operation::MultiplyAndAdd => simd.add_f64s(simd.mul_f64s(*chain, factor), factor),
                    Operation::Fused => simd.mul_add_f64s(*chain, factor, factor),
                    Operation::Divide => simd.div_f64s(factor, *chain),
                    Operation::SquareRoot => simd.sqrt_f64s(*chain),
                };
            }
        }
        chains.into_iter().map(|chain| simd.reduce_sum_f64s(chain)).sum()
    }
}

struct Lanes;

impl WithSimd for Lanes {
    type Output = usize;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> usize {
        S::F64_LANES
    }
}

/// Counted in operations on single numbers; a product and a sum count two.
fn arithmetic(criterion: &mut Criterion) {
    let arch = match instructions::chosen() {
        #[cfg(target_arch = "x86_64")]
        Some(InstructionSet::X86V3) => pulp::x86::V3::try_new().map(Arch::V3).expect("it was chosen"),
        Some(InstructionSet::Scalar) => Arch::Scalar,
        _ => Arch::new(),
    };
    let numbers = (ROUNDS * CHAINS * arch.dispatch(Lanes)) as u64;
    let mut group = criterion.benchmark_group("arithmetic");
    for (name, operation, each) in [
        ("multiply and add", Operation::MultiplyAndAdd, 2),
        ("fused multiply-add", Operation::Fused, 2),
        ("divide", Operation::Divide, 1),
        ("square root", Operation::SquareRoot, 1),
    ] {
        group.throughput(Throughput::Elements(each * numbers));
        group.bench_function(name, |bencher| bencher.iter(|| arch.dispatch(Chains(operation))));
    }
    group.finish();
}

/// Bytes read and written by a copy, in each level of the memory.
fn memory(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("copy");
    for kibibytes in [16, 160, 1024, 65_536] {
        let from = vec![1.0_f64; kibibytes * 128];
        group.throughput(Throughput::Bytes(2 * 8 * from.len() as u64));
        group.bench_function(BenchmarkId::from_parameter(format!("{kibibytes} KiB")), |bencher| {
            let mut to = vec![0.0_f64; from.len()];
            bencher.iter(|| std::hint::black_box(&mut to).copy_from_slice(std::hint::black_box(&from)));
        });
    }
    group.finish();
    criterion.bench_function("a fresh matrix of 8 MiB", |bencher| {
        bencher.iter_batched(|| (), |()| vec![1.0_f64; 1 << 20], BatchSize::PerIteration);
    });
}

criterion_group!(benches, arithmetic, memory);
fn main() {
    benches();
    Criterion::default().configure_from_args().final_summary();
}
