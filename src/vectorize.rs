//! Wider vector instructions where the processor has them.

/// Runs `work`, compiled for the widest vector instructions of this processor.
///
/// The instructions differ, the result does not: each lane does the same IEEE operations in the same order, and the
/// compiler never contracts a product and a sum into one rounding. `work` and what it calls must be inlined
/// (`#[inline(always)]`) to profit.
pub(crate) fn vectorize<R>(work: impl FnOnce() -> R) -> R {
    pulp::Arch::new().dispatch(work)
}
