//! Powers by multiplication: exact under powers of two and the same on every machine.

/// x^n as a product of n factors.
pub(crate) fn whole_power(x: f64, n: u32) -> f64 {
    (0..n).fold(1.0, |product, _| product * x)
}
