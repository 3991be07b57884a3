//! Intervals that hold the exact result of every operation: each end is rounded, then moved outwards to the next double.

use embedding_norms::field::Field;

use super::operators;

/// All numbers from `low` to `high`.
#[derive(Clone, Copy, Debug)]
pub struct Interval {
    pub low: f64,
    pub high: f64,
}

impl Interval {
    pub fn new(low: f64, high: f64) -> Self {
        assert!(low <= high, "from {low} to {high}");
        Self { low, high }
    }

    pub fn point(number: f64) -> Self {
        Self::new(number, number)
    }

    /// What contains these numbers, each of them the nearest double to the exact one.
    fn around(numbers: [f64; 2]) -> Self {
        let [low, high] = numbers;
        // NaN is what an operation without a bound gives: any number.
        if low.is_nan() || high.is_nan() {
            return Self { low: f64::NEG_INFINITY, high: f64::INFINITY };
        }
        Self { low: low.next_down(), high: high.next_up() }
    }

    pub fn contains(self, number: f64) -> bool {
        self.low <= number && number <= self.high
    }

    pub fn is_positive(self) -> bool {
        self.low > 0.0
    }

    pub fn is_negative(self) -> bool {
        self.high < 0.0
    }

    /// The largest absolute value.
    pub fn magnitude(self) -> f64 {
        self.low.abs().max(self.high.abs())
    }

    pub fn hull(self, other: Self) -> Self {
        Self { low: self.low.min(other.low), high: self.high.max(other.high) }
    }

    /// The halves.
    pub fn halves(self) -> [Self; 2] {
        let middle = 0.5 * (self.low + self.high);
        [Self::new(self.low, middle), Self::new(middle, self.high)]
    }

    /// Equal parts that cover it.
    pub fn parts(self, count: u32) -> impl Iterator<Item = Self> {
        let end = move |part: u32| match part {
            0 => self.low,
            _ if part == count => self.high,
            _ => self.low + (self.high - self.low) * f64::from(part) / f64::from(count),
        };
        (0..count).map(move |part| Self::new(end(part), end(part + 1)))
    }

    /// ln x: libm's logarithm is right to one unit of its last place, and four are allowed.
    pub fn ln(self) -> Self {
        let out = |x: f64, step: fn(f64) -> f64| (0..4).fold(libm::log(x), |x, _| step(x));
        Self { low: out(self.low, f64::next_down), high: out(self.high, f64::next_up) }
    }

    /// e^x, allowed four units of the last place like the logarithm.
    pub fn exp(self) -> Self {
        let out = |x: f64, step: fn(f64) -> f64| (0..4).fold(libm::exp(x), |x, _| step(x));
        Self { low: out(self.low, f64::next_down), high: out(self.high, f64::next_up) }
    }
}

/// The smallest and the largest of the results at the four corners.
fn corners(x: Interval, y: Interval, operation: fn(f64, f64) -> f64) -> Interval {
    let results = [(x.low, y.low), (x.low, y.high), (x.high, y.low), (x.high, y.high)].map(|(x, y)| operation(x, y));
    let nan = results.iter().any(|result| result.is_nan());
    let [low, high] = [
        results.iter().copied().fold(f64::INFINITY, f64::min),
        results.iter().copied().fold(f64::NEG_INFINITY, f64::max),
    ];
    Interval::around(if nan { [f64::NAN; 2] } else { [low, high] })
}

operators!([] Interval:
    |x, y| Interval::around([x.low + y.low, x.high + y.high]),
    |x, y| Interval::around([x.low - y.high, x.high - y.low]),
    |x, y| corners(x, y, |x, y| x * y),
    |x, y| if y.contains(0.0) { Interval::around([f64::NAN; 2]) } else { corners(x, y, |x, y| x / y) }
);

impl Field for Interval {
    fn constant(self, value: f64) -> Self {
        Self::point(value)
    }
}

#[test]
fn intervals_hold_the_exact_results_of_their_operations() {
    use crate::exact::identity::{numbers, rational};
    let exact = |number: f64| crate::exact::numbers::rational::Rational::whole(0).constant(number);
    let mut numbers = numbers("interval", 0);
    for _ in 0..500 {
        let [x, y] = std::array::from_fn(|_| {
            let number = rational(&mut numbers);
            let number = number.to_f64() - 1.0;
            Interval::new(number, number + 0.001)
        });
        // Inside of the box: its corners are exact numbers.
        for (a, b) in [(x.low, y.low), (x.high, y.low), (x.low, y.high), (x.high, y.high)] {
            let (p, q) = (exact(a), exact(b));
            let mut inside = vec![(x + y, p + q), (x - y, p - q), (x * y, p * q)];
            if !y.contains(0.0) {
                inside.push((x / y, p / q));
            }
            for (interval, number) in inside {
                assert!(exact(interval.low) < number && number < exact(interval.high), "{x:?} {y:?}");
            }
        }
    }
    let whole = Interval::point(1.0) / Interval::new(-1.0, 1.0);
    assert!(whole.low == f64::NEG_INFINITY && whole.high == f64::INFINITY);
    assert!((Interval::new(2.0, 3.0).ln().contains(1.0)) && Interval::point(1.0).exp().contains(std::f64::consts::E));
}
