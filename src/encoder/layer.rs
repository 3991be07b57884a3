//! Layers in sequence, with their forward and backward passes.

use ndarray::{Array2, ArrayView2, Zip};

use super::normalized::Normalized;
use super::{AveragePool, BatchNorm, Convolution, LayerNorm, Linear, Precision};

/// One layer of a network.
#[derive(Clone, Debug, PartialEq)]
pub enum Layer {
    /// y = W x + b.
    Linear(Linear),
    /// y_o = b + Σ_t W_t x_{s·o + t}, for images.
    Convolution(Convolution),
    /// The mean over the places of an image.
    AveragePool(AveragePool),
    /// Features normalized over the rows of a batch.
    BatchNorm(BatchNorm),
    /// Rows normalized over their features.
    LayerNorm(LayerNorm),
    /// y = max(0, x). Its derivative at 0 is 0, as in PyTorch.
    Rectifier,
    /// y = x + f(x), with f these layers one after another.
    Residual(Vec<Layer>),
}

impl Layer {
    /// The numbers of features that go in and come out; `None` if any number does.
    pub(super) fn widths(&self) -> Option<(usize, usize)> {
        match self {
            Self::Linear(linear) => Some(linear.widths()),
            Self::Convolution(convolution) => Some(convolution.widths()),
            Self::AveragePool(pool) => Some(pool.widths()),
            Self::BatchNorm(norm) => Some((norm.width(), norm.width())),
            Self::LayerNorm(norm) => Some((norm.width(), norm.width())),
            Self::Rectifier => None,
            Self::Residual(layers) => widths(layers),
        }
    }

    /// The number of tensors.
    fn tensors(&self) -> usize {
        match self {
            Self::Linear(linear) => linear.tensors(),
            Self::Convolution(convolution) => convolution.linear().tensors(),
            Self::BatchNorm(_) | Self::LayerNorm(_) => 2,
            Self::Rectifier | Self::AveragePool(_) => 0,
            Self::Residual(layers) => layers.iter().map(Self::tensors).sum(),
        }
    }

    /// Whether the backward pass needs the outputs.
    fn needs_outputs(&self) -> bool {
        matches!(self, Self::Rectifier)
    }

    pub(super) fn slices(&self) -> Vec<&[f64]> {
        match self {
            Self::Linear(linear) => linear.slices().collect(),
            Self::Convolution(convolution) => convolution.linear().slices().collect(),
            Self::BatchNorm(norm) => norm.slices().to_vec(),
            Self::LayerNorm(norm) => norm.slices().to_vec(),
            Self::Rectifier | Self::AveragePool(_) => Vec::new(),
            Self::Residual(layers) => layers.iter().flat_map(Self::slices).collect(),
        }
    }

    pub(super) fn slices_mut(&mut self) -> Vec<&mut [f64]> {
        match self {
            Self::Linear(linear) => linear.slices_mut().collect(),
            Self::Convolution(convolution) => convolution.linear_mut().slices_mut().collect(),
            Self::BatchNorm(norm) => norm.slices_mut().into(),
            Self::LayerNorm(norm) => norm.slices_mut().into(),
            Self::Rectifier | Self::AveragePool(_) => Vec::new(),
            Self::Residual(layers) => layers.iter_mut().flat_map(Self::slices_mut).collect(),
        }
    }

    /// All numbers that change in training: parameters and running statistics.
    pub(super) fn state_mut(&mut self) -> Vec<&mut [f64]> {
        match self {
            Self::BatchNorm(norm) => norm.state_mut().into(),
            Self::Residual(layers) => layers.iter_mut().flat_map(Self::state_mut).collect(),
            _ => self.slices_mut(),
        }
    }

    /// The ε of the normalizations, in order.
    pub(super) fn epsilons_mut(&mut self) -> Vec<&mut f64> {
        match self {
            Self::BatchNorm(norm) => vec![norm.epsilon_mut()],
            Self::LayerNorm(norm) => vec![norm.epsilon_mut()],
            Self::Residual(layers) => layers.iter_mut().flat_map(Self::epsilons_mut).collect(),
            _ => Vec::new(),
        }
    }

