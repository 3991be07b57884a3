//! Bad files on the command line: exit status 2 and one error that names the file, the place and the remedy.

use std::path::Path;

use assert_cmd::cargo::cargo_bin_cmd;
use tempfile::TempDir;

use crate::build::{Part, dictionary, npy, safetensors, zip};
use crate::file;

/// A bad file: the name it gets, how it is named on the command line beyond that, its content, what the error says.
struct Case {
    name: &'static str,
    key: &'static str,
    content: Vec<u8>,
    says: &'static [&'static str],
}

fn case(name: &'static str, content: impl Into<Vec<u8>>, says: &'static [&'static str]) -> Case {
    Case { name, key: "", content: content.into(), says }
}

/// A file of files/ under its own name.
fn written(name: &'static str, key: &'static str, says: &'static [&'static str]) -> Case {
    Case { name, key, content: std::fs::read(file(name)).unwrap(), says }
}

/// The command with these arguments is refused with one error that says all this.
fn refused(folder: &Path, arguments: &[&str], says: &[&str]) {
    let output = cargo_bin_cmd!("embedding-norms").current_dir(folder).args(arguments).output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{arguments:?}: {stderr}");
    assert!(output.stdout.is_empty(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stdout));
    assert_eq!(stderr.matches("error:").count(), 1, "{arguments:?}: {stderr}");
    assert!(!stderr.contains("panicked") && !stderr.contains('\u{1b}'), "{arguments:?}: {stderr}");
    assert!(!folder.join("G.npy").exists(), "{arguments:?} wrote");
    for words in says {
        assert!(stderr.contains(words), "{arguments:?}: '{words}' is not in: {stderr}");
    }
}

fn as_embeddings(cases: Vec<Case>) -> usize {
    each(cases, |folder, spec, says| {
        refused(folder, &["gradient", "--loss", "cosine", spec, spec, "--write", "G.npy"], says);
    })
}

fn as_labels(cases: Vec<Case>) -> usize {
    each(cases, |folder, spec, says| {
        std::fs::copy(file("z.f4.C.little.npy"), folder.join("good.npy")).unwrap();
        refused(folder, &["gradient", "--loss", "sup-con", "good.npy", "--labels", spec], says);
    })
}

fn each(cases: Vec<Case>, check: impl Fn(&Path, &str, &[&str])) -> usize {
    let folder = TempDir::new().unwrap();
    for case in &cases {
        std::fs::write(folder.path().join(case.name), &case.content).unwrap();
        let says: Vec<&str> = std::iter::once(case.name).chain(case.says.iter().copied()).collect();
        check(folder.path(), &format!("{}{}", case.name, case.key), &says);
    }
    cases.len()
}

const F4: &str = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2), }";

