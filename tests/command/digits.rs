//! The handwritten digits, and the views that are made of them.

use std::f64::consts::FRAC_PI_2;

use embedding_norms::data::augmentation::{Affine, Augmentation};
use embedding_norms::data::digits::{Digits, IMAGES, SIDE};
use embedding_norms::random::generator;
use ndarray::{Array1, Array2, Axis, array};

fn digits() -> Digits {
    Digits::load().unwrap()
}

/// An image of distinct pixels without symmetries.
fn image(side: usize) -> Array1<f64> {
    (0..side * side).map(|pixel| libm::sqrt(2.0 + pixel as f64)).collect()
}

fn changed(image: &Array1<f64>, map: Affine) -> Array1<f64> {
    let mut changed = Array1::from_elem(image.len(), f64::NAN);
    map.apply(image.view(), changed.view_mut());
    changed
}

fn view(augmentation: Augmentation, image: &Array1<f64>, replicate: u64) -> Array1<f64> {
    let mut view = Array1::from_elem(image.len(), f64::NAN);
    augmentation.view(image.view(), view.view_mut(), &mut generator(1, b"views", replicate));
    view
}

/// The greatest difference between two images.
fn apart(one: &Array1<f64>, other: &Array1<f64>) -> f64 {
    one.iter().zip(other).fold(0.0, |largest, (a, b)| libm::fmax(largest, libm::fabs(a - b)))
}

#[test]
fn the_digits_are_the_published_ones() {
    let digits = digits();
    let count = |digit| digits.labels().iter().filter(|&&label| label == digit).count();
    // As the UCI repository lists the classes of the test part.
    assert_eq!([0, 1, 2, 3, 4, 5, 6, 7, 8, 9].map(count), [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]);
    assert!(digits.images().iter().all(|pixel| (0.0..=1.0).contains(pixel) && (16.0 * pixel).fract() == 0.0));
    // The sum of all published pixels, as scikit-learn's copy has it.
    assert_eq!(16.0 * digits.images().sum(), 561_718.0);
    let first = [
        [0, 0, 5, 13, 9, 1, 0, 0],
        [0, 0, 13, 15, 10, 15, 5, 0],
        [0, 3, 15, 2, 0, 11, 8, 0],
        [0, 4, 12, 0, 0, 8, 8, 0],
        [0, 5, 8, 0, 0, 9, 8, 0],
        [0, 4, 11, 0, 1, 12, 7, 0],
        [0, 2, 14, 5, 10, 12, 0, 0],
        [0, 0, 6, 13, 10, 0, 0, 0],
    ];
    assert_eq!(digits.images().row(0).mapv(|pixel| (16.0 * pixel) as i32).to_vec(), first.concat());
    assert_eq!(digits.labels()[0], 0);
}

#[test]
fn a_digit_can_be_left_out() {
    let (all, others) = (digits(), digits().without(4));
    assert_eq!(others.labels().len(), IMAGES - 181);
    let kept: Vec<usize> = (0..IMAGES).filter(|&row| all.labels()[row] != 4).collect();
    assert_eq!(others.images(), all.images().select(Axis(0), &kept));
    assert!(others.labels().iter().zip(&kept).all(|(&label, &row)| label == all.labels()[row]));
}

#[test]
fn known_maps_give_known_images() {
    let original = image(SIDE);
    assert_eq!(changed(&original, Affine::new(SIDE, 0.0, 1.0, (0.0, 0.0)).unwrap()), original);
    let square = Array2::from_shape_vec((SIDE, SIDE), original.to_vec()).unwrap();
    let expect = |map: Affine, place: &dyn Fn(usize, usize) -> Option<(usize, usize)>| {
        let expected = Array2::from_shape_fn((SIDE, SIDE), |(row, column)| {
            place(row, column).map_or(0.0, |(row, column)| square[[row, column]])
        });
        let expected: Array1<f64> = expected.into_iter().collect();
        apart(&changed(&original, map), &expected)
    };
    // A quarter turn anticlockwise brings the last column, from the top down, to the first row.
    let turned = |row: usize, column: usize| Some((column, SIDE - 1 - row));
    assert!(expect(Affine::new(SIDE, FRAC_PI_2, 1.0, (0.0, 0.0)).unwrap(), &turned) < 1e-13);
    assert!(expect(Affine::new(SIDE, -FRAC_PI_2, 1.0, (0.0, 0.0)).unwrap(), &turned) > 0.1, "the other way");
    assert!(expect(Affine::new(SIDE, 1.5, 1.0, (0.0, 0.0)).unwrap(), &turned) > 0.1, "not a quarter turn");
    // Two pixels to the right and one up, with zeros behind.
    let moved = |row: usize, column: usize| (column >= 2 && row + 1 < SIDE).then(|| (row + 1, column - 2));
    assert_eq!(expect(Affine::new(SIDE, 0.0, 1.0, (2.0, -1.0)).unwrap(), &moved), 0.0);
    assert!(expect(Affine::new(SIDE, 0.0, 1.0, (-2.0, 1.0)).unwrap(), &moved) > 0.1, "the other way");
    assert!(expect(Affine::new(SIDE, 0.0, 1.0, (2.0, -0.9)).unwrap(), &moved) > 0.01, "not a whole pixel");
}

