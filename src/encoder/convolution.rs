//! Convolutions, as products of matrices, and means over the places of an image.

use std::ops::Range;

use ndarray::{Array2, ArrayView2, Axis, CowArray, Ix2, Slice};

use super::Linear;
use super::linear::{STANDARD, add};
use crate::numerics::product::{matrix, pieces, side_by_side};
use crate::random::Generator;

/// How large the images are that a layer takes or makes. Their features stand place after place, row by row from the top,
/// with the channels of a place side by side, unless [planes](Convolution::of_planes) are said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Numbers at each place.
    pub channels: usize,
    /// Rows of places.
    pub height: usize,
    /// Columns of places.
    pub width: usize,
}

impl Shape {
    /// The number of places.
    pub fn places(self) -> usize {
        self.height * self.width
    }

    /// The number of features.
    pub fn features(self) -> usize {
        self.channels * self.places()
    }
}

/// A convolution of images x of c channels to q channels: y_o = b + Σ_t W_t x_{s·o + t}, over the places t of a window of
/// k × k around each place o of the result, with zeros outside the image.
///
/// With k odd, (k − 1)/2 zeros on each side and a step of s, h rows become ⌈h/s⌉: PyTorch's `Conv2d` with
/// `padding=(k - 1) // 2`. W is (q × k²c), a window row by row with the channels of a place side by side; a group of
/// parameters, and b (q) is another one.
///
/// ```
/// use embedding_norms::encoder::{Convolution, Layer, Linear, Network, Shape};
/// use ndarray::{Array2, array};
/// // The sum over the 3 × 3 neighbours of each of 2 × 2 places.
/// let sums = Linear::new(Array2::ones((1, 9)), None);
/// let layer = Convolution::new(Shape { channels: 1, height: 2, width: 2 }, 3, 1, sums);
/// let images = array![[1.0, 2.0, 3.0, 4.0]];
/// assert_eq!(Network::of(vec![Layer::Convolution(layer)]).embed_features(images.view()), array![[10.0, 10.0, 10.0, 10.0]]);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Convolution {
    input: Shape,
    /// k.
    window: usize,
    /// s.
    step: usize,
    /// W and b.
    linear: Linear,
    planes: bool,
}

impl Convolution {
    /// Of windows of k × k places of such images, at every s-th place, with these weights (q × k²c) and biases.
    ///
    /// # Panics
    /// If k is even, s is 0, the images have no features, or there are not k²c weights for each output.
    pub fn new(input: Shape, window: usize, step: usize, linear: Linear) -> Self {
        assert!(input.features() > 0, "images need channels and places");
        assert!(window % 2 == 1, "a window needs a place in its middle");
        assert!(step > 0, "windows need a step");
        assert_eq!(linear.widths().0, window * window * input.channels, "a weight for each number in a window");
        Self { input, window, step, linear, planes: false }
    }

    /// As [`Convolution::new`], with weights drawn as PyTorch does by default: uniform between ±1/√(k²c), as those of a
    /// linear layer from so many inputs ([`Linear::draw`]).
    ///
    /// # Panics
    /// As [`Convolution::new`], and if there are no outputs.
    pub fn draw(
        input: Shape,
        (window, step): (usize, usize),
        outputs: usize,
        bias: bool,
        generator: &mut Generator,
    ) -> Self {
        let linear = Linear::draw(window * window * input.channels, outputs, bias, generator);
        Self::new(input, window, step, linear)
    }

    /// Of images that stand plane after plane, each row by row: those of [`crate::data::images`], and PyTorch's.
    pub fn of_planes(self) -> Self {
        Self { planes: true, ..self }
    }

    /// The images that it makes.
    pub fn output(&self) -> Shape {
        Shape {
            channels: self.linear.widths().1,
            height: self.input.height.div_ceil(self.step),
            width: self.input.width.div_ceil(self.step),
        }
    }

    /// The weights W and the biases b.
    pub fn linear(&self) -> &Linear {
        &self.linear
    }

    pub(super) fn linear_mut(&mut self) -> &mut Linear {
        &mut self.linear
    }

    /// The numbers of features that go in and come out.
    pub(super) fn widths(&self) -> (usize, usize) {
        (self.input.features(), self.output().features())
    }