fn arrays() -> Vec<Case> {
    let good = npy(F4, &[0; 16]);
    let header = |text: &str| npy(text, &[0; 16]);
    let with = |descr: &str, shape: &str, bytes: usize| npy(&dictionary(descr, false, shape), &vec![1; bytes]);
    let long_header = [b"\x93NUMPY\x02\x00".as_slice(), &u32::MAX.to_le_bytes(), &[b' '; 100]].concat();
    let version = [b"\x93NUMPY\x09\x00".as_slice(), &good[8..]].concat();
    vec![
        case("empty.npy", "", &["the file is empty", "write it again"]),
        case("magic.npy", "hello, world, this is text", &["the beginning", "write it again"]),
        case("one_byte.npy", "\u{1}", &["the beginning"]),
        case("short.npy", &good[..9], &["the array", "ends too early"]),
        case("in_header.npy", &good[..40], &["the array", "ends too early"]),
        case("in_data.npy", &good[..good.len() - 1], &["asks for 16 bytes", "there are 15", "cut short"]),
        case("no_data.npy", &good[..good.len() - 16], &["asks for 16 bytes", "there are 0"]),
        case("longer.npy", [good.as_slice(), &[0; 3]].concat(), &["there are 19", "np.savez"]),
        case("twice.npy", [good.as_slice(), &good].concat(), &["several arrays", "np.savez"]),
        case("version.npy", version, &["version 9.0"]),
        case("long_header.npy", long_header, &["a header of 4294967295 bytes"]),
        case("terabytes.npy", with("<f4", "(1000000000000, 1000)", 64), &["4000000000000000 bytes", "there are 64"]),
        case("overflow.npy", with("<f8", "(18446744073709551615, 8)", 64), &["forged"]),
        case("beyond.npy", with("<f8", "(18446744073709551616, 8)", 64), &["not a tuple of whole numbers"]),
        case("negative.npy", with("<f8", "(-1, 8)", 64), &["not a tuple of whole numbers"]),
        case("real_shape.npy", with("<f8", "(1.5, 8)", 64), &["not a tuple of whole numbers"]),
        case("no_shape.npy", header("{'descr': '<f4', 'fortran_order': False, }"), &["lacks 'shape'"]),
        case("no_descr.npy", header("{'fortran_order': False, 'shape': (2, 2), }"), &["lacks 'descr'"]),
        case("no_order.npy", header("{'descr': '<f4', 'shape': (2, 2), }"), &["lacks 'fortran_order'"]),
        case(
            "order.npy",
            header("{'descr': '<f4', 'fortran_order': 1, 'shape': (2, 2), }"),
            &["neither True nor False"],
        ),
        case("no_dictionary.npy", header("[1, 2, 3]"), &["not a dictionary", "'[1, 2, 3]"]),
        case("no_python.npy", header("{'descr': <f4>"), &["not a dictionary"]),
        case("deep.npy", header(&"[".repeat(5000)), &["not a dictionary"]),
        case("deep_texts.npy", header(&"[')',".repeat(13_000)), &["not a dictionary"]),
        case("latin.npy", [&good[..20], &[0xff], &good[21..]].concat(), &["not text"]),
        case("type.npy", with("<q4", "(2, 2)", 16), &["type '<q4' is not known"]),
        case("odd_size.npy", with("<f3", "(2, 2)", 12), &["<f3"]),
        written("bad.object.npy", "", &["Python object", "np.stack"]),
        written("bad.integer.npy", "", &["type int64", "np.load(\"bad.integer.npy\")", "z.astype(np.float64)"]),
        written("bad.complex.npy", "", &["complex128", "np.hstack([z.real, z.imag])"]),
        written("bad.long_double.npy", "", &["f16", "z.astype(np.float64)"]),
        written("bad.record.npy", "", &["record of named fields", "structured_to_unstructured(z)"]),
        written("bad.vector.npy", "", &["shape (3,)", "(rows, columns)", "z.reshape(-1, d)"]),
        written("bad.cube.npy", "", &["shape (5, 3, 1)", "reshape"]),
        case("views.npy", with("<f4", "(4, 2, 3)", 96), &["shape (4, 2, 3)", "z=z[:, 0], w=z[:, 1]"]),
        case("views_first.npy", with("<f4", "(2, 4, 3)", 96), &["z=z[0], w=z[1]"]),
        case("tokens.npy", with("<f4", "(2, 5, 4, 3)", 480), &["average", "mean(2)"]),
        case("dict.npy", with("|O", "()", 20), &["np.save makes one of a dict", "allow_pickle=True", "z.item()"]),
        case("bfloat.npy", with("<V2", "(2, 2)", 8), &["void16", "ml_dtypes.bfloat16"]),
        case("float8.npy", with("|V1", "(2, 2)", 4), &["void8", "ml_dtypes.float8_e4m3fn"]),
        case(
            "vector_field.npy",
            header("{'descr': [('id', '<i4'), ('v', '<f4', (3,))], 'fortran_order': False, 'shape': (1,), }"),
            &["z[\"v\"]"],
        ),
        case(
            "mixed_fields.npy",
            header("{'descr': [('id', '<i4'), ('x', '<f4'), ('y', '<f4')], 'fortran_order': False, 'shape': (1,), }"),
            &["structured_to_unstructured(z[[\"x\", \"y\"]])"],
        ),
        written("bad.scalar.npy", "", &["shape ()", "(rows, columns)", "a scalar is not a set of embeddings"]),
        written("bad.no_rows.npy", "", &["shape (0, 3) holds no number"]),
        written("bad.no_columns.npy", "", &["shape (5, 0) holds no number"]),
        written("z.f4.C.little.npy", ":z", &["one array without a name", "leave out ':z'"]),
        case("zeros.npy", npy(F4, &[0; 16]), &["2 zero rows (0, 1) of 2", "remove them"]),
        case("nan.npy", npy(F4, &[0, 0, 0xc0, 0x7f].repeat(4)), &["2 non-finite rows (0, 1)"]),
        case("one_column.npy", with("<f4", "(4, 1)", 16), &["at least 2 dimensions"]),
    ]
}

