//! Numbers over which the library's own formulas run: exact ones, ones that find a wrong formula, ones with bounds.

pub mod degree;
pub mod dual;
pub mod interval;
pub mod jet;
pub mod perturbed;
pub mod prime;
pub mod quadratic;
pub mod rational;
pub mod series;

use std::fmt::Debug;

use embedding_norms::field::Field;

/// A field in which equality can be decided.
pub trait Exact: Field + PartialEq + Debug {
    /// Whether it is zero.
    fn is_zero(self) -> bool {
        self == self.constant(0.0)
    }
}

/// The four operations of a type from functions of two values.
macro_rules! operators {
    ([$($generics:tt)*] $type:ty: $add:expr, $sub:expr, $mul:expr, $div:expr) => {
        $crate::exact::numbers::operators!(@ [$($generics)*] $type, Add, add, $add);
        $crate::exact::numbers::operators!(@ [$($generics)*] $type, Sub, sub, $sub);
        $crate::exact::numbers::operators!(@ [$($generics)*] $type, Mul, mul, $mul);
        $crate::exact::numbers::operators!(@ [$($generics)*] $type, Div, div, $div);
    };
    (@ [$($generics:tt)*] $type:ty, $trait:ident, $method:ident, $function:expr) => {
        impl<$($generics)*> std::ops::$trait for $type {
            type Output = Self;

            fn $method(self, other: Self) -> Self {
                let function: fn(Self, Self) -> Self = $function;
                function(self, other)
            }
        }
    };
}
pub(crate) use operators;
