//! The room `claim`: verdicts come out both ways, and only what is ours can fail a run.

use embedding_norms::lab::claim::{Claim, Source, Verdict, claim};
use embedding_norms::lab::law::{Observation, Refusal, fit_power_law};
use embedding_norms::statistics::Estimate;

fn estimate(lower: f64, value: f64, upper: f64) -> Estimate {
    Estimate { value, lower, upper, replicates: 10 }
}

fn equivalence(lower: f64, value: f64, upper: f64) -> Claim {
    Claim::equivalence("L2", "steps grow as ρ²", 2.0, 0.01, estimate(lower, value, upper))
}

#[test]
fn an_equivalence_needs_the_whole_interval_inside_the_margin() {
    for (lower, value, upper) in [(1.995, 2.0, 2.005), (1.99, 1.99, 1.99), (2.01, 2.01, 2.01), (1.99, 2.0, 2.01)] {
        assert_eq!(equivalence(lower, value, upper).verdict, Verdict::AsStated);
    }
    // Outside on either side; right on average but too wide; overlapping the margin, which decides nothing.
    for (lower, value, upper) in
        [(2.02, 2.03, 2.04), (1.9, 1.95, 1.98), (1.5, 2.0, 2.5), (2.0, 2.01, 2.02), (f64::NAN, f64::NAN, f64::NAN)]
    {
        let claim = equivalence(lower, value, upper);
        assert_eq!(claim.verdict, Verdict::NotAsStated, "{lower} {upper}");
        assert!(claim.failed());
    }
    let claim = equivalence(1.995, 2.0, 2.005);
    assert_eq!((claim.value, claim.interval), (Some(2.0), Some((1.995, 2.005))));
    assert_eq!((claim.statement.as_str(), claim.source), ("L2", Source::Ours));
}

#[test]
fn what_is_fitted_is_an_equivalence_and_a_refused_fit_is_not_as_stated() {
    let fit = |y: fn(f64) -> f64| {
        let at =
            |replicate: u64| [1.0, 2.0, 4.0].map(|x| Observation { x, y: y(x) * (1.0 + replicate as f64), replicate });
        fit_power_law(&[at(0), at(1)].concat(), 0.95).map(|law| law.exponent)
    };
    let decide = |enough: bool, fit: Result<Estimate, Refusal>| {
        claim("L2", "steps grow as ρ²").needs(enough, "too few").note("a word").fitted(2.0, 0.01, fit)
    };
    let square = decide(true, fit(|x| x * x));
    assert_eq!((square.verdict, square.note.as_str()), (Verdict::AsStated, "a word"));
    assert_eq!((square.predicted.as_str(), square.measured.as_str()), ("2 ± 0.01", "2.0000 [2.0000, 2.0000]"));
    assert_eq!(decide(true, fit(|x| x)).verdict, Verdict::NotAsStated);
    let refusal = fit(|x| x + x * x * x * x).expect_err("a sum of two powers is no power law");
    let refused = decide(true, Err(refusal.clone()));
    assert_eq!((refused.verdict, refused.value), (Verdict::NotAsStated, None));
    assert_eq!((refused.predicted, refused.measured), ("2 ± 0.01".to_owned(), refusal.to_string()));
    assert_eq!(decide(false, Err(refusal)).verdict, Verdict::NotTested);
}

#[test]
fn a_claim_without_exception_needs_trials_and_no_violation() {
    let verdict = |violations, trials| Claim::without_exception("L7", "counts agree", violations, trials).verdict;
    assert_eq!(verdict(0, 1), Verdict::AsStated);
    assert_eq!(verdict(1, 1_000_000), Verdict::NotAsStated);
    assert_eq!(verdict(0, 0), Verdict::NotAsStated);
}

#[test]
fn exceptions_of_all_items_are_added_and_no_item_decides_nothing() {
    let runs = |violations: [u64; 2]| claim("L7", "counts agree").no_exception_in(violations, |found| (found, 10));
    assert_eq!(runs([0, 0]), claim("L7", "counts agree").no_exception(0, 20));
    assert_eq!(runs([0, 3]), claim("L7", "counts agree").no_exception(3, 20));
    let negative = |numbers: &[f64]| claim("L7", "no number is negative").none_of(numbers, |number| *number < 0.0);
    assert_eq!(
        (negative(&[1.0, 2.0]).verdict, negative(&[1.0, 2.0]).measured),
        (Verdict::AsStated, "0 of 2".to_owned())
    );
    assert_eq!((negative(&[1.0, -2.0]).verdict, negative(&[]).verdict), (Verdict::NotAsStated, Verdict::NotTested));
}

