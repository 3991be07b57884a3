//! The files of docs/example: embeddings of handwritten digits before, during and after a short contrastive training.

use std::fs::File;
use std::path::Path;

use embedding_norms::data::augmentation::Augmentation;
use embedding_norms::data::digits::{Digits, SIDE};
use embedding_norms::encoder::{Encoder, Input, Network};
use embedding_norms::loss::NtXent;
use embedding_norms::optimizer::GradientDescent;
use embedding_norms::random::{Generator, generator};
use embedding_norms::training::{Method, Source, Trainer, TwoViews, batches};
use ndarray::{ArrayView1, ArrayView2, ArrayViewMut1, Axis, s};
use npyz::{AutoSerialize, WriterBuilder};

use crate::pages::{UPDATE, updating};
use crate::repository::root;

/// The digit that the training does not see.
const UNSEEN: usize = 8;
/// How many embeddings are saved.
const ROWS: usize = 400;
const EPOCHS: usize = 20;
const BATCH: usize = 256;

/// Writes values as numpy does.
fn write<T: AutoSerialize>(path: &Path, shape: &[u64], values: impl Iterator<Item = T>) {
    let file = File::create(path).unwrap();
    let mut writer = npyz::WriteOptions::<T>::new().default_dtype().shape(shape).writer(file).begin_nd().unwrap();
    writer.extend(values).unwrap();
    writer.finish().unwrap();
}

/// Trains as the page of the folder says, and leaves the files in a folder.
fn train(folder: &Path) {
    let (seen, unseen) = (Digits::load().unwrap().without(UNSEEN), Digits::load().unwrap());
    let others = unseen.labels().iter().enumerate().filter(|(_, label)| **label == UNSEEN).map(|(row, _)| row);
    let unseen = unseen.images().select(Axis(0), &others.collect::<Vec<_>>());
    let random = &mut generator(1, b"docs/example", 0);
    let views = Augmentation::none(SIDE).unwrap().rotation(0.26).unwrap().shift(0.5).unwrap();
    let views = views.scale(0.1).unwrap().noise(0.1).unwrap();
    let images = seen.images();
    let view = move |image: ArrayView1<'_, f64>, view: ArrayViewMut1<'_, f64>, random: &mut Generator| {
        views.view(image, view, random);
    };
    let source = TwoViews::new(images.view(), view);
    let loss = NtXent::new(0.5).unwrap();
    let method = Method::new(&loss, &GradientDescent, 0.5).unwrap().only_whole_batches();
    let mut trainer = Trainer::new(Network::draw(&[64, 64, 16], true, random), method).unwrap();
    let save = |name: &str, network: &Network, images: ArrayView2<'_, f64>| {
        let rows = ROWS.min(images.nrows());
        let places: Vec<usize> = (0..rows).collect();
        let embedded = network.embed(Input { rows: &places, features: images.slice(s![..rows, ..]) });
        let shape = [rows as u64, embedded.ncols() as u64];
        write(&folder.join(name), &shape, embedded.iter().map(|&value| value as f32));
    };
    let images = images.view();
    save("step0.npy", trainer.encoder(), images);
    let places: Vec<usize> = (0..ROWS).collect();
    save("views0.npy", trainer.encoder(), source.views(&places, random).unwrap().first.view());
    let first = batches(images.nrows(), BATCH, random).swap_remove(0);
    trainer.step(&source.views(&first, random).unwrap()).unwrap();
    save("step1.npy", trainer.encoder(), images);
    for _ in 0..EPOCHS {
        trainer.epoch(&source, BATCH, random).unwrap();
    }
    save("last.npy", trainer.encoder(), images);
    save("unseen.npy", trainer.encoder(), unseen.view());
    write(&folder.join("labels.npy"), &[ROWS as u64], seen.labels()[..ROWS].iter().map(|&label| label as i64));
}

#[test]
fn the_example_is_what_its_training_leaves() {
    let folder = root().join("docs/example");
    if updating() {
        train(&folder);
        return;
    }
    let again = tempfile::tempdir().unwrap();
    train(again.path());
    for name in ["step0.npy", "step1.npy", "last.npy", "views0.npy", "unseen.npy", "labels.npy"] {
        let read = |folder: &Path| std::fs::read(folder.join(name)).unwrap();
        assert!(read(&folder) == read(again.path()), "docs/example/{name} is not what the training leaves; {UPDATE}");
    }
}