#[test]
fn places_between_pixels_are_blended() {
    let original = array![1.0, 2.0, 4.0, 8.0];
    // Half a pixel to the left and up: every pixel is the mean of four, of which those outside are 0.
    let half = changed(&original, Affine::new(2, 0.0, 1.0, (-0.5, -0.5)).unwrap());
    assert_eq!(half, array![15.0 / 4.0, 10.0 / 4.0, 12.0 / 4.0, 8.0 / 4.0]);
    // Half the size about the centre: corners of the view lie at −1/2 and 3/2, a quarter inside.
    let small = changed(&original, Affine::new(2, 0.0, 0.5, (0.0, 0.0)).unwrap());
    assert_eq!(small, original / 4.0);
}

#[test]
fn an_enlarged_ramp_is_a_flatter_ramp() {
    // Bilinear sampling is exact for pixels that are linear in their place; a factor above 1 reaches no pixel outside.
    let ramp: Array1<f64> = (0..64).map(|pixel| 3.0 * (pixel % 8) as f64 - 2.0 * (pixel / 8) as f64).collect();
    let factor = 1.6;
    let expected = ramp.mapv(|value| 3.5 + (value - 3.5) / factor);
    assert!(apart(&changed(&ramp, Affine::new(8, 0.0, factor, (0.0, 0.0)).unwrap()), &expected) < 1e-13);
    assert!(apart(&changed(&ramp, Affine::new(8, 0.0, 1.5, (0.0, 0.0)).unwrap()), &expected) > 0.1);
}

#[test]
fn views_change_as_much_as_they_are_told() {
    let digits = digits();
    let original = digits.images().row(17).to_owned();
    let none = Augmentation::none(SIDE).unwrap();
    assert_eq!(view(none, &original, 0), original);
    // A blank stays blank under every map, so noise is all there is.
    let blank = Array1::zeros(SIDE * SIDE);
    let noisy = none.rotation(0.3).unwrap().shift(1.0).unwrap().scale(0.2).unwrap().noise(0.1).unwrap();
    let draws: Vec<f64> = (0..400).flat_map(|replicate| view(noisy, &blank, replicate)).collect();
    let mean = draws.iter().sum::<f64>() / draws.len() as f64;
    let deviation = (draws.iter().map(|draw| (draw - mean) * (draw - mean)).sum::<f64>() / draws.len() as f64).sqrt();
    // Within five standard errors, over 25,600 draws.
    assert!(mean.abs() < 5.0 * 0.1 / 160.0 && (deviation - 0.1).abs() < 5.0 * 0.1 / 226.0, "{mean} {deviation}");
    for single in [none.rotation(0.3), none.shift(1.0), none.scale(0.2), none.noise(0.1)] {
        let single = single.unwrap();
        assert_ne!(view(single, &original, 0), original, "{single:?}");
        assert_ne!(view(single, &original, 0), view(single, &original, 1), "{single:?}");
        assert_eq!(view(single, &original, 0), view(single, &original, 0), "{single:?}");
    }
    // Shifts stay within what was asked for: a pixel in the middle leaves nothing three pixels away.
    let mut dot = Array1::zeros(SIDE * SIDE);
    dot[3 * SIDE + 3] = 1.0;
    let shifts = none.shift(1.5).unwrap();
    let mut reached: usize = 0;
    for replicate in 0..200 {
        for (pixel, value) in view(shifts, &dot, replicate).iter().enumerate().filter(|(_, value)| **value > 0.0) {
            let away = (pixel / SIDE).abs_diff(3).max((pixel % SIDE).abs_diff(3));
            assert!(away <= 2 && *value <= 1.0);
            reached = reached.max(away);
        }
    }
    assert_eq!(reached, 2);
}

