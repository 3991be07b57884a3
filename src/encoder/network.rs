//! Networks: layers one after another.

use ndarray::{Array2, ArrayView2, Axis, concatenate};

use super::layer::{backward, forward, infer, remember, taken, widths};
use super::{Encoder, Input, Layer, Linear, Pass, Precision};
use crate::random::Generator;
use crate::setting::SettingError;

/// A network of [layers](Layer): a multi-layer perceptron, with or without normalizations and residual blocks, or with one
/// linear layer a linear encoder that all inputs share. [`super::Perceptron`] puts the usual ones together.
///
/// A group is a tensor, in the order of the layers: W_1, b_1, W_2, b_2 and so on; of a normalization its gains, then its
/// offsets.
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
    layers: Vec<Layer>,
}

/// Rows that are embedded at a time at inference, so that the images between convolutions take little memory.
const AT_A_TIME: usize = 1024;

impl Network {
    /// A perceptron: linear layers of these widths with rectifiers between them, from the number of features to the
    /// dimension of the embeddings, drawn as PyTorch does by default ([`Linear::draw`]), from the first layer to the last,
    /// weights before biases.
    ///
    /// # Panics
    /// With fewer than two widths, or a width of 0.
    pub fn draw(widths: &[usize], bias: bool, generator: &mut Generator) -> Self {
        assert!(widths.len() > 1, "a network needs a number of inputs and of outputs");
        Self::new(widths.windows(2).map(|pair| Linear::draw(pair[0], pair[1], bias, generator)).collect())
    }

    /// A perceptron of these linear layers, with rectifiers between them.
    ///
    /// # Panics
    /// Without layers, or if the outputs of one are not the inputs of the next.
    pub fn new(layers: Vec<Linear>) -> Self {
        let mut all: Vec<Layer> =
            layers.into_iter().flat_map(|layer| [Layer::Linear(layer), Layer::Rectifier]).collect();
        all.pop();
        Self::of(all)
    }

    /// Of these layers, of any kind.
    ///
    /// # Panics
    /// Without a layer that fixes the number of features; if the outputs of one layer are not the inputs of the next, or
    /// those of a residual block are not as many as its inputs.
    pub fn of(layers: Vec<Layer>) -> Self {
        assert!(widths(&layers).is_some(), "a network needs a layer");
        Self { layers }
    }

    /// The same network, whose products of matrices, forwards and backwards, are formed in this precision. Parameters,
    /// normalizations, losses and optimizers stay in double precision.
    ///
    /// A power of two moves through it without a rounding in either precision, so that what statement S7 says of cuts by
    /// such factors holds bit for bit in both, within the range of single precision.
    ///
    /// ```
    /// use embedding_norms::encoder::{Network, Precision};
    /// use embedding_norms::random::generator;
    /// use ndarray::Array2;
    /// let network = Network::draw(&[64, 64, 10], true, &mut generator(0, b"example", 0));
    /// let exact = network.embed_features(Array2::ones((3, 64)).view());
    /// let rounded = network.in_precision(Precision::Single).embed_features(Array2::ones((3, 64)).view());
    /// assert!(exact != rounded && exact.iter().zip(&rounded).all(|(x, y)| (x - y).abs() < 1e-6));
    /// ```
    pub fn in_precision(mut self, precision: Precision) -> Self {
        self.layers.iter_mut().for_each(|layer| layer.set_precision(precision));
        self
    }

    /// The layers, first to last.
    pub fn layers(&self) -> &[Layer] {
        &self.layers
    }

    /// The embeddings of rows of features, (n × p), as at inference: batch normalizations use their running statistics.
    ///
    /// # Panics
    /// If the network takes another number of features.
    pub fn embed_features(&self, features: ArrayView2<'_, f64>) -> Array2<f64> {
        if features.nrows() <= AT_A_TIME {
            return infer(&self.layers, features);
        }
        let parts = features.axis_chunks_iter(Axis(0), AT_A_TIME).map(|part| infer(&self.layers, part));
        let parts: Vec<_> = parts.collect();
        concatenate(Axis(0), &parts.iter().map(|part| part.view()).collect::<Vec<_>>()).expect("one width")
    }

    /// The embeddings of rows of features, (n × p), as in training: batch normalizations use the statistics of these rows.
    ///
    /// # Panics
    /// If the network takes another number of features.
    pub fn embed_batch(&self, features: ArrayView2<'_, f64>) -> Array2<f64> {
        self.forward(Input { rows: &[], features }).embeddings
    }

    /// Multiplies the ε of each normalization, in the order of the layers, by a factor.
    ///
    /// # Errors
    /// A factor that is negative or not finite.
    ///
    /// # Panics
    /// Unless there is one factor for each normalization.
    pub fn scale_epsilons(&mut self, factors: &[f64]) -> Result<(), SettingError> {
        let epsilons: Vec<&mut f64> = self.layers.iter_mut().flat_map(Layer::epsilons_mut).collect();
        assert_eq!(epsilons.len(), factors.len(), "one factor for each normalization");
        for (epsilon, factor) in epsilons.into_iter().zip(factors) {
            *epsilon = super::normalized::epsilon(*epsilon * factor)?;
        }
        Ok(())
    }

    /// All numbers that change in training: parameters and running statistics, layer by layer.
    pub(crate) fn state_mut(&mut self) -> Vec<&mut [f64]> {
        self.layers.iter_mut().flat_map(Layer::state_mut).collect()
    }

    /// As [`Encoder::backward`], with the gradient with respect to the features, (n × p), for what stands before.
    pub fn backward_to_features(
        &self,
        features: ArrayView2<'_, f64>,
        pass: &Pass,
        upstream: ArrayView2<'_, f64>,
        gradients: &mut [Vec<f64>],
    ) -> Array2<f64> {
        let upstream = upstream.as_standard_layout().into_owned();
        backward(&self.layers, features, &pass.steps, upstream, gradients, true).expect("it is wanted")
    }
}

impl Encoder for Network {
    fn forward(&self, input: Input<'_>) -> Pass {
        let mut steps = forward(&self.layers, input.features);
        Pass { embeddings: taken(&self.layers, &mut steps, input.features), steps }
    }

    fn backward(&self, input: Input<'_>, pass: &Pass, upstream: ArrayView2<'_, f64>, gradients: &mut [Vec<f64>]) {
        let upstream = upstream.as_standard_layout().into_owned();
        backward(&self.layers, input.features, &pass.steps, upstream, gradients, false);
    }

    fn groups(&self) -> Vec<&[f64]> {
        self.layers.iter().flat_map(Layer::slices).collect()
    }

    fn groups_mut(&mut self) -> Vec<&mut [f64]> {
        self.layers.iter_mut().flat_map(Layer::slices_mut).collect()
    }

    fn remember(&mut self, pass: &Pass) {
        remember(&mut self.layers, &pass.steps);
    }

    fn embed(&self, input: Input<'_>) -> Array2<f64> {
        self.embed_features(input.features)
    }
}