    /// Forms products of matrices in this precision from now on.
    pub(super) fn set_precision(&mut self, precision: Precision) {
        match self {
            Self::Linear(linear) => *linear.precision_mut() = precision,
            Self::Convolution(convolution) => *convolution.linear_mut().precision_mut() = precision,
            Self::Residual(layers) => layers.iter_mut().for_each(|layer| layer.set_precision(precision)),
            Self::AveragePool(_) | Self::Rectifier | Self::BatchNorm(_) | Self::LayerNorm(_) => {}
        }
    }
}

/// The numbers of features that go in and come out of layers one after another.
///
/// # Panics
/// If the outputs of one are not the inputs of the next, or a residual sum is one of different numbers.
pub(super) fn widths(layers: &[Layer]) -> Option<(usize, usize)> {
    layers.iter().fold(None, |before, layer| {
        let own = layer.widths();
        if let (Layer::Residual(_), Some((inputs, outputs))) = (layer, own) {
            assert_eq!(inputs, outputs, "a residual sum needs as many outputs as inputs");
        }
        let (Some((inputs, outputs)), Some(own)) = (before, own) else { return before.or(own) };
        assert_eq!(outputs, own.0, "the outputs of a layer are the inputs of the next");
        Some((inputs, own.1))
    })
}

/// What one layer has computed.
#[derive(Clone, Debug)]
pub(super) struct Step {
    /// Empty once it is no longer needed.
    outputs: Array2<f64>,
    memory: Memory,
}

/// What a layer keeps beside its outputs.
#[derive(Clone, Debug)]
enum Memory {
    Nothing,
    Normalized(Normalized),
    Inner(Vec<Step>),
}

/// The forward pass through layers; statistics are those of the batch.
pub(super) fn forward(layers: &[Layer], inputs: ArrayView2<'_, f64>) -> Vec<Step> {
    let mut steps = Vec::with_capacity(layers.len());
    for (place, layer) in layers.iter().enumerate() {
        let step = match layer {
            Layer::Linear(linear) => Step::plain(linear.forward(before(&steps, inputs))),
            Layer::Convolution(convolution) => Step::plain(convolution.forward(before(&steps, inputs))),
            Layer::AveragePool(pool) => Step::plain(pool.forward(taken(&layers[..place], &mut steps, inputs).view())),
            Layer::Rectifier => Step::plain(rectified(taken(&layers[..place], &mut steps, inputs))),
            Layer::BatchNorm(norm) => Step::normalized(norm.forward(taken(&layers[..place], &mut steps, inputs))),
            Layer::LayerNorm(norm) => Step::normalized(norm.forward(taken(&layers[..place], &mut steps, inputs))),
            Layer::Residual(inner) => {
                let inputs = before(&steps, inputs);
                let mut own = forward(inner, inputs);
                let mut outputs = taken(inner, &mut own, inputs);
                outputs += &inputs;
                Step { outputs, memory: Memory::Inner(own) }
            }
        };
        steps.push(step);
    }
    steps
}

/// The backward pass: adds the gradients of all tensors, and returns ∂L/∂x of the inputs if it is wanted.
///
/// `upstream` is ∂L/∂y of the last outputs.
pub(super) fn backward(
    layers: &[Layer],
    inputs: ArrayView2<'_, f64>,
    steps: &[Step],
    mut upstream: Array2<f64>,
    mut gradients: &mut [Vec<f64>],
    wanted: bool,
) -> Option<Array2<f64>> {
    for (place, (layer, step)) in layers.iter().zip(steps).enumerate().rev() {
        let (earlier, own) = gradients.split_at_mut(gradients.len() - layer.tensors());
        gradients = earlier;
        upstream = match (layer, &step.memory) {
            (Layer::Linear(linear), _) => {
                let (inputs, slopes) = (before(&steps[..place], inputs), upstream.view());
                let add_gradients = || linear.add_gradients(inputs, slopes, own);
                with_pull_back(add_gradients, || linear.pull_back(slopes), place > 0 || wanted)?
            }
            (Layer::Convolution(convolution), _) => {
                let (inputs, slopes) = (before(&steps[..place], inputs), upstream.view());
                let add_gradients = || convolution.add_gradients(inputs, slopes, own);
                with_pull_back(add_gradients, || convolution.pull_back(slopes), place > 0 || wanted)?
            }
            (Layer::AveragePool(pool), _) => pool.pull_back(upstream.view()),
            (Layer::Rectifier, _) => {
                // A select, not a branch, so that it is vectorized.
                Zip::from(&mut upstream).and(&step.outputs).for_each(|slope, &output| {
                    *slope = if output <= 0.0 { 0.0 } else { *slope };
                });
                upstream
            }
            (Layer::BatchNorm(norm), Memory::Normalized(normalized)) => norm.backward(normalized, upstream, own),
            (Layer::LayerNorm(norm), Memory::Normalized(normalized)) => norm.backward(normalized, upstream, own),
            (Layer::Residual(inner), Memory::Inner(passed)) => {
                let inputs = before(&steps[..place], inputs);
                match backward(inner, inputs, passed, upstream.clone(), own, true) {
                    Some(through) => upstream + through,
                    None => upstream,
                }
            }
            _ => unreachable!("a step is that of its layer"),
        };
    }
    wanted.then_some(upstream)
}

