//! Truncated power series in one variable h, a finite number of negative powers among them.

use embedding_norms::field::Field;

use super::{Exact, operators};

/// Coefficients that are kept, from the lowest power that there is.
const KEPT: usize = 8;

/// Σ c_m h^m from m = `start` on, known up to but without h^(start + known).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Series<F> {
    start: i32,
    known: usize,
    coefficients: [F; KEPT],
}

impl<F: Exact> Series<F> {
    /// The constant series of a number.
    pub fn of(number: F) -> Self {
        Self::from_powers(0, &[number])
    }

    /// number · h.
    pub fn linear(number: F) -> Self {
        Self::from_powers(1, &[number])
    }

    /// The coefficients of the powers from `start` on; the later ones are 0.
    fn from_powers(start: i32, coefficients: &[F]) -> Self {
        let zero = coefficients[0].constant(0.0);
        let coefficients = std::array::from_fn(|m| coefficients.get(m).copied().unwrap_or(zero));
        Self { start, known: KEPT, coefficients }
    }

    /// The coefficient of h^power.
    ///
    /// # Panics
    /// If it is not known.
    pub fn coefficient(&self, power: i32) -> F {
        assert!(power < self.end(), "h^{power} of a series that is known below h^{}", self.end());
        self.at(power)
    }

    fn at(&self, power: i32) -> F {
        let place = usize::try_from(power - self.start).ok().filter(|&place| place < KEPT);
        place.map_or(self.coefficients[0].constant(0.0), |place| self.coefficients[place])
    }

    /// The first power that is not known.
    fn end(&self) -> i32 {
        self.start + self.known as i32
    }

    fn combine(self, other: Self, combine: fn(F, F) -> F) -> Self {
        let start = self.start.min(other.start);
        let end = self.end().min(other.end()).min(start + KEPT as i32);
        let coefficients = std::array::from_fn(|m| combine(self.at(start + m as i32), other.at(start + m as i32)));
        Self { start, known: usize::try_from(end - start).unwrap_or(0), coefficients }
    }

    fn times(self, other: Self) -> Self {
        let zero = self.coefficients[0].constant(0.0);
        let coefficients = std::array::from_fn(|m| {
            (0..=m).fold(zero, |sum, k| sum + self.coefficients[k] * other.coefficients[m - k])
        });
        Self { start: self.start + other.start, known: self.known.min(other.known), coefficients }
    }

    /// Without the leading coefficients that are zero; one that has no other is left as it is.
    fn normalized(self) -> Self {
        let Some(zeros) = self.coefficients[..self.known].iter().position(|c| !c.is_zero()) else { return self };
        let start = self.start + zeros as i32;
        Self { start, known: self.known - zeros, coefficients: std::array::from_fn(|m| self.at(start + m as i32)) }
    }

    fn inverse(self) -> Self {
        let series = self.normalized();
        let [zero, one] = [0.0, 1.0].map(|value| self.coefficients[0].constant(value));
        let first = series.coefficients[0];
        let mut inverse = [one / first; KEPT];
        for m in 1..KEPT {
            let sum = (1..=m).fold(zero, |sum, k| sum + series.coefficients[k] * inverse[m - k]);
            inverse[m] = (zero - sum) / first;
        }
        Self { start: -series.start, known: series.known, coefficients: inverse }
    }

    /// A series in h whose derivative is `slope`, with the constant term `start`.
    fn integral(slope: Self, constant: F) -> Self {
        assert!(slope.start >= 0, "a logarithm would appear");
        let coefficients = std::array::from_fn(|m| match m {
            0 => constant,
            _ => slope.at(m as i32 - 1) / constant.constant(m as f64),
        });
        Self { start: 0, known: KEPT.min(usize::try_from(slope.end() + 1).unwrap_or(0)), coefficients }
    }

    fn derivative(self) -> Self {
        let coefficients = std::array::from_fn(|m| {
            let power = self.start + m as i32;
            self.coefficients[m].constant(f64::from(power)) * self.coefficients[m]
        });
        let series = Self { start: self.start - 1, coefficients, ..self };
        // A constant term has left a zero in front.
        if self.start == 0 {
            Self { start: 0, known: self.known - 1, coefficients: shifted(coefficients) }
        } else {
            series
        }
    }

    /// ln of a series that begins with 1.
    pub fn ln(self) -> Self {
        let zero = self.coefficients[0].constant(0.0);
        Self::integral(self.derivative() / self, zero)
    }

    /// atan of a series that begins with h.
    pub fn atan(self) -> Self {
        let zero = self.coefficients[0].constant(0.0);
        let one = self.constant(1.0);
        Self::integral(self.derivative() / (one + self * self), zero)
    }

    /// The root of a series that begins with 1, by Newton's method: every turn doubles the coefficients that are right.
    pub fn root(self) -> Self {
        let half = self.constant(0.5);
        (0..4).fold(self.constant(1.0), |root, _| half * (root + self / root))
    }
}

fn shifted<F: Field>(coefficients: [F; KEPT]) -> [F; KEPT] {
    let zero = coefficients[0].constant(0.0);
    std::array::from_fn(|m| coefficients.get(m + 1).copied().unwrap_or(zero))
}

operators!([F: Exact] Series<F>:
    |x, y| x.combine(y, F::add),
    |x, y| x.combine(y, F::sub),
    Series::times,
    |x, y| x.times(y.inverse())
);

impl<F: Exact> Field for Series<F> {
    fn constant(self, value: f64) -> Self {
        Self::of(self.coefficients[0].constant(value))
    }
}

impl<F: Exact> Exact for Series<F> {}
