//! A file of images of any kind, read to its end.

use embedding_norms::data::images::{Cifar, CifarKind, Idx, ImageError, Labelled};

/// How a file can be asked for.
pub const READINGS: u8 = 4;

/// Reads bytes as one kind of file: how many rows it has.
pub fn read(reading: u8, bytes: Vec<u8>) -> Result<usize, ImageError> {
    match reading % READINGS {
        0 => {
            let mut idx = Idx::from_bytes("z", bytes)?;
            let wanted = idx.rows();
            rows(wanted, || idx.next_rows(3).map(|rows| rows.nrows()))
        }
        1 => {
            // The same bytes as images and as labels; nothing is both, so one of them is made to fit.
            let labels = [0, 0, 8, 1, 0, 0, 0, 2, 0, 1].to_vec();
            let mut source = Labelled::new(Idx::from_bytes("z", bytes)?, Idx::from_bytes("z.labels", labels)?)?;
            rows(source.images(), || source.next_images(3).map(|images| images.labels.len()))
        }
        reading => {
            let kind = if reading == 2 { CifarKind::Ten } else { CifarKind::Hundred };
            let mut file = Cifar::from_bytes("z", bytes, kind)?;
            rows(file.images(), || file.next_images(3).map(|images| images.labels.len()))
        }
    }
}

/// Reads to the end: as many as were promised, or an error.
fn rows(wanted: usize, mut next: impl FnMut() -> Result<usize, ImageError>) -> Result<usize, ImageError> {
    let mut found = 0;
    loop {
        match next()? {
            0 => break,
            more => found += more,
        }
    }
    assert_eq!(found, wanted, "the rows that the header promises");
    Ok(found)
}
