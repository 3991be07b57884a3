//! Every format, type, order and byte order gives back the numbers that were written.

use embedding_norms::data::embeddings::{Embeddings, Faults, Problem, Progress, write_npy};
use half::{bf16, f16};
use ndarray::{Array2, array};
use proptest::prelude::*;

use crate::build::{Part, dictionary, npy, safetensors, zip};
use crate::file;

/// The matrix of files/generate.py.
pub fn z() -> Array2<f64> {
    array![[0.5, -1.25, 3.0], [2.0, 0.0, -0.125], [-7.5, 0.015625, 4.0], [1.0, 2.0, 3.0], [-0.0, 96.0, 0.25]]
}

fn bits(matrix: &Array2<f64>) -> Vec<u64> {
    matrix.iter().map(|value| value.to_bits()).collect()
}

/// Reads a file whole and in chunks of two rows, which must agree; its type in words.
fn reads_as(name: &str, expected: &Array2<f64>) -> String {
    let mut source = Embeddings::open(file(name)).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(source.shape(), expected.dim(), "{name}");
    let whole = source.read().unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(bits(&whole), bits(expected), "{name}");
    let mut rows = 0;
    for chunk in source.chunks(2).unwrap() {
        let chunk = chunk.unwrap();
        assert_eq!(chunk.first_row, rows);
        for row in chunk.rows.rows() {
            assert_eq!(row, expected.row(rows), "{name}");
            rows += 1;
        }
    }
    assert_eq!(rows, expected.nrows(), "{name}");
    source.element().to_string()
}

#[test]
fn an_array_is_written_byte_for_byte_as_numpy_writes_it() {
    let mut written = Vec::new();
    write_npy(&mut written, z().view()).unwrap();
    assert_eq!(written, std::fs::read(file("z.f8.C.little.npy")).unwrap());
    // Transposed in memory, the rows are written all the same.
    let mut transposed = Vec::new();
    write_npy(&mut transposed, z().t().to_owned().t()).unwrap();
    assert_eq!(transposed, written);
}

#[test]
fn what_numpy_writes_is_read_in_every_type_order_and_byte_order() {
    for (kind, word) in [("f2", "f16"), ("f4", "f32"), ("f8", "f64")] {
        for order in ["C", "F"] {
            for byte_order in ["little", "big"] {
                assert_eq!(reads_as(&format!("z.{kind}.{order}.{byte_order}.npy"), &z()), word);
            }
        }
    }
    for version in ["z.version2.npy", "z.version3.npy"] {
        assert_eq!(reads_as(version, &z()), "f64");
    }
}

#[test]
fn archives_of_numpy_are_read_by_name() {
    assert_eq!(reads_as("z.npz", &z()), "f32");
    assert_eq!(reads_as("z.deflated.npz", &z()), "f64");
    assert_eq!(reads_as("z.fortran.npz", &z()), "f16");
    assert_eq!(reads_as("unnamed.npz", &z()), "f64");
    assert_eq!(reads_as("unnamed.npz:arr_0", &z()), "f64");
    assert_eq!(reads_as("several.npz:z", &z()), "f64");
    assert_eq!(reads_as("several.npz:w", &(2.0 * z())), "f64");
}

#[test]
fn safetensors_are_read_in_every_type() {
    for (kind, word) in [("f2", "f16"), ("bf16", "bf16"), ("f4", "f32"), ("f8", "f64")] {
        assert_eq!(reads_as(&format!("z.{kind}.safetensors"), &z()), word);
    }
    assert_eq!(reads_as("several.safetensors:z", &z()), "f32");
    assert_eq!(reads_as("several.safetensors:w", &(2.0 * z())), "f16");
}

