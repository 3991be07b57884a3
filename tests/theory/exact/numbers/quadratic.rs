//! A field with a square root adjoined: x + y√n.

use embedding_norms::field::Field;

use super::{Exact, operators};

/// x + y√n. Where a statement has one root in it, its two sides are compared as they stand.
#[derive(Clone, Copy, Debug)]
pub struct Quadratic<F> {
    pub plain: F,
    pub root: F,
    radicand: F,
}

impl<F: Exact> Quadratic<F> {
    /// A number without the root, in the field with √`radicand`.
    pub fn plain(number: F, radicand: F) -> Self {
        Self { plain: number, root: number.constant(0.0), radicand }
    }

    /// √n itself, as the root of a number that is n.
    pub fn square_root(self) -> Self {
        Self { plain: self.plain.constant(0.0), root: self.plain.constant(1.0), radicand: self.radicand }
    }

    /// The multiple of √n.
    pub fn times_root(self, factor: F) -> Self {
        self.with(factor.constant(0.0), factor)
    }

    /// A number without the root, in the field of this one.
    pub fn lift(self, number: F) -> Self {
        Self::plain(number, self.radicand)
    }

    fn with(self, plain: F, root: F) -> Self {
        Self { plain, root, ..self }
    }
}

/// Two numbers may be written in two ways where n is a square; the one way suffices for equality.
impl<F: PartialEq> PartialEq for Quadratic<F> {
    fn eq(&self, other: &Self) -> bool {
        self.plain == other.plain && self.root == other.root
    }
}

operators!([F: Exact] Quadratic<F>:
    |x, y| x.with(x.plain + y.plain, x.root + y.root),
    |x, y| x.with(x.plain - y.plain, x.root - y.root),
    |x, y| x.with(x.plain * y.plain + x.root * y.root * x.radicand, x.plain * y.root + x.root * y.plain),
    |x, y| {
        // By the conjugate: 1/(a + b√n) = (a − b√n)/(a² − nb²).
        let norm = y.plain * y.plain - y.root * y.root * y.radicand;
        let zero = y.plain.constant(0.0);
        x * y.with(y.plain / norm, (zero - y.root) / norm)
    }
);

impl<F: Exact> Field for Quadratic<F> {
    fn constant(self, value: f64) -> Self {
        self.with(self.plain.constant(value), self.plain.constant(0.0))
    }
}

impl<F: Exact> Exact for Quadratic<F> {}
