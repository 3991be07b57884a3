//! The least time of a gradient in the library, for `gradient.py` to compare with: `gradient LOSS ROWS COLUMNS ROUNDS`.

use std::time::Instant;

use embedding_norms::loss::{Parameters, by_name};
use embedding_norms::random::generator;
use embedding_norms::simulation::{StartView, gradient};
use embedding_norms::sphere::uniform;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let [loss, rows, columns, rounds] = <[String; 4]>::try_from(std::env::args().skip(1).collect::<Vec<_>>())
        .map_err(|_| "LOSS ROWS COLUMNS ROUNDS")?;
    let loss = by_name(&loss, &Parameters::defaults())?;
    let (rows, columns) = (rows.parse()?, columns.parse()?);
    let mut random = generator(1, b"benches/gradient", 0);
    let (z, w) = (uniform(rows, columns, &mut random)?, uniform(rows, columns, &mut random)?);
    let views = StartView { first: z.view(), second: Some(w.view()), labels: None, positives: None };
    let mut least = f64::INFINITY;
    for _ in 0..rounds.parse::<usize>()? {
        let begin = Instant::now();
        std::hint::black_box(gradient(&*loss, views)?);
        least = least.min(begin.elapsed().as_secs_f64());
    }
    println!("{least}");
    Ok(())
}