#[test]
fn tables_of_pandas_and_numpy_are_read_with_and_without_header_index_and_labels() {
    let left_out = |name: &str| {
        assert_eq!(reads_as(name, &z()), "decimal numbers");
        Embeddings::open(file(name)).unwrap().left_out()
    };
    for name in ["z.header.csv", "z.bare.csv", "z.header.tsv", "z.windows.csv", "z.counted.csv", "z.savetxt.csv"] {
        assert_eq!(left_out(name), [""; 0], "{name}");
    }
    assert_eq!(left_out("z.index.csv"), ["(index)"]);
    assert_eq!(left_out("z.counted.index.csv"), ["(index)"]);
    assert_eq!(left_out("z.label.csv"), ["label"]);
    assert_eq!(left_out("z.species.csv"), ["(index)", "species"]);
    assert_eq!(left_out("z.name.bare.csv"), ["4"]);
    // A column of whole numbers beside fractions has to be named: as labels, or as what else it is.
    assert_eq!(left_out("z.number.csv:number"), ["number"]);
    let error = Embeddings::open(file("z.number.csv")).err().unwrap().to_string();
    assert!(error.contains("column 4 'number' (3, 3, -1, …)") && error.contains("--drop-columns number"), "{error}");
}

#[test]
fn rows_without_direction_are_reported_by_row() {
    let mut source = Embeddings::from_bytes("z.csv", b"x,y\n1,inf\n0,0\n3,4\n-inf,1\n".to_vec()).unwrap();
    let rows = source.read().unwrap();
    let mut faults = Faults::default();
    faults.look_at(0, rows.view());
    assert_eq!((faults.zero.first.as_slice(), faults.not_finite.first.as_slice()), ([1].as_slice(), [0, 3].as_slice()));
    let error = source.read_with_directions().unwrap_err();
    assert!(matches!(*error.problem, Problem::NoDirection(found) if found == faults));
}

#[test]
fn many_rows_without_direction_are_counted_and_the_first_named() {
    let mut faults = Faults::default();
    faults.look_at(10, Array2::zeros((7, 2)).view());
    assert_eq!((faults.zero.count, faults.zero.first.clone()), (7, vec![10, 11, 12, 13, 14]));
    assert!(faults.to_string().starts_with("7 zero rows (10, 11, 12, 13, 14, …)"), "{faults}");
}

#[test]
fn progress_is_told_after_every_chunk() {
    let mut source = Embeddings::open(file("z.f4.F.big.npy")).unwrap();
    let mut told = Vec::new();
    source.chunks(2).unwrap().with_progress(|progress| told.push(progress)).for_each(|chunk| drop(chunk.unwrap()));
    let expected = [2, 4, 5].map(|rows| Progress { rows, total: 5 });
    assert_eq!(told, expected);
}

/// Types as they are written: a code of numpy, a name of safetensors, and bytes.
#[derive(Clone, Copy, Debug)]
enum Kind {
    F16,
    Bf16,
    F32,
    F64,
}

impl Kind {
    /// The number that this type holds, and its bytes, the smallest first.
    fn write(self, value: f64) -> (f64, Vec<u8>) {
        match self {
            Self::F16 => (f16::from_f64(value).to_f64(), f16::from_f64(value).to_le_bytes().to_vec()),
            Self::Bf16 => (bf16::from_f64(value).to_f64(), bf16::from_f64(value).to_le_bytes().to_vec()),
            Self::F32 => (f64::from(value as f32), (value as f32).to_le_bytes().to_vec()),
            Self::F64 => (value, value.to_le_bytes().to_vec()),
        }
    }

    fn numpy(self) -> Option<&'static str> {
        match self {
            Self::F16 => Some("f2"),
            Self::Bf16 => None,
            Self::F32 => Some("f4"),
            Self::F64 => Some("f8"),
        }
    }

    fn safetensors(self) -> &'static str {
        match self {
            Self::F16 => "F16",
            Self::Bf16 => "BF16",
            Self::F32 => "F32",
            Self::F64 => "F64",
        }
    }
}