fn archives() -> Vec<Case> {
    let array = npy(F4, &[63; 16]);
    let several = zip(&[Part::stored("z.npy", &array), Part::stored("w.npy", &array)]);
    let one = zip(&[Part::stored("z.npy", &array)]);
    let flipped = |at: usize| {
        let mut bytes = one.clone();
        bytes[at] ^= 1;
        bytes
    };
    let deflated = zip(&[Part::deflated("z.npy", &array)]);
    let broken = {
        let mut bytes = deflated.clone();
        bytes[36..60].fill(0xff);
        bytes
    };
    let forged = npy(&dictionary("<f4", false, "(1000000000000, 1000)"), &[0; 64]);
    let many: Vec<String> = (0..30).map(|number| format!("layer{number}.npy")).collect();
    let many: Vec<Part<'_>> = many.iter().map(|name| Part::stored(name, &array)).collect();
    let torch = zip(&[Part::stored("archive/data.pkl", b"\x80\x02"), Part::stored("archive/data/0", &[0; 16])]);
    vec![
        written("several.npz", "", &["several arrays", "FILE:KEY", "several.npz:z", "z, w, labels, names"]),
        written("several.npz", ":u", &["no array 'u'", "z, w, labels, names"]),
        written("several.npz", ":labels", &["array 'labels'", "int64", "np.load(\"several.npz\")[\"labels\"]"]),
        written("several.npz", ":names", &["array 'names'", "text", "--labels"]),
        written("bad.none.npz", "", &["no array in it", "np.savez"]),
        case("many.npz", zip(&many), &["layer0", "and 10 more"]),
        case("text.npz", "not an archive at all", &["the beginning"]),
        case("cut.npz", &several[..several.len() - 30], &["list of arrays"]),
        case("half.npz", &several[..several.len() / 2], &["list of arrays"]),
        case("bit.npz", flipped(one.len() - 90), &["array 'z'", "checksum", "copy or write it again"]),
        case("deflate.npz", broken, &["array 'z'", "corrupt"]),
        case("sum.npz", zip(&[Part { checksum: Some(7), ..Part::deflated("z.npy", &array) }]), &["checksum"]),
        case(
            "bomb.npz",
            zip(&[Part { size: Some(u32::MAX - 1), ..Part::deflated("z.npy", &array) }]),
            &["cannot unpack"],
        ),
        case("forged.npz", zip(&[Part::deflated("z.npy", &forged)]), &["array 'z'", "4000000000000000 bytes"]),
        case("bzip.npz", zip(&[Part { method: 12, ..Part::stored("z.npy", &array) }]), &["compressed by", "np.savez"]),
        case("locked.npz", zip(&[Part { flags: 1, ..Part::stored("z.npy", &array) }]), &["encrypted", "np.savez"]),
        case(
            "inside.npz",
            zip(&[Part::stored("z.npy", b"no array, but a long enough text")]),
            &["array 'z'", "does not begin"],
        ),
        case("model.pt", torch.clone(), &["torch.save", "weights_only=True"]),
        case("renamed.npz", torch, &["torch.save", "weights_only=True", "np.savez"]),
    ]
}

