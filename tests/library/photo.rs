//! Views of photographs: each change is the one that it says, and no other.

use embedding_norms::data::photo::PhotoViews;
use embedding_norms::random::{Generator, generator};
use ndarray::{Array1, ArrayView1};

fn numbers(replicate: u64) -> Generator {
    generator(1, b"photo", replicate)
}

/// An image of c planes of 4 × 5 pixels with a value of its own each.
fn image(channels: usize) -> Array1<f64> {
    (0..channels * 20).map(|place| 0.1 + 0.02 * ((place * 7) % 61) as f64).collect()
}

fn view(views: PhotoViews, image: ArrayView1<'_, f64>, replicate: u64) -> Array1<f64> {
    let mut view = Array1::zeros(image.len());
    views.view(image, view.view_mut(), &mut numbers(replicate));
    view
}

fn close(found: &Array1<f64>, wanted: &Array1<f64>) -> bool {
    found.iter().zip(wanted).all(|(found, wanted)| (found - wanted).abs() < 1e-12)
}

#[test]
fn without_changes_a_view_is_the_image() {
    for channels in [1, 3] {
        let image = image(channels);
        assert!(close(&view(PhotoViews::none(channels, 4, 5).unwrap(), image.view(), 0), &image));
    }
    let one = Array1::from(vec![0.3]);
    let views = PhotoViews::none(1, 1, 1).unwrap().crop(0.2).unwrap().flip(true);
    assert!(close(&view(views, one.view(), 0), &one));
}

#[test]
fn half_of_the_views_are_mirrored_left_to_right() {
    let image = image(2);
    let mirrored: Array1<f64> = image.to_shape((8, 5)).unwrap().slice(ndarray::s![.., ..;-1]).iter().copied().collect();
    let views = PhotoViews::none(2, 4, 5).unwrap().flip(true);
    let found: Vec<_> = (0..200).map(|replicate| view(views, image.view(), replicate)).collect();
    let turned = found.iter().filter(|view| close(view, &mirrored)).count();
    assert_eq!(found.iter().filter(|view| close(view, &image)).count(), 200 - turned);
    assert!((70..=130).contains(&turned), "{turned}");
}

#[test]
fn a_crop_of_a_plane_of_constant_slope_has_the_slope_of_its_share() {
    // Bilinear interpolation is exact here: a window of side s has the slope s, anywhere.
    let (height, width) = (4, 5);
    let ramp: Array1<f64> = (0..20).map(|place| (place % width) as f64 + 10.0 * (place / width) as f64).collect();
    let views = PhotoViews::none(1, height, width).unwrap().crop(0.25).unwrap();
    let mut sides = Vec::new();
    for replicate in 0..300 {
        let view = view(views, ramp.view(), replicate);
        let side = view[1] - view[0];
        let first = view[0];
        for place in 0..20 {
            let wanted = first + side * ((place % width) as f64 + 10.0 * (place / width) as f64);
            assert!((view[place] - wanted).abs() < 1e-11, "{view}");
        }
        assert!(view[0] >= -1e-12 && view[19] <= 34.0 + 1e-12, "the window lies inside: {view}");
        sides.push(side);
    }
    // The area is uniform from 1/4 to 1: its mean is 5/8, with a standard error of 0.0125.
    let area = sides.iter().map(|side| side * side).sum::<f64>() / 300.0;
    assert!(sides.iter().all(|side| (0.5..=1.0).contains(side)) && (area - 0.625).abs() < 0.05, "{area}");
}

#[test]
fn jitter_scales_the_mean_and_the_differences_from_it_each_by_a_factor_of_its_own() {
    let image = image(1);
    let mean = image.mean().unwrap();
    for replicate in 0..100 {
        let brighter = view(PhotoViews::none(1, 4, 5).unwrap().brightness(0.4).unwrap(), image.view(), replicate);
        let moved = brighter.mean().unwrap() - mean;
        assert!(close(&brighter, &image.mapv(|pixel| pixel + moved)) && moved.abs() <= 0.4 * mean);
        let sharper = view(PhotoViews::none(1, 4, 5).unwrap().contrast(0.4).unwrap(), image.view(), replicate);
        let factor = (sharper[0] - mean) / (image[0] - mean);
        assert!(close(&sharper, &image.mapv(|pixel| factor * (pixel - mean) + mean)));
        assert!((0.6..=1.4).contains(&factor));
    }
}

#[test]
fn colours_are_changed_plane_by_plane_and_grey_not_at_all() {
    let grey = image(1);
    assert!(close(&view(PhotoViews::none(1, 4, 5).unwrap().colour(0.5).unwrap(), grey.view(), 3), &grey));
    let image = image(3);
    let view = view(PhotoViews::none(3, 4, 5).unwrap().colour(0.5).unwrap(), image.view(), 3);
    let factors: Vec<f64> = (0..3).map(|plane| view[20 * plane] / image[20 * plane]).collect();
    let wanted: Array1<f64> = (0..60).map(|place| factors[place / 20] * image[place]).collect();
    assert!(close(&view, &wanted) && factors[0] != factors[1], "{factors:?}");
}

#[test]
fn noise_has_the_deviation_asked_for_and_the_same_numbers_give_the_same_view() {
    let image = Array1::zeros(4000);
    let views = PhotoViews::none(1, 40, 100).unwrap().noise(0.1).unwrap();
    let noisy = view(views, image.view(), 0);
    let square = noisy.mapv(|pixel| pixel * pixel).mean().unwrap();
    // 4000 squares: a relative standard error of √(2/4000).
    assert!((square / 0.01 - 1.0).abs() < 0.09, "{square}");
    assert_eq!(noisy, view(views, image.view(), 0));
    assert_ne!(noisy, view(views, image.view(), 1));
}

#[test]
fn strengths_outside_their_domain_are_refused() {
    let none = || PhotoViews::none(1, 2, 2).unwrap();
    assert!(PhotoViews::none(0, 2, 2).is_err() && PhotoViews::none(1, 2, 0).is_err());
    for wrong in [0.0, -0.1, 1.5, f64::NAN] {
        assert!(none().crop(wrong).is_err());
    }
    for wrong in [-0.1, 1.5, f64::NAN] {
        assert!(none().brightness(wrong).is_err() && none().contrast(wrong).is_err() && none().colour(wrong).is_err());
    }
    assert!(none().noise(-1.0).is_err() && none().noise(f64::INFINITY).is_err());
}