#[test]
fn views_are_the_same_on_every_machine() {
    let digits = digits();
    let augmentation = Augmentation::none(SIDE).unwrap().rotation(0.3).unwrap().shift(1.0).unwrap().scale(0.2).unwrap();
    let views = [augmentation, augmentation.noise(0.1).unwrap()].map(|augmentation| {
        let mut hasher = blake3::Hasher::new();
        for row in 0..64 {
            for value in view(augmentation, &digits.images().row(row).to_owned(), row as u64) {
                hasher.update(&value.to_le_bytes());
            }
        }
        hasher.finalize().to_hex()[..16].to_owned()
    });
    assert_eq!(views, ["de4d9b117b5c7645", "97c88ee02322fd99"]);
}

#[test]
fn settings_outside_their_domain_are_named() {
    let none = Augmentation::none(SIDE).unwrap();
    let message = |found: Result<Augmentation, _>| {
        found.map_err(|error: embedding_norms::setting::SettingError| error.to_string()).unwrap_err()
    };
    assert_eq!(message(Augmentation::none(0)), "the side of an image must be at least one pixel, not 0");
    assert_eq!(message(none.rotation(-0.1)), "the largest rotation must be from 0 to π radians, not -0.1");
    assert_eq!(
        message(none.shift(8.5)),
        "the largest shift must be from 0 to the side of the image, in pixels, not 8.5"
    );
    assert_eq!(message(none.scale(1.0)), "the largest change of scale must be from 0 to below 1, not 1");
    assert_eq!(message(none.noise(f64::NAN)), "the noise must be a finite number, 0 or more, not NaN");
    assert!(
        Affine::new(SIDE, 0.0, 0.0, (0.0, 0.0)).is_err() && Affine::new(SIDE, f64::INFINITY, 1.0, (0.0, 0.0)).is_err()
    );
    assert!(Affine::new(SIDE, 0.0, 1.0, (0.0, f64::NAN)).is_err() && Affine::new(0, 0.0, 1.0, (0.0, 0.0)).is_err());
}

mod command {
    use std::collections::BTreeMap;

    use assert_cmd::assert::Assert;
    use assert_cmd::cargo::cargo_bin_cmd;
    use tempfile::TempDir;

    /// Trainings of a fraction of a second.
    const TINY: &str = "--left-out 3 --epochs 2 --replicates 2 --hidden 16 --dim 8 --batch 128";

    fn confidence(options: &str) -> (TempDir, Assert) {
        let folder = tempfile::tempdir().unwrap();
        let line = format!("confidence --quiet {options}");
        let assert =
            cargo_bin_cmd!("embedding-norms").current_dir(folder.path()).args(line.split_whitespace()).assert();
        (folder, assert)
    }

    /// Every file of a run.
    fn files(options: &str) -> BTreeMap<String, Vec<u8>> {
        let (folder, assert) = confidence(options);
        assert.success();
        let files = std::fs::read_dir(folder.path().join("results")).unwrap().map(|file| file.unwrap().path());
        files
            .map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), std::fs::read(path).unwrap()))
            .collect()
    }

    #[test]
    fn the_number_of_threads_changes_no_byte() {
        let one = files(&format!("{TINY} --threads 1"));
        assert_eq!(one.len(), 8, "{:?}", one.keys());
        assert!(one == files(&format!("{TINY} --threads 3")));
        let other = files(&format!("{TINY} --threads 1 --seed 2"));
        for name in ["confidence.csv", "confidence.tenths.csv", "confidence.unseen.csv", "confidence.images.csv"] {
            assert_ne!(one[name], other[name], "{name} does not depend on the seed");
        }
    }

    #[test]
    fn settings_that_do_not_fit_the_digits_are_refused() {
        for (options, says) in [
            ("--left-out 10", "--left-out 10: the digits are 0 to 9"),
            ("--held-out 0", "the control needs images: above 0"),
            ("--batch 1", "contrasts need at least 2 images in a batch"),
            (
                "--batch 1400",
                "--batch 1400: without the digit 0 and with a share of 0.2 held out there are 1295 images",
            ),
            ("--neighbours 1797", "--neighbours 1797: there are 1797 images; take fewer"),
            ("--rotation 4", "the largest rotation must be from 0 to π radians, not 4"),
            ("--shift 9", "the largest shift must be from 0 to the side of the image, in pixels, not 9"),
            ("--noise=-1", "it must be finite and not negative"),
        ] {
            let (folder, assert) = confidence(options);
            let output = assert.code(2).get_output().clone();
            let error = String::from_utf8(output.stderr).unwrap();
            assert!(error.contains(says), "{options}: {error}");
            assert!(!folder.path().join("results").exists(), "{options}");
        }
    }
}