    /// The outputs for rows of images.
    pub(super) fn forward(&self, inputs: ArrayView2<'_, f64>) -> Array2<f64> {
        let inputs = self.by_places(inputs);
        let width = self.widths().1;
        let mut outputs = Array2::zeros((inputs.nrows(), width));
        let weights = self.linear.right(self.linear.weights().t());
        self.each_block(inputs.nrows(), (outputs.as_slice_mut().expect(STANDARD), width), |images, outputs| {
            let mut windows = Vec::new();
            self.gather(inputs.view(), images, &mut windows);
            weights.product(matrix(&windows, self.weights()), outputs);
            self.linear.add_bias(outputs);
        });
        outputs
    }

    /// Adds ∂L/∂W and ∂L/∂b to the gradients of this layer's tensors, for G = ∂L/∂y: those of a linear layer of all windows.
    pub(super) fn add_gradients(
        &self,
        inputs: ArrayView2<'_, f64>,
        upstream: ArrayView2<'_, f64>,
        gradients: &mut [Vec<f64>],
    ) {
        let inputs = self.by_places(inputs);
        let slopes = upstream.to_slice().expect(STANDARD);
        let output = self.output();
        let mut sums = vec![0.0; gradients[0].len()];
        let mut windows = Vec::new();
        for first in (0..inputs.nrows()).step_by(self.block()) {
            let images = first..inputs.nrows().min(first + self.block());
            let slopes = &slopes[images.start * output.features()..images.end * output.features()];
            self.gather(inputs.view(), images, &mut windows);
            self.linear.right(matrix(&windows, self.weights())).add_transposed(
                matrix(slopes, output.channels),
                &mut sums,
                first == 0,
            );
        }
        add(&mut gradients[0], &sums);
        self.linear.add_bias_gradient(slopes, gradients);
    }

    /// ∂L/∂x: each place's windows give back what they took from it.
    pub(super) fn pull_back(&self, upstream: ArrayView2<'_, f64>) -> Array2<f64> {
        let slopes = upstream.to_slice().expect(STANDARD);
        let width = self.input.features();
        let mut pulled = Array2::zeros((upstream.nrows(), width));
        let weights = self.linear.right(self.linear.weights());
        let output = self.output();
        self.each_block(upstream.nrows(), (pulled.as_slice_mut().expect(STANDARD), width), |images, pulled| {
            let slopes = &slopes[images.start * output.features()..images.end * output.features()];
            let mut windows = vec![0.0; images.len() * output.places() * self.weights()];
            weights.product(matrix(slopes, output.channels), &mut windows);
            self.scatter(&windows, pulled);
        });
        if self.planes { turned(pulled.view(), self.input.places()).into_owned() } else { pulled }
    }

    /// The number of weights of an output, k²c.
    fn weights(&self) -> usize {
        self.linear.widths().0
    }

    /// So many images at a time that their windows fit into a cache.
    fn block(&self) -> usize {
        (BLOCK / (self.output().places() * self.weights())).max(1)
    }

    /// Calls `work` with some images at a time and their rows of `results`, side by side where that pays.
    fn each_block(
        &self,
        images: usize,
        (results, width): (&mut [f64], usize),
        work: impl Fn(Range<usize>, &mut [f64]) + Send + Sync,
    ) {
        let output = self.output();
        let pieces = pieces(images, output.features() * self.weights());
        let Some(size) = pieces.first().map(Range::len) else { return };
        side_by_side(pieces.iter().zip(results.chunks_mut(size * width)), |(piece, results)| {
            let blocks = piece.clone().step_by(self.block()).zip(results.chunks_mut(self.block() * width));
            for (first, results) in blocks {
                work(first..first + results.len() / width, results);
            }
        });
    }