fn tensors() -> Vec<Case> {
    let header = r#"{"z":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]}}"#;
    let good = safetensors(header, &[63; 16]);
    let of = |kind: &str, shape: &str, end: usize| {
        let header = format!(r#"{{"z":{{"dtype":"{kind}","shape":{shape},"data_offsets":[0,{end}]}}}}"#);
        safetensors(&header, &vec![0; end.min(64)])
    };
    let large = [(1_u64 << 25).to_le_bytes().to_vec(), vec![b' '; (1 << 25) + 8]].concat();
    vec![
        written("several.safetensors", "", &["several arrays", "FILE:KEY", "labels"]),
        written("several.safetensors", ":u", &["no array 'u'"]),
        written("several.safetensors", ":labels", &["int64"]),
        written("bad.none.safetensors", "", &["no array in it", "save_file"]),
        case("short.safetensors", &good[..5], &["the header", "ends too early"]),
        case("header.safetensors", &good[..30], &["the header", "cut short"]),
        case("data.safetensors", &good[..good.len() - 1], &["asks for 16 bytes", "there are 15"]),
        case("longer.safetensors", [good.as_slice(), &[0]].concat(), &["there are 17"]),
        case("forged.safetensors", [u64::MAX.to_le_bytes().as_slice(), b"{}"].concat(), &["18446744073709551615"]),
        case("large.safetensors", large, &["33554432 bytes"]),
        case("json.safetensors", safetensors("{]", &[]), &["the header", "corrupt"]),
        case("deep.safetensors", safetensors(&"[".repeat(10_000), &[]), &["the header"]),
        case("offsets.safetensors", of("F32", "[2,2]", 12), &["the header", "corrupt"]),
        case("terabytes.safetensors", of("F32", "[1000000000,1000]", 4_000_000_000_000), &["4000000000000 bytes"]),
        case("overflow.safetensors", of("F32", "[9223372036854775807,8]", 16), &["the header"]),
        case("type.safetensors", of("F8_E4M3", "[2,2]", 4), &["F8_E4M3", "z.float()"]),
        case("unknown.safetensors", of("F99", "[2,2]", 4), &["the header"]),
        case("vector.safetensors", of("F32", "[4]", 16), &["shape (4,)", "reshape"]),
        case("no_rows.safetensors", of("F32", "[0,4]", 0), &["holds no number"]),
    ]
}

fn tables() -> Vec<Case> {
    let long = [b"x,y\n1,2\n\"".as_slice(), &vec![b'a'; (1 << 24) + 10]].concat();
    vec![
        case("empty.csv", "", &["the file is empty"]),
        case("blank.csv", "\n\n", &["empty"]),
        case("header.csv", "x,y\n", &["holds no number"]),
        case("word.csv", "x,y\n1,2\n3,four\n", &["line 3, column 2 'y'", "'four' is not a number"]),
        case("bare_word.csv", "1,2\n3,four\n", &["line 2, column 2", "'four'"]),
        case("short.csv", "x,y\n1,2\n3\n", &["line 3", "1 fields", "have 2"]),
        case("long.csv", "x,y\n1,2\n3,4,5\n", &["line 3", "3 fields", "have 2"]),
        case("quote.csv", long, &["line 3", "quote that is not closed"]),
        case("bytes.csv", b"x,y\n1,2\n3,\xff\xfe\n".as_slice(), &["line 3, column 2", "not UTF-8"]),
        case("decimal.csv", "x;y\n0,5;1,5\n2,5;3,5\n", &["semicolon", "decimal commas", "sep=\",\""]),
        case("tabs.csv", "1\t2\n3\t4\n", &["tabs between", "call it .tsv"]),
        case("commas.tsv", "1,2\n3,4\n", &["commas between", "call it .csv"]),
        written("bad.semicolon.csv", "", &["semicolon"]),
        written("bad.spaces.csv", "", &["spaces between", "header=None", "sep=r\"\\s+\""]),
        written("bad.two_texts.csv", "", &["column 4 'name'", "name it as FILE:COLUMN", "--drop-columns name"]),
        written("z.header.csv", ":species", &["no column 'species'", "x, y, width"]),
        case("only_labels.csv", "label\ncat\ndog\n", &["no column of coordinates"]),
        case("zeros.csv", "0,0\n1,1\n", &["1 zero row (0) of 2"]),
        case("missing.csv", "x,y\n1,2\n,3\n", &["line 3, column 1 'x'", "a missing value"]),
        case("text.txt", "1 2\n3 4\n", &["np.savetxt", "np.loadtxt(\"text.txt\")"]),
        case("name.pkl", "\u{2}", &["pickle", "np.save"]),
        case("list.bin", b"\x80\x04]\x94(K\x01e.".as_slice(), &["pickle", "read_pickle(\"list.bin\")"]),
        case("pickle.npy", b"\x80\x04]\x94(K\x01e.".as_slice(), &["pickle", "if you trust it"]),
        case("old.bin", b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.".as_slice(), &["torch.save", "weights_only"]),
        case("raw.bin", [0; 24].as_slice(), &["without shape and type", "np.fromfile(\"raw.bin\""]),
        case("pointer.npz", "version https://git-lfs.github.com/spec/v1\noid", &["Git LFS pointer", "git lfs pull"]),
        case("pointer.safetensors", "version https://git-lfs.github.com/spec/v1\noid", &["git lfs pull"]),
        case("page.npy", "\n<!DOCTYPE html>\n<html>", &["a web page", "raw file"]),
        case("message.npy", "{\"error\": 404}", &["but with '{\\\"error", "write it again"]),
        case("z.csv.gz", b"\x1f\x8b\x08\0".as_slice(), &["gzip", "gzip -d < \"z.csv.gz\""]),
        case("zstd.npy", b"\x28\xb5\x2f\xfd".as_slice(), &["zstd -d < \"zstd.npy\""]),
        case("bz.csv", b"BZh91AY&SY".as_slice(), &["bzip2 -d"]),
        case("xz.npz", b"\xfd7zXZ\0".as_slice(), &["xz -d"]),
        case("name.mat", "MATLAB 5.0 MAT-file", &["loadmat(\"name.mat\")"]),
        case("name.feather", "ARROW1\0\0", &["read_feather(\"name.feather\")"]),
        case("name.arrow", b"\xff\xff\xff\xff\x10".as_slice(), &["open_stream"]),
        case("name.json", "[[1, 2]]", &["json.load(open(\"name.json\"))"]),
        case("name.pth", "\u{2}", &["torch.save"]),
        case("name.h5", b"\x89HDF\r\n\x1a\n".as_slice(), &["HDF5", "h5py.File(\"name.h5\")"]),
        case("name.parquet", "PAR1", &["Parquet", "to_numpy", "np.stack", "read_parquet(\"name.parquet\")"]),
        case("name", "who knows", &["not a format", ".safetensors", "np.save"]),
    ]
}

/// More labels than any memory holds.
const TERA: &str = "(1000000000000,)";

fn labels() -> Vec<Case> {
    vec![
        case("floats.npy", npy(&dictionary("<f4", false, "(5,)"), &[0; 20]), &["integers or text", "np.unique"]),
        case("matrix.npy", npy(&dictionary("|i1", false, "(5, 2)"), &[0; 10]), &["shape (5, 2)", "argmax"]),
        case("none.npy", npy(&dictionary("|i1", false, "(0,)"), &[]), &["holds no number"]),
        case(
            "surrogate.npy",
            npy(&dictionary("<U1", false, "(1,)"), &0xd800_u32.to_le_bytes()),
            &["row 0", "not UTF-8 text", "np.char.decode"],
        ),
        case(
            "latin.npy",
            npy(&dictionary("|S1", false, "(1,)"), &[0xff]),
            &["row 0", "not UTF-8 text", "np.char.decode"],
        ),
        case("huge.npy", npy(&dictionary("<U4611686018427387905", false, "(1,)"), &[0; 4]), &["cut short"]),
        case("endless.npy", npy(&dictionary("<U4611686018427387905", false, TERA), &[0; 4]), &["cut short"]),
        case(
            "many.npy",
            npy(&dictionary("|i1", false, TERA), &[0; 4]),
            &["asks for 1000000000000 bytes", "there are 4"],
        ),
        case("few.npy", npy(&dictionary("|i1", false, "(4,)"), &[0; 4]), &["4 labels for the 5 rows of good.npy"]),
        case(
            "single.npy",
            npy(&dictionary("|i1", false, "(5,)"), &[1, 1, 2, 2, 9]),
            &["class '9'", "row 4", "leave it out"],
        ),
        case("gap.csv", "label,x\na,1\n,2\n", &["line 3", "no label"]),
        case("na.csv", "label,x\na,1\nNA,2\n", &["line 3", "no label ('NA')"]),
        case("columns.csv", "x,y\n1,2\n", &["FILE:COLUMN", "x, y"]),
        written("labels.species.csv", "", &["6 labels for the 5 rows", "FILE:COLUMN"]),
        written("several.npz", "", &["FILE:KEY", "z, w, labels, names"]),
    ]
}

#[test]
fn bad_files_are_refused_with_file_place_and_remedy() {
    let all = [arrays(), archives(), tensors(), tables()].into_iter().flatten().collect();
    let refused = as_embeddings(all) + as_labels(labels());
    assert!(refused >= 60, "only {refused} cases");
}

#[test]
fn what_is_no_file_is_refused() {
    let folder = TempDir::new().unwrap();
    let good = file("z.f4.C.little.npy");
    let good = good.to_str().unwrap();
    let of = |spec: &str, says: &[&str]| refused(folder.path(), &["gradient", "--loss", "cosine", good, spec], says);
    of("nowhere.npy", &["nowhere.npy: no such file"]);
    of("nowhere.npz:z", &["nowhere.npz:z: no such file"]);
    of(".", &["this is a folder"]);
    of("/dev/null", &["a pipe or a device", "write it to a file first"]);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // A pipe must be refused, not waited for.
        assert!(std::process::Command::new("mkfifo").arg(folder.path().join("pipe.npy")).status().unwrap().success());
        of("pipe.npy", &["pipe.npy", "a pipe or a device"]);
        std::os::unix::fs::symlink("nothing", folder.path().join("dangling.npy")).unwrap();
        of("dangling.npy", &["no such file"]);
        let locked = folder.path().join("locked.npy");
        std::fs::copy(good, &locked).unwrap();
        std::fs::set_permissions(&locked, std::fs::Permissions::from_mode(0o000)).unwrap();
        // Root may read everything.
        if std::fs::File::open(&locked).is_err() {
            of("locked.npy", &["locked.npy: cannot be read", "permissions"]);
        }
    }
}

#[test]
fn a_file_whose_name_has_a_colon_is_taken_as_it_is() {
    let folder = TempDir::new().unwrap();
    std::fs::copy(file("z.f4.C.little.npy"), folder.path().join("step:10.npy")).unwrap();
    let mut command = cargo_bin_cmd!("embedding-norms");
    command.current_dir(folder.path()).args(["gradient", "--loss", "cosine", "step:10.npy", "step:10.npy"]);
    command.assert().success();
}
