//! Reads the references that tests/reference/generate.py writes.

use std::path::Path;

use embedding_norms::simulation::Start;
use ndarray::Array2;

/// A total and its gradients by the raw embeddings of each view.
#[derive(Clone, Debug)]
pub struct Gradients {
    pub total: f64,
    pub views: Vec<Array2<f64>>,
}

/// One case of a loss.
pub struct Case {
    pub number: usize,
    pub parameters: Vec<f64>,
    pub start: Start,
    pub automatic: Gradients,
    pub precise: Option<Gradients>,
}

/// Every case of a loss, and the versions of the programs they come from.
pub fn cases(loss: &str) -> (Vec<Case>, String) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/reference/{loss}.npz"));
    let bytes = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut archive = Archive(&bytes);
    let versions = String::from_utf8(archive.next("versions.npy", "|u1").to_vec()).unwrap();
    let index = archive.next("index.npy", "<i8").as_chunks::<8>().0.iter().map(|bytes| i64::from_le_bytes(*bytes));
    let index: Vec<usize> = index.map(|value| usize::try_from(value).unwrap()).collect();
    let data = archive.next("data.npy", "<f8").as_chunks::<8>().0.iter().map(|bytes| f64::from_le_bytes(*bytes));
    let mut data = data.collect::<Vec<f64>>().into_iter();
    let cases = index.as_chunks::<7>().0.iter().enumerate();
    let cases = cases.map(|(number, shape)| case(number, shape, &mut data)).collect();
    assert_eq!(data.next(), None, "{loss}.npz has more data than its index says");
    (cases, versions)
}

fn case(number: usize, shape: &[usize; 7], data: &mut impl Iterator<Item = f64>) -> Case {
    let &[n, d, views, labels, positives, precise, parameters] = shape;
    let mut take = |count: usize| data.take(count).collect::<Vec<f64>>();
    let parameters = take(parameters);
    let mut points = |count: usize| -> Vec<Array2<f64>> {
        (0..count).map(|_| Array2::from_shape_vec((n, d), take(n * d)).unwrap()).collect()
    };
    let embeddings = points(views);
    let mut list = |present: usize| (present == 1).then(|| take(n).iter().map(|&value| value as usize).collect());
    let (labels, positives) = (list(labels), list(positives));
    let mut gradients = || {
        let total = take(1)[0];
        let views = (0..views).map(|_| Array2::from_shape_vec((n, d), take(n * d)).unwrap()).collect();
        Gradients { total, views }
    };
    let automatic = gradients();
    let precise = (precise == 1).then(&mut gradients);
    let mut embeddings = embeddings.into_iter();
    let start = Start { first: embeddings.next().unwrap(), second: embeddings.next(), labels, positives };
    Case { number, parameters, start, automatic, precise }
}

/// An .npz file whose arrays are stored, not compressed, read from front to back.
struct Archive<'a>(&'a [u8]);

impl<'a> Archive<'a> {
    /// The bytes of the next array, which must have this name and type.
    fn next(&mut self, name: &str, kind: &str) -> &'a [u8] {
        let two = |bytes: &[u8], at: usize| usize::from(u16::from_le_bytes([bytes[at], bytes[at + 1]]));
        assert_eq!(&self.0[..4], b"PK\x03\x04", "a stored file begins");
        let (name_length, extra) = (two(self.0, 26), two(self.0, 28));
        assert_eq!(&self.0[30..30 + name_length], name.as_bytes());
        let array = &self.0[30 + name_length + extra..];
        assert_eq!(&array[..8], b"\x93NUMPY\x01\x00", "an array of format 1.0 begins, uncompressed");
        let header_end = 10 + two(array, 8);
        let header = std::str::from_utf8(&array[10..header_end]).unwrap();
        assert!(header.contains(&format!("'descr': '{kind}', 'fortran_order': False")), "{header}");
        let shape = header.split(['(', ')']).nth(1).unwrap();
        let count: usize = shape.split(',').filter_map(|side| side.trim().parse::<usize>().ok()).product();
        let end = header_end + count * if kind == "|u1" { 1 } else { 8 };
        self.0 = &array[end..];
        &array[header_end..end]
    }
}
