//! S1: the first corrections of total and share, as power series in the step.

use embedding_norms::field::Field;
use embedding_norms::theory::growth::total_and_share;

use crate::exact::convergence::{SmallStep, vanishes};
use crate::exact::identity::{Identity, prove};
use crate::exact::numbers::Exact;
use crate::exact::numbers::perturbed::{Perturbed, library};
use crate::exact::numbers::prime::Prime;
use crate::exact::numbers::series::Series;

/// What is still to be gained, Γ(φ, α, β), falls in each step by what the step gains, γ(αs² + βs²), up to the third order;
/// so the sum over a run is Γ at its start up to the second. The same for the part of the first member, γαs².
pub struct Growth;

impl Growth {
    /// Γ/γ and Γ_i/γ.
    fn gains<F: Exact>([alpha, beta]: [Series<F>; 2], cosine: Series<F>) -> [Series<F>; 2] {
        let one = alpha.constant(1.0);
        let ([one_minus, rate], steps) = ([one - cosine, one].map(Perturbed), [alpha, beta].map(Perturbed));
        let [total, share] = library(|| total_and_share(rate, steps, one_minus)).map(|number| number.0);
        [total, total * share / (one + share)]
    }
}

impl Identity for Growth {
    const ARGUMENTS: usize = 3;

    fn formula<F: Exact>(arguments: &[F]) -> Vec<F> {
        let [k, a, b] = *arguments else { unreachable!() };
        let step = SmallStep::of(k, [a, b]);
        let before = Self::gains(step.before.steps, step.before.cosine);
        let after = Self::gains(step.after.steps, step.after.cosine);
        let square = step.before.sine * step.before.sine;
        let first = step.before.steps[0] * square;
        let gained = [first + step.before.steps[1] * square, first];
        (0..2).flat_map(|which| vanishes(after[which] - before[which] + gained[which], 0..3)).collect()
    }

    fn expected<F: Exact>(arguments: &[F]) -> Vec<F> {
        vec![arguments[0].constant(0.0); 6]
    }

    fn faulty(arguments: &[Prime]) -> Vec<Prime> {
        Self::formula(arguments)
    }
}

#[test]
fn s1_first_corrections_of_total_and_share_sum_what_the_steps_gain() {
    prove::<Growth>("s1 total and share");
}
