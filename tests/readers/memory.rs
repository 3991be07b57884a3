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

/// Ten million rows of 128 dimensions, 5 GB: `cargo test --release --test readers -- --ignored --nocapture ten_million`.
#[cfg(target_os = "linux")]
#[test]
#[ignore = "writes 5 GB into the temporary folder"]
fn ten_million_rows_stream_in_little_memory() {
    use std::io::{BufWriter, Write};

    use embedding_norms::sphere::norm_of;

    const ROWS: usize = 10_000_000;
    for (fortran, name) in [(false, "C order"), (true, "Fortran order")] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("z.npy");
        let mut file = BufWriter::new(std::fs::File::create(&path).unwrap());
        file.write_all(&npy(&dictionary("<f4", fortran, &format!("({ROWS}, 128)")), &[])).unwrap();
        let block: Vec<u8> = (0..128 * 1000).flat_map(|number| ((number % 7) as f32 - 3.0).to_le_bytes()).collect();
        for _ in 0..ROWS / 1000 {
            file.write_all(&block).unwrap();
        }
        file.into_inner().unwrap().sync_all().unwrap();

        let started = std::time::Instant::now();
        let mut source = Embeddings::open(&path).unwrap();
        let (mut sum, mut told) = (0.0, 0);
        for chunk in source.chunks(16_384).unwrap().with_progress(|progress| told = progress.rows) {
            sum += chunk.unwrap().rows.rows().into_iter().map(norm_of).sum::<f64>();
        }
        println!("{name}: mean norm {}, {:?}, peak {} bytes", sum / ROWS as f64, started.elapsed(), peak());
        assert_eq!(told, ROWS);
        assert!(peak() < 1 << 30);
    }
}