    /// The images with the channels of a place side by side, in standard layout.
    fn by_places<'a>(&self, inputs: ArrayView2<'a, f64>) -> CowArray<'a, f64, Ix2> {
        if self.planes && self.input.channels > 1 {
            return turned(inputs.as_standard_layout().view(), self.input.channels).into_owned().into();
        }
        match inputs.to_slice() {
            Some(_) => inputs.into(),
            None => inputs.as_standard_layout().into_owned().into(),
        }
    }

    /// The windows of some images, (images · places × k²c).
    fn gather(&self, inputs: ArrayView2<'_, f64>, images: Range<usize>, windows: &mut Vec<f64>) {
        windows.clear();
        let size = self.output().places() * self.weights();
        windows.resize(images.len() * size, 0.0);
        let images = inputs.slice_axis_move(Axis(0), Slice::from(images));
        let images = images.to_slice().expect(STANDARD).chunks_exact(self.input.features());
        for (image, windows) in images.zip(windows.chunks_exact_mut(size)) {
            self.each_run(|of_image, of_windows| windows[of_windows].copy_from_slice(&image[of_image]));
        }
    }

    /// Adds the windows of images to the images.
    fn scatter(&self, windows: &[f64], images: &mut [f64]) {
        let size = self.output().places() * self.weights();
        for (image, windows) in images.chunks_exact_mut(self.input.features()).zip(windows.chunks_exact(size)) {
            self.each_run(|of_image, of_windows| add(&mut image[of_image], &windows[of_windows]));
        }
    }

    /// Calls `work` with every run of numbers that lie side by side in an image and in one of its windows: the part of a
    /// window's row that is inside the image.
    fn each_run(&self, mut work: impl FnMut(Range<usize>, Range<usize>)) {
        let Shape { channels, height, width } = self.input;
        let (output, border) = (self.output(), (self.window - 1) / 2);
        let row_of_window = self.window * channels;
        for (place, window) in (0..output.places()).zip((0..).step_by(self.weights())) {
            let (top, left) = (place / output.width * self.step, place % output.width * self.step);
            let skipped = border.saturating_sub(left);
            let first = (left + skipped) - border;
            let count = (left + self.window - border).min(width) - first;
            for row in 0..self.window {
                let Some(y) = (top + row).checked_sub(border).filter(|&y| y < height) else { continue };
                let from = (y * width + first) * channels;
                let to = window + row * row_of_window + skipped * channels;
                work(from..from + count * channels, to..to + count * channels);
            }
        }
    }
}

/// Numbers of windows at a time: 2 MiB.
const BLOCK: usize = 1 << 18;

/// Rows of which each is a matrix of so many rows, transposed.
fn turned(images: ArrayView2<'_, f64>, rows: usize) -> Array2<f64> {
    let (count, features) = images.dim();
    let columns = features / rows;
    let mut turned = Array2::zeros((count, features));
    for (image, mut turned) in images.rows().into_iter().zip(turned.rows_mut()) {
        for (index, place) in turned.iter_mut().enumerate() {
            *place = image[index % rows * columns + index / rows];
        }
    }
    turned
}

/// The mean over the places of an image, of each channel: PyTorch's `AdaptiveAvgPool2d(1)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AveragePool(Shape);

impl AveragePool {
    /// Of such images.
    ///
    /// # Panics
    /// If they have no features.
    pub fn new(input: Shape) -> Self {
        assert!(input.features() > 0, "images need channels and places");
        Self(input)
    }

    pub(super) fn widths(&self) -> (usize, usize) {
        (self.0.features(), self.0.channels)
    }

    pub(super) fn forward(&self, inputs: ArrayView2<'_, f64>) -> Array2<f64> {
        let (width, channels) = self.widths();
        let mut outputs = Array2::zeros((inputs.nrows(), channels));
        let images = inputs.to_slice().expect(STANDARD).chunks_exact(width);
        for (image, means) in images.zip(outputs.as_slice_mut().expect(STANDARD).chunks_exact_mut(channels)) {
            image.chunks_exact(channels).for_each(|place| add(means, place));
            means.iter_mut().for_each(|mean| *mean /= self.0.places() as f64);
        }
        outputs
    }

    /// ∂L/∂x = G/(number of places), at each place.
    pub(super) fn pull_back(&self, upstream: ArrayView2<'_, f64>) -> Array2<f64> {
        let (width, channels) = self.widths();
        Array2::from_shape_fn((upstream.nrows(), width), |(image, feature)| {
            upstream[(image, feature % channels)] / self.0.places() as f64
        })
    }
}
