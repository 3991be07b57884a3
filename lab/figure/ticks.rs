//! Where the ticks of an axis stand: as many as fit without touching, at round values.

use super::axis::{Axis, Scale};
use super::number;

/// The ticks of one axis.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ticks {
    /// Places with a label, as values of the quantity; the label may be empty where it would not fit.
    pub labelled: Vec<(f64, String)>,
    /// Places with a light line only.
    pub minor: Vec<f64>,
    /// Whether the labels stand upright.
    pub upright: bool,
}

/// The room that an axis offers, in points.
#[derive(Clone, Copy)]
pub struct Room<'a> {
    /// The length of the axis.
    pub length: f64,
    /// How long a label is in the direction of the axis.
    pub extent: &'a dyn Fn(&str) -> f64,
    /// The least gap between two labels.
    pub gap: f64,
    /// The least distance between two labelled ticks.
    pub spacing: f64,
}

/// The ticks of an axis that shows the values from `low` to `high` in this room.
pub fn ticks(axis: &Axis, (low, high): (f64, f64), room: Room<'_>) -> Ticks {
    if let Some(given) = &axis.ticks {
        return thinned(axis.scale, given, (low, high), room);
    }
    match axis.scale {
        Scale::Linear => linear(low, high, room),
        Scale::Logarithmic => logarithmic(low, high, room),
    }
}

/// Whether these labels keep their distance.
fn fit(scale: Scale, labels: &[(f64, String)], (low, high): (f64, f64), room: Room<'_>) -> bool {
    let Some((low, high)) = scale.position(low).zip(scale.position(high)) else { return false };
    let place = |value: f64| scale.position(value).map_or(0.0, |at| (at - low) / (high - low) * room.length);
    labels.windows(2).all(|pair| {
        let distance = place(pair[1].0) - place(pair[0].0);
        let extents = ((room.extent)(&pair[0].1) + (room.extent)(&pair[1].1)) / 2.0;
        distance >= room.spacing && distance >= extents + room.gap
    })
}

/// Ticks as asked for; a label that would touch the one before is dropped, its tick stays.
fn thinned(scale: Scale, given: &[(f64, String)], range: (f64, f64), room: Room<'_>) -> Ticks {
    let mut wanted: Vec<(f64, String)> =
        given.iter().filter(|(value, _)| range.0 <= *value && *value <= range.1).cloned().collect();
    wanted.sort_by(|a, b| a.0.total_cmp(&b.0));
    let close = Room { spacing: 0.0, ..room };
    let mut labelled: Vec<(f64, String)> = Vec::new();
    let mut last: Option<(f64, String)> = None;
    for (value, label) in wanted {
        let fits = match &last {
            Some(before) => fit(scale, &[before.clone(), (value, label.clone())], range, close),
            None => true,
        };
        if fits {
            last = Some((value, label.clone()));
        }
        labelled.push((value, if fits { label } else { String::new() }));
    }
    Ticks { labelled, ..Ticks::default() }
}

/// Steps of these digits times a power of ten, from fine to coarse, for a span.
fn steps<const N: usize>(span: f64, digits: [i32; N]) -> impl Iterator<Item = (i32, i32)> {
    let finest = libm::floor(libm::log10(span)) as i32 - 2;
    (finest..finest + 6).flat_map(move |exponent| digits.map(|digit| (digit, exponent)))
}

fn linear(low: f64, high: f64, room: Room<'_>) -> Ticks {
    let labels = |step| linear_labels(low, high, step);
    let usual = steps(high - low, [1, 2, 5]).map(labels);
    // Between steps of 2 and 5 there may be no room for the one and a single label of the other.
    let between = steps(high - low, [4, 3]).map(labels);
    let labelled = first_that_fits(Scale::Linear, usual.chain(between), (low, high), room);
    Ticks { labelled, ..Ticks::default() }
}

/// The multiples of a step inside a range. The values are built from integers, so that 0.3 is 0.3 and not 3 × 0.1.
fn linear_labels(low: f64, high: f64, (digit, exponent): (i32, i32)) -> Vec<(f64, String)> {
    let power = libm::pow(10.0, f64::from(exponent.abs()));
    let value = |multiple: i64| {
        let whole = (multiple * i64::from(digit)) as f64;
        if exponent < 0 { whole / power } else { whole * power }
    };
    let step = value(1);
    let slack = (high - low) * 1e-9;
    let first = libm::ceil((low - slack) / step);
    let last = libm::floor((high + slack) / step);
    if !(first.abs() < 1e15 && last.abs() < 1e15 && last - first < 1000.0) {
        return Vec::new();
    }
    let decimals = |exponent: i32| usize::try_from(exponent).unwrap_or(0);
    let largest = libm::floor(libm::log10(low.abs().max(high.abs()))) as i32;
    // Plain numbers where they are short; else all labels have the power of ten of the largest.
    let plain = (-3..7).contains(&largest);
    let label = |value: f64| {
        if plain {
            number::decimal(value, decimals(-exponent))
        } else {
            number::scientific(value, largest, decimals(largest - exponent))
        }
    };
    (first as i64..=last as i64).map(|multiple| (value(multiple), label(value(multiple)))).collect()
}

