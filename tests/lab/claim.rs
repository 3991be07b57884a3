//! The room `claim`: verdicts come out both ways, and only what is ours can fail a run.

use embedding_norms::statistics::Estimate;
use embedding_norms_lab::claim::{Claim, Source, Verdict, brief, claim, claim_of_others, claim_of_paper};
use embedding_norms_lab::law::{Observation, Refusal, fit_power_law};

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

/// Predicted, measured, value, interval and note.
type Told<'a> = (&'a str, &'a str, Option<f64>, Option<(f64, f64)>, &'a str);

/// What a claim says beside its verdict.
fn told(claim: &Claim) -> Told<'_> {
    (&claim.predicted, &claim.measured, claim.value, claim.interval, &claim.note)
}

const NOTHING: &str = "there is nothing to measure at these settings";

#[test]
fn a_claim_tells_what_was_predicted_and_what_was_measured() {
    let found = Claim::equivalence("L2", "steps grow as ρ³", 3.0, 0.007, estimate(2.99561, 3.00047, 3.00538));
    let measured = "3.0005 [2.9956, 3.0054]";
    assert_eq!(told(&found), ("3 ± 0.007", measured, Some(3.00047), Some((2.99561, 3.00538)), ""));
    let found = Claim::without_exception("L7", "counts agree", 3, 47);
    assert_eq!(told(&found), ("no exception", "3 of 47", Some(3.0), None, ""));
    let found = Claim::within("L4", "within one step", 0.25, -0.123_456);
    assert_eq!(told(&found), ("at most 0.25", "-0.1235", Some(-0.123_456), None, ""));
    let found = Claim::outcome("D3", "the bound", "below 5".to_owned(), "7".to_owned(), false);
    assert_eq!(told(&found), ("below 5", "7", None, None, ""));
    assert_eq!((&*found.statement, &*found.says, found.source), ("D3", "the bound", Source::Ours));
    assert_eq!(told(&found.of_the_paper(Verdict::Conditional)), ("below 5", "7", None, None, ""));
    let untested = Claim::not_tested("S5", Source::Literature, "norms as confidence", "needs more seeds");
    assert_eq!(told(&untested), ("", "", None, None, "needs more seeds"));
    assert_eq!(
        (&*untested.statement, &*untested.says, untested.source),
        ("S5", "norms as confidence", Source::Literature)
    );
}

#[test]
fn stating_a_claim_keeps_its_words_its_source_and_its_note() {
    for (stating, source) in [
        (claim("S5", "rare classes are short"), Source::Ours),
        (claim_of_paper("S5", "rare classes are short"), Source::Paper),
        (claim_of_others("S5", "rare classes are short"), Source::Literature),
    ] {
        // A verdict of its own makes a claim of ours one of the paper's.
        let judged = stating.clone().note("at 40 seeds").valued(37.0).verdict("every seed", "most", Verdict::Supported);
        assert_eq!(told(&judged), ("every seed", "most", Some(37.0), None, "at 40 seeds"));
        assert_eq!((&*judged.statement, &*judged.says), ("S5", "rare classes are short"));
        let expected = if source == Source::Ours { Source::Paper } else { source };
        assert_eq!((judged.source, judged.verdict), (expected, Verdict::Supported));
        // Nothing of it is left where something is lacking, but whose it is.
        let lacking = stating.note("at 40 seeds").estimated(estimate(1.0, 3.0, 7.0)).needs(false, "needs 20 seeds");
        let untested = lacking.verdict("every seed", "most", Verdict::Supported);
        assert_eq!(told(&untested), ("", "", None, None, "needs 20 seeds"));
        assert_eq!((&*untested.statement, &*untested.says), ("S5", "rare classes are short"));
        assert_eq!((untested.source, untested.verdict, untested.failed()), (source, Verdict::NotTested, false));
    }
}

#[test]
fn a_value_and_an_interval_of_their_own_stand_before_those_of_the_decision() {
    let plain = claim("L4", "within a step").within(5.0, 3.0);
    assert_eq!((plain.value, plain.interval), (Some(3.0), None));
    let valued = claim("L4", "within a step").valued(11.0).within(5.0, 3.0);
    assert_eq!((valued.value, valued.interval, &*valued.measured), (Some(11.0), None, "3"));
    let stating = claim("L4", "within a step").estimated(estimate(6.0, 11.0, 17.0));
    let found = stating.equivalent(3.0, 0.5, Some(estimate(2.9, 3.0, 3.2)));
    assert_eq!((found.value, found.interval, found.verdict), (Some(11.0), Some((6.0, 17.0)), Verdict::AsStated));
    assert_eq!(found.measured, "3.0000 [2.9000, 3.2000]");
}

