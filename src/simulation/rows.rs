//! One step of an optimizer on free embeddings: every row is a group.

use ndarray::Array2;

use crate::optimizer::{Update, WeightDecay};

/// Moves every row of `points` along its row of `gradient`, with weight decay. Coupled decay goes into the gradient.
///
/// # Panics
/// If a matrix is not in standard layout.
pub(super) fn step_rows(
    update: &mut dyn Update,
    learning_rate: f64,
    decay: Option<WeightDecay>,
    points: &mut Array2<f64>,
    gradient: &mut Array2<f64>,
) {
    let columns = points.ncols().max(1);
    let points = points.as_slice_mut().expect("points are kept in standard layout");
    let slopes = gradient.as_slice_mut().expect("gradients are made in standard layout");
    for (group, (point, slope)) in points.chunks_mut(columns).zip(slopes.chunks_mut(columns)).enumerate() {
        if let Some(decay) = decay {
            decay.add_to_gradient(point, slope);
            decay.shrink(learning_rate, point);
        }
        update.step(group, learning_rate, point, slope);
    }
}