fn assert_reads(spec: &str, bytes: Vec<u8>, expected: &Array2<f64>, rows: usize) {
    let mut source = Embeddings::from_bytes(spec, bytes).unwrap();
    assert_eq!(bits(&source.read().unwrap()), bits(expected), "{spec}");
    let chunks = source.chunks(rows).unwrap().flat_map(|chunk| chunk.unwrap().rows);
    let numbers: Vec<u64> = chunks.map(f64::to_bits).collect();
    assert_eq!(numbers, bits(expected), "{spec} by {rows} rows");
}

proptest! {
    #![proptest_config(ProptestConfig { rng_seed: proptest::test_runner::RngSeed::Fixed(9), ..ProptestConfig::with_cases(256) })]

    #[test]
    fn any_matrix_comes_back_from_every_binary_format(
        rows in 1_usize..20, columns in 1_usize..9, at_a_time in 1_usize..25,
        kind in prop::sample::select(vec![Kind::F16, Kind::Bf16, Kind::F32, Kind::F64]),
        fortran: bool, big: bool, deflated: bool, seed in prop::collection::vec(any::<f64>(), 1..40),
    ) {
        // Any bits at all, infinities among them; a NaN keeps none through a conversion.
        let value = |row: usize, column: usize| {
            let value = seed[(row * columns + column) % seed.len()] * (1.0 + row as f64);
            if value.is_nan() { 1.5 } else { value }
        };
        let expected = Array2::from_shape_fn((rows, columns), |(row, column)| kind.write(value(row, column)).0);
        let element = |row, column| {
            let mut bytes = kind.write(value(row, column)).1;
            if big {
                bytes.reverse();
            }
            bytes
        };
        let data: Vec<u8> = if fortran {
            (0..columns).flat_map(|column| (0..rows).flat_map(move |row| element(row, column))).collect()
        } else {
            (0..rows).flat_map(|row| (0..columns).flat_map(move |column| element(row, column))).collect()
        };
        if let Some(code) = kind.numpy() {
            let descr = format!("{}{code}", if big { '>' } else { '<' });
            let array = npy(&dictionary(&descr, fortran, &format!("({rows}, {columns})")), &data);
            let part = if deflated { Part::deflated("z.npy", &array) } else { Part::stored("z.npy", &array) };
            assert_reads("z.npz:z", zip(&[part]), &expected, at_a_time);
            assert_reads("z.npy", array, &expected, at_a_time);
        }
        if !fortran && !big {
            let (name, end) = (kind.safetensors(), data.len());
            let header = format!(r#"{{"z":{{"dtype":"{name}","shape":[{rows},{columns}],"data_offsets":[0,{end}]}}}}"#);
            assert_reads("z.safetensors", safetensors(&header, &data), &expected, at_a_time);
        }
    }

    #[test]
    fn any_finite_matrix_comes_back_from_a_table(
        rows in 1_usize..20, columns in 2_usize..9, at_a_time in 1_usize..25, header: bool, labels: bool, tabs: bool,
        seed in prop::collection::vec(-1e300..1e300_f64, 1..40),
    ) {
        let separator = if tabs { "\t" } else { "," };
        let expected = Array2::from_shape_fn((rows, columns), |(row, column)| seed[(row * columns + column) % seed.len()]);
        let mut lines = Vec::new();
        if header {
            let names = (0..columns).map(|column| format!("x{column}")).chain(labels.then(|| "species".to_owned()));
            lines.push(names.collect::<Vec<_>>().join(separator));
        }
        for row in expected.rows() {
            let fields = row.iter().map(|value| format!("{value:e}")).chain(labels.then(|| "a \"cat\"".to_owned()));
            let fields = fields.map(|field| if field.contains('"') { "\"a \"\"cat\"\"\"".to_owned() } else { field });
            lines.push(fields.collect::<Vec<_>>().join(separator));
        }
        let name = if tabs { "z.tsv" } else { "z.csv" };
        assert_reads(name, lines.join("\n").into_bytes(), &expected, at_a_time);
    }
}
