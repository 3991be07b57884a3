//! Multi-layer perceptrons with rectifiers.

use ndarray::{Array2, ArrayView2, Zip};

use super::{Encoder, Input, Linear, Pass};
use crate::random::Generator;

/// Linear layers with the rectifier max(0, ·) between them: a multi-layer perceptron, or with one layer a linear encoder
/// that all inputs share.
///
/// The derivative of the rectifier at 0 is 0, as in PyTorch. A group is a tensor: W_1, b_1, W_2, b_2 and so on.
///
/// ```
/// use embedding_norms::encoder::{Encoder, Network};
/// use embedding_norms::random::generator;
/// use ndarray::Array2;
/// let network = Network::draw(&[64, 64, 10], true, &mut generator(0, b"example", 0));
/// let embeddings = network.embed_features(Array2::ones((3, 64)).view());
/// assert_eq!(embeddings.dim(), (3, 10));
/// assert_eq!(network.groups().len(), 4); // two weight matrices and two biases
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Network {
    layers: Vec<Linear>,
}

impl Network {
    /// With layers of these widths, from the number of features to the dimension of the embeddings, drawn as PyTorch
    /// does by default ([`Linear::draw`]), from the first layer to the last, weights before biases.
    ///
    /// # Panics
    /// With fewer than two widths, or a width of 0.
    pub fn draw(widths: &[usize], bias: bool, generator: &mut Generator) -> Self {
        assert!(widths.len() > 1, "a network needs a number of inputs and of outputs");
        Self { layers: widths.windows(2).map(|pair| Linear::draw(pair[0], pair[1], bias, generator)).collect() }
    }

    /// Of these layers.
    ///
    /// # Panics
    /// Without layers, or if the outputs of one are not the inputs of the next.
    pub fn new(layers: Vec<Linear>) -> Self {
        assert!(!layers.is_empty(), "a network needs a layer");
        let fits = |pair: &[Linear]| pair[0].weights().nrows() == pair[1].weights().ncols();
        assert!(layers.windows(2).all(fits), "the outputs of a layer are the inputs of the next");
        Self { layers }
    }

    /// The layers, first to last.
    pub fn layers(&self) -> &[Linear] {
        &self.layers
    }

    /// The embeddings of rows of features, (n × p): of a network they ask for nothing else.
    ///
    /// # Panics
    /// If the network takes another number of features.
    pub fn embed_features(&self, features: ArrayView2<'_, f64>) -> Array2<f64> {
        self.embed(Input { rows: &[], features })
    }

    /// As [`Encoder::backward`], with the gradient with respect to the features, (n × p), for what stands before.
    pub fn backward_to_features(
        &self,
        features: ArrayView2<'_, f64>,
        pass: &Pass,
        upstream: ArrayView2<'_, f64>,
        gradients: &mut [Vec<f64>],
    ) -> Array2<f64> {
        let upstream = self.descend(features, pass, upstream.to_owned(), gradients);
        self.layers[0].pull_back(upstream.view())
    }

    /// Adds every layer's gradients, last to first, and returns ∂L/∂y of the first layer.
    fn descend(
        &self,
        features: ArrayView2<'_, f64>,
        pass: &Pass,
        mut upstream: Array2<f64>,
        mut gradients: &mut [Vec<f64>],
    ) -> Array2<f64> {
        for (layer, hidden) in self.layers.iter().zip(&pass.hidden_before()).rev() {
            let (earlier, own) = gradients.split_at_mut(gradients.len() - layer.tensors());
            gradients = earlier;
            let Some(hidden) = hidden else {
                layer.add_gradients(features, upstream.view(), own);
                break;
            };
            layer.add_gradients(hidden.view(), upstream.view(), own);
            let mut pulled = layer.pull_back(upstream.view());
            // A choice, not a jump, so that it is made for several slopes at a time.
            Zip::from(&mut pulled).and(*hidden).for_each(|slope, &output| {
                *slope = if output <= 0.0 { 0.0 } else { *slope };
            });
            upstream = pulled;
        }
        upstream
    }
}

impl Pass {
    /// What each layer took in: the features, which are not kept here, and then the hidden outputs.
    fn hidden_before(&self) -> Vec<Option<&Array2<f64>>> {
        std::iter::once(None).chain(self.hidden.iter().map(Some)).collect()
    }
}

impl Encoder for Network {
    fn forward(&self, input: Input<'_>) -> Pass {
        let mut hidden = Vec::with_capacity(self.layers.len() - 1);
        let mut outputs = self.layers[0].forward(input.features);
        for layer in &self.layers[1..] {
            // What is no number stays none, so that it is noticed where embeddings are normalized.
            outputs.mapv_inplace(|output| if output < 0.0 { 0.0 } else { output });
            let next = layer.forward(outputs.view());
            hidden.push(std::mem::replace(&mut outputs, next));
        }
        Pass { embeddings: outputs, hidden }
    }

    fn backward(&self, input: Input<'_>, pass: &Pass, upstream: ArrayView2<'_, f64>, gradients: &mut [Vec<f64>]) {
        self.descend(input.features, pass, upstream.to_owned(), gradients);
    }

    fn groups(&self) -> Vec<&[f64]> {
        self.layers.iter().flat_map(Linear::slices).collect()
    }

    fn groups_mut(&mut self) -> Vec<&mut [f64]> {
        self.layers.iter_mut().flat_map(Linear::slices_mut).collect()
    }
}
