//! A number and its derivative: x + x'ε with ε² = 0.

use embedding_norms::field::Field;

use super::operators;

/// A value with its derivative along one direction, exact over exact numbers.
#[derive(Clone, Copy, Debug)]
pub struct Dual<F> {
    pub value: F,
    pub slope: F,
}

impl<F: Field> Dual<F> {
    pub fn constant_of(value: F) -> Self {
        Self { value, slope: value.constant(0.0) }
    }

    pub fn variable(value: F) -> Self {
        Self { value, slope: value.constant(1.0) }
    }

    /// The root of a number whose value has this root: (√x)' = x'/(2√x).
    pub fn root(self, root: F) -> Self {
        Self { value: root, slope: self.slope / (root + root) }
    }
}

operators!([F: Field] Dual<F>:
    |x, y| Dual { value: x.value + y.value, slope: x.slope + y.slope },
    |x, y| Dual { value: x.value - y.value, slope: x.slope - y.slope },
    |x, y| Dual { value: x.value * y.value, slope: x.slope * y.value + x.value * y.slope },
    |x, y| Dual {
        value: x.value / y.value,
        slope: (x.slope * y.value - x.value * y.slope) / (y.value * y.value),
    }
);

impl<F: Field> Field for Dual<F> {
    fn constant(self, value: f64) -> Self {
        Self::constant_of(self.value.constant(value))
    }
}