/// The first candidate, from dense to sparse, that has two labels or more and room for all of them.
fn first_that_fits(
    scale: Scale,
    candidates: impl Iterator<Item = Vec<(f64, String)>>,
    range: (f64, f64),
    room: Room<'_>,
) -> Vec<(f64, String)> {
    let mut best = Vec::new();
    for labels in candidates {
        if fit(scale, &labels, range, room) {
            if labels.len() >= 2 {
                return labels;
            }
            if best.is_empty() {
                best = labels;
            }
        }
    }
    best
}

fn logarithmic(low: f64, high: f64, room: Room<'_>) -> Ticks {
    let (first, last) = (libm::floor(libm::log10(low)) as i32, libm::ceil(libm::log10(high)) as i32);
    let inside = |value: &f64| *value >= low * (1.0 - 1e-9) && *value <= high * (1.0 + 1e-9);
    let at = |digits: &[i32], every: i32| -> Vec<f64> {
        (first..=last)
            .filter(|exponent| exponent.rem_euclid(every) == 0)
            .flat_map(|exponent| digits.iter().map(move |&digit| (digit, exponent)))
            .map(|(digit, exponent)| decade_value(digit, exponent))
            .filter(inside)
            .collect()
    };
    let decades = at(&[1], 1).len();
    let fine: &[&[i32]] = match decades {
        0..=1 => &[&[1, 2, 3, 4, 5, 6, 7, 8, 9], &[1, 2, 3, 5, 7], &[1, 2, 5], &[1, 3], &[1]],
        2..=3 => &[&[1, 2, 5], &[1, 3], &[1]],
        _ => &[&[1]],
    };
    let within = fine.iter().map(|digits| number_labels(at(digits, 1)));
    let beyond = [1, 2, 3, 4, 5, 6, 8, 10, 20, 50, 100].into_iter().map(|every| number_labels(at(&[1], every)));
    let mut labelled = first_that_fits(Scale::Logarithmic, within.chain(beyond), (low, high), room);
    if labelled.len() < 2 && high / low < 10.0 {
        // Less than a decade may hold no two round digits: then round differences are as good.
        labelled = linear(low, high, room).labelled;
        labelled.retain(|(value, _)| *value > 0.0);
    }
    let minor = if last - first <= 8 { at(&[1, 2, 3, 4, 5, 6, 7, 8, 9], 1) } else { at(&[1], 1) };
    let minor = minor.into_iter().filter(|value| labelled.iter().all(|(label, _)| label != value)).collect();
    Ticks { labelled, minor, upright: false }
}

/// A digit times a power of ten, rounded once.
fn decade_value(digit: i32, exponent: i32) -> f64 {
    format!("{digit}e{exponent}").parse().unwrap_or(f64::NAN)
}

