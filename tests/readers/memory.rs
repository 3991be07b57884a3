//! A header is believed only as far as the file is long.

use embedding_norms::data::embeddings::{Embeddings, Problem};

use crate::build::{Part, dictionary, npy, safetensors, zip};

fn refused(spec: &str, bytes: Vec<u8>) -> Problem {
    *Embeddings::from_bytes(spec, bytes).err().expect("it is refused").problem
}

#[test]
fn a_header_that_asks_for_terabytes_is_compared_with_the_file() {
    for shape in ["(1000000000000, 1000)", "(18446744073709551615, 18446744073709551615)", "(4294967296, 4294967296)"] {
        let forged = npy(&dictionary("<f4", false, shape), &[0; 64]);
        let archive = zip(&[Part::deflated("z.npy", &forged)]);
        for problem in [refused("z.npy", forged), refused("z.npz", archive)] {
            assert!(matches!(problem, Problem::Truncated { found: 64, .. }), "{problem}");
        }
    }
    let header = r#"{"z":{"dtype":"F32","shape":[1000000000,1000],"data_offsets":[0,4000000000000]}}"#;
    assert!(matches!(refused("z.safetensors", safetensors(header, &[0; 64])), Problem::Truncated { found: 64, .. }));
}

#[test]
fn an_archive_that_unpacks_to_more_than_deflate_can_is_refused() {
    let array = npy(&dictionary("<f4", false, "(4, 4)"), &[0; 64]);
    let forged = zip(&[Part { size: Some(4_000_000_000), ..Part::deflated("z.npy", &array) }]);
    let problem = refused("z.npz", forged);
    assert!(problem.to_string().contains("cannot unpack to the 4000000000"), "{problem}");
}

/// Bytes that this process has held at most, as the system says.
#[cfg(target_os = "linux")]
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    1024 * line.trim().trim_end_matches("kB").trim().parse::<u64>().unwrap()
}

/// Rows of a short round, half a gigabyte of them. With `READ_ROWS=10000000` there are ten million, 5 GB, within the
/// same memory.
#[cfg(target_os = "linux")]
const ROWS: u64 = 1_000_000;

/// Bytes within which any number of rows is read; the rows of a short round are a gigabyte as f64.
#[cfg(target_os = "linux")]
const LIMIT: u64 = 192 << 20;

#[cfg(target_os = "linux")]
#[test]
fn rows_stream_in_little_memory_however_many_there_are() {
    use std::io::{Seek, SeekFrom, Write};

    use embedding_norms::sphere::norm_of;

    let rows = std::env::var("READ_ROWS").ok().map_or(ROWS, |text| text.parse().expect("READ_ROWS is a number"));
    for (fortran, name) in [(false, "C order"), (true, "Fortran order")] {
        let header = npy(&dictionary("<f4", fortran, &format!("({rows}, 128)")), &[]);
        let mut file = tempfile::NamedTempFile::with_suffix(".npy").unwrap();
        file.write_all(&header).unwrap();
        // Zeros that take no room on the disk, and one number as the last of all.
        file.seek(SeekFrom::Start(header.len() as u64 + 128 * 4 * rows - 4)).unwrap();
        file.write_all(&3.0_f32.to_le_bytes()).unwrap();

        let started = std::time::Instant::now();
        let mut source = Embeddings::open(file.path()).unwrap();
        let (mut sum, mut told) = (0.0, 0);
        for chunk in source.chunks(16_384).unwrap().with_progress(|progress| told = progress.rows) {
            sum += chunk.unwrap().rows.rows().into_iter().map(norm_of).sum::<f64>();
        }
        println!("{rows} rows in {name}: {:.1?}, at most {} MB of memory", started.elapsed(), peak() / 1_000_000);
        assert_eq!((told as u64, sum), (rows, 3.0), "{name}");
        assert!(peak() < LIMIT, "{name}: {} bytes", peak());
    }
}