#[test]
fn the_largest_of_all_sizes_decides_and_one_that_is_no_number_is_not_passed_over() {
    let decide = |sizes: &[f64]| claim("G2", "lengths agree").all_within(1.0, sizes.iter().copied());
    assert_eq!(decide(&[0.5, 1.0, 0.0]), claim("G2", "lengths agree").within(1.0, 1.0));
    for beyond in [[0.5, 1.5, 0.0], [f64::NAN, 0.5, 0.0], [0.5, f64::NAN, 0.0], [0.0, 0.5, f64::INFINITY]] {
        assert_eq!(decide(&beyond).verdict, Verdict::NotAsStated, "{beyond:?}");
    }
}

#[test]
fn what_is_lacking_first_is_said() {
    let decide = |replicates, norms| {
        let stating = claim("L2", "steps grow").needs_replicates(replicates, 8).needs(norms, "needs three norms");
        stating.within(1.0, 0.0)
    };
    assert_eq!(decide(8, true).verdict, Verdict::AsStated);
    assert_eq!([decide(7, true), decide(7, false)].map(|claim| claim.note), ["needs at least 8 replicates"; 2]);
    assert_eq!((decide(8, false).verdict, &*decide(8, false).note), (Verdict::NotTested, "needs three norms"));
}

#[test]
fn a_bound_holds_on_both_sides_and_never_for_what_is_no_number() {
    let verdict = |value| Claim::within("L4", "within one step", 1.0, value).verdict;
    assert_eq!([0.0, 1.0, -1.0].map(verdict), [Verdict::AsStated; 3]);
    assert_eq!([1.5, -1.5, f64::NAN, f64::INFINITY].map(verdict), [Verdict::NotAsStated; 4]);
}

#[test]
fn only_a_claim_of_ours_that_came_out_otherwise_fails() {
    let outcome = |holds| Claim::outcome("D3", "the bound", "holds".to_owned(), "does not".to_owned(), holds);
    assert!(outcome(false).failed() && !outcome(true).failed());
    for verdict in [Verdict::Supported, Verdict::Conditional, Verdict::NotSupported, Verdict::NotAsStated] {
        let claim = outcome(false).of_the_paper(verdict);
        assert_eq!((claim.source, claim.verdict, claim.failed()), (Source::Paper, verdict, false));
    }
    for source in [Source::Ours, Source::Paper] {
        let claim = Claim::not_tested("S5", source, "norms as confidence", "needs more seeds");
        assert_eq!((claim.source, claim.verdict, claim.failed()), (source, Verdict::NotTested, false));
        assert_eq!(claim.note, "needs more seeds");
    }
    assert_eq!(outcome(true).noting("at small steps").note, "at small steps");
}

#[test]
fn every_verdict_has_words_of_its_own_and_a_claim_survives_json() {
    let verdicts = [
        Verdict::AsStated,
        Verdict::NotAsStated,
        Verdict::Supported,
        Verdict::Conditional,
        Verdict::NotSupported,
        Verdict::NotTested,
    ];
    for (i, verdict) in verdicts.iter().enumerate() {
        assert!(verdicts[..i].iter().all(|other| other.words() != verdict.words()));
    }
    let claim = equivalence(1.995, 2.0, 2.005).noting("ρ from 1 to 16");
    let text = serde_json::to_string(&claim).unwrap();
    assert!(text.contains("\"as-stated\"") && text.contains("\"ours\""), "{text}");
    assert_eq!(serde_json::from_str::<Claim>(&text).unwrap(), claim);
}

#[test]
fn the_worst_setting_decides_and_what_no_law_fits_does_not_hold() {
    let settings = [("near", estimate(1.99, 2.0, 2.01)), ("far", estimate(1.9, 1.99, 2.02))];
    let settings = settings.map(|(name, found)| (name.to_owned(), found));
    let decide = |margin: f64, settings: &[_]| {
        claim("L6", "k = 2").equivalent_at_worst(2.0, margin, settings, |name| format!("the worst is {name}"))
    };
    assert_eq!(decide(0.11, &settings).verdict, Verdict::AsStated);
    assert_eq!(decide(0.05, &settings).verdict, Verdict::NotAsStated);
    assert_eq!(decide(0.05, &settings[..1]).verdict, Verdict::AsStated);
    assert_eq!(decide(0.05, &[]).verdict, Verdict::NotTested);
    assert_eq!(decide(0.11, &settings).note, "the worst is far");
    assert_eq!(decide(0.11, &settings).to_decimals(2).measured, "1.99 [1.90, 2.02]");
    let refused = claim("L6", "k = 2").fitted(2.0, 0.03, Err("not a power law"));
    assert_eq!((refused.verdict, &*refused.measured), (Verdict::NotAsStated, "not a power law"));
    let fitted = claim("L6", "k = 2").fitted(2.0, 0.03, Ok::<_, String>(settings[0].1));
    assert_eq!(fitted, claim("L6", "k = 2").equivalent(2.0, 0.03, Some(settings[0].1)));
}