/// Labels of a logarithmic axis: powers of ten if there are no other values, else plain numbers.
fn number_labels(values: Vec<f64>) -> Vec<(f64, String)> {
    let exponent = |value: f64| libm::round(libm::log10(value)) as i32;
    let powers = values.len() > 1 && values.iter().all(|&value| decade_value(1, exponent(value)) == value);
    let wide = values.last().is_some_and(|&last| last >= 1e4) || values.first().is_some_and(|&first| first < 1e-2);
    let label = |value: f64| {
        if powers && (wide || values.len() > 2) {
            number::power_of_ten(exponent(value))
        } else {
            number::significant(value, 6)
        }
    };
    values.iter().map(|&value| (value, label(value))).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::test_runner::RngSeed;

    use super::*;

    /// Labels of six points to a letter.
    fn labels(axis: &Axis, range: (f64, f64), length: f64) -> Ticks {
        let extent = |label: &str| 6.0 * label.chars().count() as f64;
        ticks(axis, range, Room { length, extent: &extent, gap: 6.0, spacing: 20.0 })
    }

    fn texts(ticks: &Ticks) -> Vec<&str> {
        ticks.labelled.iter().map(|(_, label)| label.as_str()).collect()
    }

    #[test]
    fn linear_ticks_stand_at_round_values() {
        let axis = Axis::linear("");
        assert_eq!(texts(&labels(&axis, (0.0, 1.0), 200.0)), ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
        assert_eq!(texts(&labels(&axis, (-1.1, 1.1), 120.0)), ["−1", "0", "1"]);
        assert_eq!(texts(&labels(&axis, (6.4, 14.7), 50.0)), ["8", "12"], "one label is no scale");
        assert_eq!(texts(&labels(&axis, (0.0, 2.1e7), 200.0)), ["0", "1×10⁷", "2×10⁷"]);
        assert_eq!(texts(&labels(&axis, (0.0, 2.1e-5), 300.0)), ["0", "0.5×10⁻⁵", "1.0×10⁻⁵", "1.5×10⁻⁵", "2.0×10⁻⁵"]);
        let close = labels(&axis, (8_484.776_54, 8_484.776_56), 300.0);
        assert_eq!(
            texts(&close),
            ["8484.776540", "8484.776545", "8484.776550", "8484.776555", "8484.776560"],
            "labels tell close values apart"
        );
        let values: Vec<f64> = labels(&axis, (0.0, 1.0), 300.0).labelled.iter().map(|tick| tick.0).collect();
        assert!(values.contains(&0.3), "0.3 exactly, not 3 × 0.1: {values:?}");
    }

    #[test]
    fn logarithmic_ticks_follow_the_number_of_decades() {
        let axis = Axis::logarithmic("");
        assert_eq!(texts(&labels(&axis, (0.9, 11.0), 200.0)), ["1", "2", "5", "10"]);
        assert_eq!(texts(&labels(&axis, (1e-3, 1e3), 400.0)), ["10⁻³", "10⁻²", "10⁻¹", "10⁰", "10¹", "10²", "10³"]);
        assert_eq!(texts(&labels(&axis, (1e-3, 1e3), 100.0)), ["10⁻²", "10⁰", "10²"]);
        assert_eq!(texts(&labels(&axis, (4.2, 4.8), 200.0)), ["4.2", "4.3", "4.4", "4.5", "4.6", "4.7", "4.8"]);
        assert_eq!(labels(&axis, (0.9, 11.0), 200.0).minor, [0.9, 3.0, 4.0, 6.0, 7.0, 8.0, 9.0]);
    }

    #[test]
    fn asked_for_ticks_stay_but_crowded_labels_go() {
        let axis = Axis::logarithmic("").ticks_at([0.25, 0.5, 1.0, 2.0, 1000.0]);
        let ticks = labels(&axis, (0.2, 3.0), 90.0);
        assert_eq!(ticks.labelled.len(), 4, "what lies outside is left out");
        assert_eq!(texts(&ticks), ["0.25", "", "1", "2"]);
    }

    /// The same cases every time, unless the environment gives a seed.
    fn fixed() -> ProptestConfig {
        let given = std::env::var_os("PROPTEST_RNG_SEED").is_some();
        if given {
            ProptestConfig::default()
        } else {
            ProptestConfig { rng_seed: RngSeed::Fixed(1), ..Default::default() }
        }
    }

    proptest! {
        #![proptest_config(fixed())]

        #[test]
        fn ticks_lie_inside_and_keep_their_distance(
            low in -1e4..1e4_f64,
            span in -6.0..6.0_f64,
            length in 60.0..500.0_f64,
            logarithmic: bool,
        ) {
            let (axis, range) = if logarithmic {
                let low = libm::pow(10.0, low / 1e3);
                (Axis::logarithmic(""), (low, low * libm::pow(10.0, span.abs() + 0.05)))
            } else {
                (Axis::linear(""), (low, low + libm::pow(10.0, span)))
            };
            let ticks = labels(&axis, range, length);
            let slack = 1e-8 * (range.1 - range.0);
            for value in ticks.labelled.iter().map(|tick| tick.0).chain(ticks.minor.iter().copied()) {
                prop_assert!(value >= range.0 - slack && value <= range.1 + slack, "{value} in {range:?}");
            }
            let (from, to) = (axis.scale.position(range.0).unwrap(), axis.scale.position(range.1).unwrap());
            let place = |value: f64| (axis.scale.position(value).unwrap() - from) / (to - from) * length;
            for pair in ticks.labelled.windows(2) {
                let room = 3.0 * (pair[0].1.chars().count() + pair[1].1.chars().count()) as f64;
                prop_assert!(place(pair[1].0) - place(pair[0].0) >= room, "{pair:?} touch");
            }
            let mut seen: Vec<&str> = texts(&ticks);
            seen.dedup();
            prop_assert_eq!(seen.len(), ticks.labelled.len(), "two ticks with one label");
        }
    }
}
