//! Which images have the shortest and the longest embeddings.

use embedding_norms::data::digits::{CLASSES, Digits};
use embedding_norms::lab::table::{Table, Value};

use super::whole::Found;

/// Images in a strip.
const STRIP: usize = 10;

/// The images at both ends, over all digits and of each digit, by the mean over trainings of the norm over its mean.
pub fn table(digits: &Digits, found: &[Found]) -> Table {
    let mut table = Table::new(&["strip", "end", "place", "image", "digit", "norm", "agreement", "pixels"]);
    if found.is_empty() {
        return table;
    }
    let mean =
        |values: &dyn Fn(&Found) -> f64| found.iter().fold(0.0, |sum, one| sum + values(one)) / found.len() as f64;
    let norm: Vec<f64> = (0..digits.labels().len()).map(|image| mean(&|one| one.norms[image])).collect();
    let row = |strip: &str, end: &str, place: usize, image: usize| -> [Value; 8] {
        let pixels: Vec<String> = digits.images().row(image).iter().map(|pixel| (16.0 * pixel).to_string()).collect();
        let agreement = mean(&|one| one.agreement[image]);
        [
            strip.into(),
            end.into(),
            place.into(),
            image.into(),
            digits.labels()[image].into(),
            norm[image].into(),
            agreement.into(),
            pixels.join(" ").into(),
        ]
    };
    let mut order: Vec<usize> = (0..norm.len()).collect();
    order.sort_by(|&a, &b| norm[a].total_cmp(&norm[b]));
    let shortest = order.iter().take(STRIP).enumerate();
    shortest.for_each(|(place, &image)| table.push(row("all", "shortest", place, image)));
    let longest = order.iter().rev().take(STRIP).enumerate();
    longest.for_each(|(place, &image)| table.push(row("all", "longest", place, image)));
    for digit in 0..CLASSES {
        let mut of_digit = order.iter().filter(|&&image| digits.labels()[image] == digit);
        let ends = [("shortest", of_digit.next()), ("longest", of_digit.next_back())];
        for (end, image) in ends {
            image.into_iter().for_each(|&image| table.push(row("each", end, digit, image)));
        }
    }
    table
}

/// The pixels of a field, from 0 for paper to 1 for ink; none if it holds something else.
pub fn pixels(field: &str) -> Option<Vec<f64>> {
    let pixel = |number: &str| number.parse::<f64>().ok().map(|ink| ink / 16.0);
    field.split(' ').map(pixel).collect()
}