#[test]
fn a_condition_on_an_estimate_or_a_bound_below_it_decides_with_its_interval() {
    let falls = |found| claim("S6", "norms fall").holds_for("below 0", found, |found| found.upper < 0.0);
    let found = falls(Some(estimate(-0.71, -0.3336, -0.05)));
    assert_eq!(told(&found), ("below 0", "-0.334 [-0.710, -0.050]", Some(-0.3336), Some((-0.71, -0.05)), ""));
    assert_eq!(found.verdict, Verdict::AsStated);
    assert_eq!(falls(Some(estimate(-0.71, -0.3, 0.05))).verdict, Verdict::NotAsStated);
    assert_eq!((falls(None).verdict, told(&falls(None))), (Verdict::NotTested, ("", "", None, None, NOTHING)));

    let above = |found| claim("S4", "steps turn").above(0.25, found, |found| format!("about {}", found.value));
    let found = above(Some(estimate(0.375, 0.5, 0.75)));
    assert_eq!(told(&found), ("above 0.25", "about 0.5", Some(0.5), Some((0.375, 0.75)), ""));
    assert_eq!(found.verdict, Verdict::AsStated);
    // An end at the bound itself is not above it, and the value alone decides nothing.
    for lower in [0.25, 0.125, f64::NAN] {
        assert_eq!(above(Some(estimate(lower, 0.5, 0.75))).verdict, Verdict::NotAsStated, "{lower}");
    }
    assert_eq!((above(None).verdict, told(&above(None))), (Verdict::NotTested, ("", "", None, None, NOTHING)));
}

#[test]
fn where_nothing_was_measured_the_note_says_so() {
    let stating = || claim("L7", "counts agree").note("of all runs");
    for untested in [
        stating().equivalent(2.0, 0.1, None),
        stating().equivalent_at_worst(2.0, 0.1, &[], |name| format!("the worst is {name}")),
        stating().no_exception(0, 0),
        stating().none_of([0.0; 0], |_| true),
        stating().all_within(1.0, []),
    ] {
        assert_eq!((untested.verdict, told(&untested)), (Verdict::NotTested, ("", "", None, None, NOTHING)));
    }
    // What was lacking before that is said instead.
    let untested = stating().needs(false, "needs three norms").no_exception(0, 0);
    assert_eq!(untested.note, "needs three norms");
}

#[test]
fn counts_of_uneven_items_are_added_each_to_its_own() {
    let runs = [(1, 40), (2, 63), (4, 7)];
    let found = claim("L7", "counts agree").note("of three runs").no_exception_in(&runs, |run| *run);
    assert_eq!(told(&found), ("no exception", "7 of 110", Some(7.0), None, "of three runs"));
    let negative = claim("L7", "none is negative").none_of([-3.0, 5.0, -7.0, 0.0, 11.0], |number| number < 0.0);
    assert_eq!((negative.failed(), &*negative.measured), (true, "2 of 5"));
    let sizes = claim("G2", "lengths agree").all_within(1e-12, [1e-15, 3e-14, 2e-14]);
    assert_eq!((told(&sizes), sizes.verdict), (("at most 1e-12", "3e-14", Some(3e-14), None, ""), Verdict::AsStated));
}

#[test]
fn decimals_are_those_of_a_value_with_an_interval() {
    let found = equivalence(1.99561, 2.00047, 2.00538);
    assert_eq!(found.clone().to_decimals(0).measured, "2 [2, 2]");
    assert_eq!(found.clone().to_decimals(5).measured, "2.00047 [1.99561, 2.00538]");
    // Nothing else changes, and neither does what has no interval or no value.
    assert_eq!(Claim { measured: found.measured.clone(), ..found.clone().to_decimals(1) }, found);
    let bound = Claim::within("L4", "within one step", 1.0, 0.123_456);
    assert_eq!(bound.clone().to_decimals(2), bound);
    let words = Claim::outcome("D3", "the bound", "holds".to_owned(), "it does".to_owned(), true);
    assert_eq!(words.clone().to_decimals(2), words);
}

#[test]
fn sources_and_verdicts_are_named_as_pages_and_files_name_them() {
    let sources = [(Source::Ours, None, "ours"), (Source::Paper, Some("paper"), "paper")];
    for (source, word, name) in sources.into_iter().chain([(Source::Literature, Some("others"), "literature")]) {
        assert_eq!((source.word(), serde_json::to_value(source).unwrap()), (word, name.into()));
    }
    for (verdict, words, name) in [
        (Verdict::AsStated, "as stated", "as-stated"),
        (Verdict::NotAsStated, "NOT as stated", "not-as-stated"),
        (Verdict::Supported, "supported", "supported"),
        (Verdict::Conditional, "conditional", "conditional"),
        (Verdict::NotSupported, "not supported", "not-supported"),
        (Verdict::NotTested, "not tested", "not-tested"),
    ] {
        assert_eq!((verdict.words(), serde_json::to_value(verdict).unwrap()), (words, name.into()));
    }
}

#[test]
fn brief_numbers_are_whole_from_1000_on_and_have_powers_of_ten_at_both_ends() {
    for (value, text) in [
        (0.0, "0"),
        (0.000_999_9, "9.999e-4"),
        (0.001, "0.001"),
        (0.012_345, "0.0123"),
        (0.999_96, "1"),
        (1.0, "1"),
        (9.876_54, "9.877"),
        (98.7654, "98.77"),
        (100.0, "100"),
        (987.654, "987.7"),
        (4000.0, "4000"),
        (9876.54, "9877"),
        (98_765.4, "98765"),
        (100_000.0, "1e5"),
        (123_456.0, "1.235e5"),
        (f64::INFINITY, "inf"),
    ] {
        assert_eq!(brief(value), text);
        if value > 0.0 {
            assert_eq!(brief(-value), format!("-{text}"));
        }
    }
    assert_eq!(brief(f64::NAN), "NaN");
}