/// Adds the gradients of a layer's tensors, beside ∂L/∂x of its inputs if that is wanted.
fn with_pull_back(
    add_gradients: impl FnOnce() + Send,
    pull_back: impl FnOnce() -> Array2<f64> + Send,
    wanted: bool,
) -> Option<Array2<f64>> {
    if wanted {
        return Some(rayon::join(add_gradients, pull_back).1);
    }
    add_gradients();
    None
}

/// The outputs with running statistics.
pub(super) fn infer(layers: &[Layer], inputs: ArrayView2<'_, f64>) -> Array2<f64> {
    let mut current: Option<Array2<f64>> = None;
    for layer in layers {
        let view = current.as_ref().map_or(inputs, |outputs| outputs.view());
        let next = match layer {
            Layer::Linear(linear) => linear.forward(view),
            Layer::Convolution(convolution) => convolution.forward(view),
            Layer::AveragePool(pool) => pool.forward(owned(current, inputs).view()),
            Layer::Residual(inner) => infer(inner, view) + view,
            Layer::Rectifier => rectified(owned(current, inputs)),
            Layer::BatchNorm(norm) => norm.infer(owned(current, inputs)),
            Layer::LayerNorm(norm) => norm.forward(owned(current, inputs)).0,
        };
        current = Some(next);
    }
    owned(current, inputs)
}

/// Takes the statistics of a batch into the running ones.
pub(super) fn remember(layers: &mut [Layer], steps: &[Step]) {
    for (layer, step) in layers.iter_mut().zip(steps) {
        match (layer, &step.memory) {
            (Layer::BatchNorm(norm), Memory::Normalized(normalized)) => norm.remember(normalized),
            (Layer::Residual(inner), Memory::Inner(passed)) => remember(inner, passed),
            _ => {}
        }
    }
}

/// The outputs of the last of these layers, left in its step only if the backward pass needs them.
pub(super) fn taken(layers: &[Layer], steps: &mut [Step], inputs: ArrayView2<'_, f64>) -> Array2<f64> {
    match (layers.last(), steps.last_mut()) {
        (Some(layer), Some(step)) if !layer.needs_outputs() => std::mem::take(&mut step.outputs),
        (_, Some(step)) => step.outputs.clone(),
        (_, None) => standard(inputs),
    }
}

impl Step {
    fn plain(outputs: Array2<f64>) -> Self {
        Self { outputs, memory: Memory::Nothing }
    }

    fn normalized((outputs, normalized): (Array2<f64>, Normalized)) -> Self {
        Self { outputs, memory: Memory::Normalized(normalized) }
    }
}

/// The inputs of the next layer.
fn before<'a>(steps: &'a [Step], inputs: ArrayView2<'a, f64>) -> ArrayView2<'a, f64> {
    steps.last().map_or(inputs, |step| step.outputs.view())
}

fn owned(current: Option<Array2<f64>>, inputs: ArrayView2<'_, f64>) -> Array2<f64> {
    current.unwrap_or_else(|| standard(inputs))
}

fn standard(inputs: ArrayView2<'_, f64>) -> Array2<f64> {
    inputs.as_standard_layout().into_owned()
}

/// NaN stays NaN, so that it is noticed where embeddings are normalized.
fn rectified(mut outputs: Array2<f64>) -> Array2<f64> {
    outputs.mapv_inplace(|output| if output < 0.0 { 0.0 } else { output });
    outputs
}
