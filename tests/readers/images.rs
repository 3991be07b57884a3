//! Images in IDX and CIFAR format, made here in miniature: what is written is read, and what is broken is refused.

use std::fs;
use std::io::Write;
use std::path::Path;

use embedding_norms::data::images::{Cifar, CifarKind, Half, Idx, IdxElement, ImageFolder};
use ndarray::{Array2, s};
use tempfile::TempDir;

/// A file of IDX with this type, shape and data.
fn idx(kind: u8, shape: &[u32], data: &[u8]) -> Vec<u8> {
    let mut file = vec![0, 0, kind, shape.len() as u8];
    file.extend(shape.iter().flat_map(|size| size.to_be_bytes()));
    file.extend(data);
    file
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// Bytes that differ from place to place.
fn bytes(count: usize) -> Vec<u8> {
    (0..count).map(|place| (place * 37 % 251) as u8).collect()
}

/// A record of CIFAR: its labels, then one byte for all pixels but the last.
fn record(labels: &[u8], pixel: u8) -> Vec<u8> {
    [labels, &[pixel; 3071], &[255]].concat()
}

fn write(folder: &Path, name: &str, bytes: &[u8]) {
    fs::write(folder.join(name), bytes).unwrap();
}

/// A data set of 5 images of 3 × 4 pixels to train on, and 2 for a test.
fn miniature(folder: &Path, prefix: &str, test: &str, packed: bool) {
    let file = |name: String, bytes: Vec<u8>| match packed {
        true => write(folder, &format!("{name}.gz"), &gzip(&bytes)),
        false => write(folder, &name, &bytes),
    };
    file(format!("{prefix}train-images-idx3-ubyte"), idx(8, &[5, 3, 4], &bytes(60)));
    file(format!("{prefix}train-labels-idx1-ubyte"), idx(8, &[5], &[0, 1, 2, 1, 0]));
    file(format!("{prefix}{test}-images-idx3-ubyte"), idx(8, &[2, 3, 4], &bytes(24)));
    file(format!("{prefix}{test}-labels-idx1-ubyte"), idx(8, &[2], &[2, 0]));
}

/// What is said about a folder that is refused.
fn refused(path: &Path) -> String {
    ImageFolder::find(path).expect_err("it is refused").to_string()
}

#[test]
fn every_type_of_element_is_read_exactly_plain_and_packed() {
    let wanted = ndarray::array![[1.0, -2.0], [127.0, 0.0], [-128.0, 3.0]];
    let unsigned = wanted.mapv(f64::abs);
    let encode = |element: IdxElement, number: f64| match element {
        IdxElement::U8 => vec![number as u8],
        IdxElement::I8 => vec![(number as i8) as u8],
        IdxElement::I16 => (number as i16).to_be_bytes().to_vec(),
        IdxElement::I32 => (number as i32).to_be_bytes().to_vec(),
        IdxElement::F32 => (number as f32 / 3.0).to_be_bytes().to_vec(),
        IdxElement::F64 => (number / 3.0).to_be_bytes().to_vec(),
    };
    for (kind, element) in IdxElement::ALL {
        let wanted = match element {
            IdxElement::U8 => unsigned.clone(),
            IdxElement::F32 => wanted.mapv(|number| f64::from(number as f32 / 3.0)),
            IdxElement::F64 => &wanted / 3.0,
            _ => wanted.clone(),
        };
        let source = if element == IdxElement::U8 {
            &unsigned
        } else {
            &ndarray::array![[1.0, -2.0], [127.0, 0.0], [-128.0, 3.0]]
        };
        let data: Vec<u8> = source.iter().flat_map(|number| encode(element, *number)).collect();
        let file = idx(kind, &[3, 2], &data);
        for file in [file.clone(), gzip(&file)] {
            let mut idx = Idx::from_bytes("z.idx", file).unwrap();
            assert_eq!((idx.element(), idx.shape(), idx.row_length()), (element, &[3, 2][..], 2));
            assert_eq!(idx.next_rows(2).unwrap(), wanted.slice(s![..2, ..]), "{element:?}");
            assert_eq!(idx.next_rows(2).unwrap(), wanted.slice(s![2.., ..]), "{element:?}");
            assert_eq!(idx.next_rows(2).unwrap().nrows(), 0);
        }
    }
}

#[test]
fn data_sets_are_found_by_the_names_they_are_published_under() {
    let pixels = Array2::from_shape_vec((5, 12), bytes(60)).unwrap().mapv(|byte| f64::from(byte) / 255.0);
    for (subfolder, prefix, test, packed) in [
        ("", "", "t10k", false),
        ("", "", "t10k", true),
        ("raw", "", "t10k", false),
        ("", "emnist-letters-", "test", true),
    ] {
        let folder = TempDir::new().unwrap();
        let place = folder.path().join(subfolder);
        fs::create_dir_all(&place).unwrap();
        miniature(&place, prefix, test, packed);
        let found = ImageFolder::find(folder.path()).unwrap();
        assert_eq!((found.images(Half::Training), found.images(Half::Test)), (5, 2));
        assert_eq!(found.size().to_string(), "3 × 4");
        assert_eq!(found.labels(Half::Training).unwrap(), [0, 1, 2, 1, 0]);
        let chosen = found.select(Half::Training, &[4, 1, 4]).unwrap();
        assert_eq!(chosen.labels, [0, 1, 0]);
        assert_eq!(chosen.pixels, pixels.select(ndarray::Axis(0), &[4, 1, 4]));
        let chunks: Vec<usize> =
            found.chunks(Half::Training, 2).unwrap().map(|chunk| chunk.unwrap().labels.len()).collect();
        assert_eq!(chunks, [2, 2, 1]);
    }
}

#[test]
fn the_checksum_follows_the_content_and_not_the_place() {
    let folders = [TempDir::new().unwrap(), TempDir::new().unwrap()];
    folders.iter().for_each(|folder| miniature(folder.path(), "", "t10k", false));
    let sum = |folder: &TempDir| ImageFolder::find(folder.path()).unwrap().checksum().unwrap();
    assert_eq!(sum(&folders[0]), sum(&folders[1]));
    write(folders[1].path(), "t10k-labels-idx1-ubyte", &idx(8, &[2], &[2, 1]));
    assert_ne!(sum(&folders[0]), sum(&folders[1]));
}

#[test]
fn one_of_several_data_sets_is_named() {
    let folder = TempDir::new().unwrap();
    for split in ["emnist-digits-", "emnist-letters-"] {
        miniature(folder.path(), split, "test", true);
    }
    let said = refused(folder.path());
    assert!(said.contains("emnist-digits, emnist-letters; name one of them, as in "), "{said}");
    assert_eq!(ImageFolder::find(folder.path().join("emnist-letters")).unwrap().images(Half::Test), 2);
    let said = refused(&folder.path().join("emnist-balanced"));
    assert!(said.contains("no images are found"), "{said}");
}

#[test]
fn cifar_is_read_from_all_its_files() {
    let folder = TempDir::new().unwrap();
    let inner = folder.path().join("cifar-10-batches-bin");
    fs::create_dir(&inner).unwrap();
    for batch in 1..=5_u8 {
        let records = [record(&[batch], batch), record(&[9], 51)].concat();
        write(&inner, &format!("data_batch_{batch}.bin"), &records);
    }
    let found = ImageFolder::find(folder.path()).unwrap();
    assert_eq!((found.images(Half::Training), found.images(Half::Test)), (10, 0));
    assert_eq!(found.labels(Half::Training).unwrap(), [1, 9, 2, 9, 3, 9, 4, 9, 5, 9]);
    let third = found.select(Half::Training, &[5]).unwrap();
    assert_eq!((third.pixels[[0, 0]], third.pixels[[0, 3071]]), (0.2, 1.0));
    let said = found.labels(Half::Test).expect_err("there is no test").to_string();
    assert!(said.contains("there are no images for the test; add "), "{said}");
    fs::remove_file(inner.join("data_batch_3.bin")).unwrap();
    assert!(refused(folder.path()).contains("data_batch_3.bin is missing beside data_batch_1.bin"));

    let hundred = TempDir::new().unwrap();
    write(hundred.path(), "train.bin", &[record(&[19, 99], 0), record(&[0, 7], 0)].concat());
    write(hundred.path(), "test.bin", &record(&[3, 42], 0));
    let found = ImageFolder::find(hundred.path()).unwrap();
    assert_eq!(found.labels(Half::Training).unwrap(), [99, 7]);
    assert_eq!(found.labels(Half::Test).unwrap(), [42]);
}

/// What is said of a file of IDX that is refused, on opening or on reading it.
fn idx_refused(bytes: Vec<u8>) -> String {
    let read = Idx::from_bytes("z.idx", bytes).and_then(|mut idx| idx.next_rows(usize::MAX));
    read.expect_err("it is refused").to_string()
}

#[test]
fn broken_files_of_idx_are_refused_with_place_and_remedy() {
    let good = idx(8, &[2, 3], &bytes(6));
    let cases: Vec<(Vec<u8>, &str)> = vec![
        (Vec::new(), "the file is empty"),
        (good[..3].to_vec(), "the header: the data ends too early"),
        (good[..9].to_vec(), "the header: the data ends too early"),
        (b"\x89PNG....".to_vec(), "the header: the bytes [89, 50, 4e, 47], where IDX begins with two zeros"),
        (idx(7, &[2], &[0, 0]), "the header: the type 0x07"),
        (idx(8, &[], &[]), "the header: 0 dimensions"),
        (idx(8, &[1; 9], &[0]), "the header: 9 dimensions"),
        (idx(8, &[2, 0], &[]), "the header: shape (2, 0) holds no number"),
        (good[..good.len() - 1].to_vec(), "asks for 6 bytes of data in the shape 2 × 3, and there are 5;"),
        ([&good[..], &[0]].concat(), "asks for 6 bytes of data in the shape 2 × 3, and there are 7;"),
        (idx(8, &[u32::MAX; 8], &[0; 64]), "and there are 64;"),
        (gzip(&idx(8, &[u32::MAX, u32::MAX], &[0; 64])), "packed bytes cannot unpack to them"),
        (gzip(&good[..good.len() - 1]), "row 0: the data ends too early"),
        (gzip(&[&good[..], &[0]].concat()), "asks for 6 bytes of data in the shape 2 × 3, and there are more;"),
        (gzip(&good)[..20].to_vec(), "the data ends too early"),
    ];
    for (bytes, words) in cases {
        let said = idx_refused(bytes);
        assert!(said.starts_with("z.idx: ") && said.contains(words), "'{words}' is not in: {said}");
    }
    // A changed byte of the checksum, which stands behind the data.
    let mut packed = gzip(&good);
    let last = packed.len() - 6;
    packed[last] ^= 1;
    assert!(idx_refused(packed).contains("the end of the data: "));
}

#[test]
fn broken_data_sets_are_refused_with_file_place_and_remedy() {
    let said_with = |file: &str, bytes: Option<Vec<u8>>| {
        let folder = TempDir::new().unwrap();
        miniature(folder.path(), "", "t10k", false);
        match bytes {
            Some(bytes) => write(folder.path(), file, &bytes),
            None => fs::remove_file(folder.path().join(file)).unwrap(),
        }
        let read = ImageFolder::find(folder.path()).and_then(|found| found.labels(Half::Training));
        let said = read.expect_err("it is refused").to_string();
        assert!(said.contains(file), "{file} is not in: {said}");
        said
    };
    let (images, labels) = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte");
    let expect = |said: String, words: &str| assert!(said.contains(words), "'{words}' is not in: {said}");
    expect(said_with(labels, None), "is missing beside train-images-idx3-ubyte; unpack the data set again");
    expect(said_with(images, None), "is missing beside train-labels-idx1-ubyte");
    expect(said_with(labels, Some(idx(8, &[4], &[0; 4]))), "4 labels for 5 images");
    expect(said_with(labels, Some(idx(8, &[5, 1], &[0; 5]))), "the shape 5 × 1, where a single dimension");
    expect(said_with(labels, Some(idx(0x0d, &[5], &[0; 20]))), "elements of type float32, where labels are whole");
    expect(said_with(labels, Some(idx(9, &[5], &[0, 0, 0, 255, 0]))), "image 3: the label -1, where 0 or more");
    expect(said_with(images, Some(idx(8, &[5, 12], &bytes(60)))), "images × rows × columns");
    let not_a_number = [[0; 4 * 59].as_slice(), &f32::NAN.to_be_bytes()].concat();
    expect(said_with(images, Some(idx(0x0d, &[5, 3, 4], &not_a_number))), "image 4, pixel 11: NaN");
    let other = idx(8, &[2, 4, 4], &bytes(32));
    expect(
        said_with("t10k-images-idx3-ubyte", Some(other)),
        "images of 4 × 4 pixels, where those to train on have 3 × 4",
    );
}

#[test]
fn broken_files_of_cifar_are_refused() {
    let read = |bytes: Vec<u8>, kind| {
        let read = Cifar::from_bytes("train.bin", bytes, kind).and_then(|mut file| file.next_images(usize::MAX));
        read.expect_err("it is refused").to_string()
    };
    let expect = |said: String, words: &str| assert!(said.contains(words), "'{words}' is not in: {said}");
    expect(read(record(&[1], 0)[1..].to_vec(), CifarKind::Ten), "3072 bytes are not a whole number of records of 3073");
    expect(read(record(&[1], 0), CifarKind::Hundred), "records of 3074 bytes");
    expect(
        read([record(&[1], 0), record(&[10], 0)].concat(), CifarKind::Ten),
        "image 1: the label 10, where one from 0 to 9",
    );
    expect(read(record(&[20, 0], 0), CifarKind::Hundred), "image 0: the label 20, where one from 0 to 19");
    expect(read(record(&[0, 100], 0), CifarKind::Hundred), "the label 100, where one from 0 to 99");
    expect(read(gzip(&record(&[0], 0)), CifarKind::Ten), "unpack the archive, tar -xzf cifar-10-binary.tar.gz");
}

#[test]
fn folders_without_images_say_what_is_there() {
    let folder = TempDir::new().unwrap();
    assert!(
        refused(folder.path()).contains("no images are found in this folder: give one with train-images-idx3-ubyte")
    );
    write(folder.path(), "data_batch_1", b"\x80");
    assert!(refused(folder.path()).contains("the Python version of CIFAR"));
    assert!(refused(&folder.path().join("data_batch_1")).contains("this is a file: give the folder"));
    assert!(refused(&folder.path().join("nothing/there")).contains("no such file"));
}

#[test]
fn chosen_images_of_a_large_file_take_only_their_own_memory() {
    let folder = TempDir::new().unwrap();
    let images = 60_000_u32;
    // Zeros that take no room on the disk.
    let file = fs::File::create(folder.path().join("train-images-idx3-ubyte")).unwrap();
    (&file).write_all(&idx(8, &[images, 28, 28], &[])).unwrap();
    file.set_len(16 + u64::from(images) * 784).unwrap();
    write(folder.path(), "train-labels-idx1-ubyte", &idx(8, &[images], &vec![3; images as usize]));
    let found = ImageFolder::find(folder.path()).unwrap();
    let chosen = found.select(Half::Training, &[59_999, 0]).unwrap();
    assert_eq!((chosen.pixels.dim(), chosen.labels), ((2, 784), vec![3, 3]));
}
