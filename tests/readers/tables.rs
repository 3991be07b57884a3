//! The rule for tables: header, missing values, notations, labels, index columns and lists, decided on whole columns.

use embedding_norms::data::embeddings::{Embeddings, Labels, TableOptions, read_numbers};
use ndarray::{Array2, array};

fn read_with(text: &str, options: &TableOptions) -> Result<Array2<f64>, String> {
    let source = Embeddings::from_bytes_with("z.csv", text.as_bytes().to_vec(), options);
    source.and_then(|mut source| source.read()).map_err(|error| error.to_string())
}

fn read(text: &str) -> Result<Array2<f64>, String> {
    read_with(text, &TableOptions::default())
}

fn shape(text: &str) -> (usize, usize) {
    read(text).unwrap_or_else(|error| panic!("{text}: {error}")).dim()
}

/// The table is refused with one sentence that says all this.
fn refused(text: &str, says: &[&str]) {
    let error = read(text).expect_err(text);
    for words in says {
        assert!(error.contains(words), "{text:?}: '{words}' is not in: {error}");
    }
}

fn columns(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[test]
fn a_first_line_is_a_header_only_above_all_numbers() {
    for (text, expected) in [
        ("x,y\n1,2\n3,5\n", (2, 2)),
        ("1,2\n3,5\n", (2, 2)),
        ("x,y\n1,2\n", (1, 2)),
        // A name of labels above counted columns.
        ("label,0,1\n3,0.5,0.25\n4,0.5,0.75\n", (2, 2)),
        ("cat,0.5,2\ndog,1.5,7\n", (2, 2)),
        // As pandas counts columns: with its index, of fractions, or many.
        (",0,1\n0,5,7\n1,2,9\n2,2,2\n", (3, 2)),
        ("0,1,2\n0.5,1.0,2.5\n1.5,2.5,0.0\n0.5,1.0,2.5\n1.5,2.5,0.0\n", (4, 3)),
        ("0,1,2,3,4,5,6,7\n0,0,0.5,0,0,0,0,3.5\n0,0,2.5,0,0,0,0,3.5\n", (2, 8)),
        // A count that goes on is a row.
        ("1,2,3\n4,5,6\n7,8,9\n", (3, 3)),
    ] {
        assert_eq!(shape(text), expected, "{text}");
    }
    for (text, says) in [
        ("NA,0.2\n0.4,-0.5\n0.7,0.8\n", ["line 1, column 1", "'NA', a missing value"].as_slice()),
        ("0.1,#DIV/0!\n0.4,-0.5\n", &["line 1, column 2", "#DIV/0!"]),
        ("#DIV/0!,0.1\n0.4,-0.5\n", &["line 1, column 1", "#DIV/0!"]),
        ("#N/A,0.1\n0.4,-0.5\n", &["line 1, column 1", "#N/A"]),
        ("0.1,error 5\n0.4,-0.5\n", &["line 1, column 2", "'error 5'", "--header yes or --header no"]),
        ("0.1,\n0.4,-0.5\n", &["line 1, column 2", "a missing value"]),
        ("0.1,-\n0.4,-0.5\n", &["line 1, column 2", "a missing value"]),
        ("1.0D-01,0.2\n0.4,-0.5\n", &["line 1, column 1", "an exponent of Fortran"]),
        ("0.1,\u{2212}0.2\n0.4,-0.5\n", &["line 1, column 2", "a minus sign"]),
        ("0.1,5%\n0.4,-0.5\n", &["line 1, column 2", "a percentage"]),
        ("0,1\n1,0\n1,1\n", &["line 1: 0, 1", "--header yes or --header no"]),
        ("0,1,2\n3,4,5\n6,7,9\n", &["line 1: 0, 1, 2", "--header"]),
        ("0,1,2,3,4,5,6,7\n8,9,10,11,12,13,14,15\n", &["line 1", "--header"]),
        ("0,1,2\n0.5,0.25,1.5\n0.75,0.5,2.5\n", &["line 1: 0, 1, 2", "--header"]),
        ("1,2,3\n0.5,0.25,1.5\n0.75,0.5,2.5\n", &["line 1: 1, 2, 3", "--header"]),
        ("2019,2020\n0.5,0.25\n0.75,0.5\n", &["line 1: 2019, 2020", "--header"]),
    ] {
        refused(text, says);
    }
}

#[test]
fn options_say_whether_there_is_a_header() {
    let with = |header| TableOptions { header: Some(header), ..TableOptions::default() };
    let text = "0,1\n1,0\n1,1\n";
    assert_eq!(read_with(text, &with(false)).unwrap(), array![[0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]);
    assert_eq!(read_with(text, &with(true)).unwrap(), array![[1.0, 0.0], [1.0, 1.0]]);
    assert!(read_with("0.1,error\n0.4,1\n", &with(false)).unwrap_err().contains("line 1, column 2: 'error' is not a"));
    assert_eq!(read_with("0.1,error\n0.4,1\n", &with(true)).unwrap(), array![[0.4, 1.0]]);
}

#[test]
fn a_missing_or_foreign_number_is_refused_with_line_and_field() {
    for missing in ["", "NA", "N/A", "null", "None", "nan", "NaN", "-", "--", "#N/A", "#DIV/0!", "<NA>", "#REF!", "?"] {
        refused(&format!("x,y\n1,2\n3,{missing}\n5,7\n"), &["line 3, column 2 'y'", "a missing value"]);
    }
    for (foreign, what) in [
        ("\"0,5\"", "a comma within a number"),
        ("\"1,234.5\"", "a comma within a number"),
        ("1.0D+00", "an exponent of Fortran"),
        ("\u{2212}1", "a minus sign"),
        ("'1", "a quoted number"),
        ("1+2j", "a complex number"),
        ("1 2", "several numbers"),
    ] {
        refused(&format!("x,y\n1,2\n3,{foreign}\n5,7\n"), &["line 3, column 2 'y'", what]);
    }
    // What stands first in the file is told first.
    refused("x,y\nfour,2\n3,NA\n1,2\n", &["line 2, column 1 'x': 'four'"]);
}

#[test]
fn other_separators_are_named_with_the_line_that_reads_them() {
    refused("0,1;0,2;0,3\n0,4;0,5;0,6\n", &["semicolons", "decimal commas", "header=None", "z.csv"]);
    refused("x;y\n0,5;1,5\n2,5;3,5\n", &["semicolons", "decimal commas", "decimal=\",\").to_csv"]);
    refused("x;y\n0.5;1.5\n2.5;3.5\n", &["semicolons between the fields,", "sep=\";\").to_csv"]);
    refused("x\ty\n0,5\t1,5\n", &["tabs", "decimal commas"]);
    refused("0.5|1\n2|3\n", &["bars", "sep=\"|\""]);
}

#[test]
fn empty_columns_and_missing_names_are_told() {
    refused("a,b,\n0.1,0.2,\n0.3,0.4,\n", &["column 3", "an empty last column", "--drop-columns 3"]);
    refused("0.1,0.2,\n0.3,0.4,\n", &["column 3", "an empty last column", "--drop-columns 3"]);
    refused("a,b,c\n0.1,,0.2\n0.3,,0.4\n", &["column 2 'b'", "an empty column", "--drop-columns b"]);
    refused("a,b\nr1,0.1,0.2\nr2,0.3,0.4\n", &["line 2: 3 fields", "row.names = FALSE"]);
    let without = TableOptions { drop: columns(&["3"]), ..TableOptions::default() };
    assert_eq!(read_with("0.1,0.2,\n0.3,0.4,\n", &without).unwrap().dim(), (2, 2));
}

#[test]
fn comments_are_no_rows_and_rows_no_comments() {
    assert_eq!(shape("# 0,1\n# made by hand, 7\n1,2\n# between\n3,5\n# the end, 3\n"), (2, 2));
    refused("1,2\n#REF!,3\n4,5\n", &["line 2, column 1", "'#REF!'", "as a comment does"]);
    refused("#1,2\n3,5\n", &["line 1, column 1", "'#1'"]);
}

#[test]
fn an_index_without_a_name_is_left_out_and_any_other_is_refused() {
    let left_out = |text: &str| {
        let source = Embeddings::from_bytes("z.csv", text.as_bytes().to_vec()).unwrap();
        (source.shape(), source.passed_over())
    };
    for (text, passed) in [
        (",a,b\n0,0.1,0.2\n1,0.3,0.4\n2,0.5,0.6\n", ["(index)"].as_slice()),
        ("Unnamed: 0,a,b\n0,0.1,0.2\n1,0.3,0.4\n2,0.5,0.6\n", &["Unnamed: 0"]),
        (",Unnamed: 0,a,b\n0,0,0.1,0.2\n1,1,0.3,0.4\n2,2,0.5,0.6\n", &["(index)", "Unnamed: 0"]),
        ("Unnamed: 0.1,Unnamed: 0,a,b\n5,0,0.1,0.2\n6,1,0.3,0.4\n", &["Unnamed: 0.1", "Unnamed: 0"]),
        (",a,b\nimg1,0.1,0.2\nimg2,0.3,0.4\n", &["(index)"]),
    ] {
        let (shape, found) = left_out(text);
        assert_eq!((shape.1, found), (2, columns(passed)), "{text}");
    }
    for (text, name) in [
        ("id,a,b\n101,0.1,0.2\n102,0.3,0.4\n103,0.5,-0.6\n", "id"),
        ("a,b,image_id\n0.1,0.2,7\n0.3,0.4,7\n0.5,-0.6,9\n", "image_id"),
        ("userId,a,b\n7,0.1,0.2\n3,0.3,0.4\n", "userId"),
        ("index,a,b\n0,0.1,0.2\n1,0.3,0.4\n2,0.5,-0.6\n", "index"),
        ("epoch,a,b\n3,1,2\n3,3,4\n3,0,7\n", "epoch"),
        ("a,sample,b\n0.5,12,2.5\n0.5,99,0.5\n", "sample"),
        // No name that tells: a ramp, whole numbers beside fractions, another scale.
        ("a,b,c\n0.1,0.2,4\n0.3,0.4,5\n0.5,-0.6,6\n", "c"),
        ("a,b,c\n0.1,0.2,4\n0.3,0.4,1\n0.5,-0.6,6\n", "c"),
        ("a,b,c\n1,2,4005\n0,4,1007\n3,0,6001\n", "c"),
        ("n_tokens,a,b\n5,0.1,2\n9,0.3,0.4\n5,0.5,-0.6\n", "n_tokens"),
        ("0,0.5,2.5\n1,2.25,0.5\n2,0.5,0.5\n", "1"),
        ("7,5,3\n8,1,1\n9,2,5\n10,2,2\n11,5,4\n", "1"),
        // A shuffled index without a name, and fractions without one.
        (",a,b\n5,0.1,0.2\n0,0.3,0.4\n2,0.5,0.6\n", "1"),
        (",a,b\n0.5,0.1,0.2\n0.3,0.3,0.4\n", "1"),
    ] {
        refused(text, &[&format!("--drop-columns {name}"), &format!("--keep-columns {name}")]);
        let (all, one) = (text.lines().next().unwrap().split(',').count(), columns(&[name]));
        let drop = TableOptions { drop: one.clone(), ..TableOptions::default() };
        assert_eq!(read_with(text, &drop).unwrap().ncols(), all - 1, "{text}");
        let keep = TableOptions { keep: one, ..TableOptions::default() };
        assert_eq!(read_with(text, &keep).unwrap().ncols(), all, "{text}");
    }
    refused("id,epoch,a,b,c\n5,1,0.1,0.2,1.5\n6,1,0.3,0.4,0.5\n", &["--drop-columns id,epoch"]);
    refused("user id,a,b\n5,0.1,0.2\n9,0.3,0.4\n", &["--drop-columns \"user id\""]);
}

#[test]
fn whole_numbers_that_are_embeddings_are_read() {
    for text in [
        "1,0,2\n0,3,1\n2,1,0\n",
        "the,cat,time,count\n60,1,0,2\n31,0,2,1\n55,3,1,0\n",
        "1,2\n2,3\n3,4\n4,5\n5,6\n",
        "0.5,1\n2,3\n",
        // A coordinate that never left zero.
        "a,b,c\n0.1,0.2,0\n0.3,0.4,0\n0.5,-0.6,0\n",
        // Some coordinates of language models are a thousand times the others.
        "a,b,c\n0.1,0.2,1507.25\n0.3,0.4,1493.5\n0.5,-0.6,1600.75\n",
        "0,1,1\n1,0,1\n1,1,1\n",
    ] {
        let width = text.lines().next().unwrap().split(',').count();
        assert_eq!(shape(text).1, width, "{text}");
    }
}

#[test]
fn columns_are_named_by_name_number_or_range() {
    let text = "id,x-1,x-2,x-3\n7,0.5,1.5,2.5\n9,2.5,3.5,4.5\n";
    for (items, width) in [
        (["id"].as_slice(), 3),
        (&["1"], 3),
        (&["id-x-1"], 2),
        (&["1-2"], 2),
        (&["id", "x-3"], 2),
        (&["id", "no such"], 3),
    ] {
        let options = TableOptions { drop: columns(items), ..TableOptions::default() };
        assert_eq!(read_with(text, &options).unwrap().ncols(), width, "{items:?}");
    }
    let source = Embeddings::from_bytes("z.csv", b"x,y\n1,2\n".to_vec()).unwrap();
    assert!(source.has_column("x") && source.has_column("x-y") && source.has_column("2") && !source.has_column("z"));
}

#[test]
fn lists_in_fields_are_the_embedding() {
    let expected = array![[0.5, 1.5, -2.0], [2.0, 0.0, 1.0]];
    for text in [
        "id,n_tokens,embedding\n0,5,\"[0.5, 1.5, -2]\"\n1,6,\"[2, 0.0, 1e0]\"\n",
        "text,embedding,label\nt0,\"[0.5,1.5,-2]\",cat\nt1,\"[2,0,1]\",dog\n",
        "embedding\n\"[0.5 1.5\n -2. ]\"\n[2. 0. 1.]\n",
        "\"(0.5, 1.5, -2.0)\"\n\"(2, 0, 1)\"\n",
    ] {
        assert_eq!(read(text).unwrap_or_else(|error| panic!("{text}: {error}")), expected, "{text}");
    }
    let two = "z,w\n\"[1, 2]\",\"[3, 4]\"\n\"[5, 6]\",\"[7, 8]\"\n";
    refused(two, &["several columns hold lists", "z.csv:z", "z, w"]);
    let of = |key: &str| Embeddings::from_bytes(&format!("z.csv:{key}"), two.as_bytes().to_vec()).unwrap().read();
    assert_eq!(of("z").unwrap(), array![[1.0, 2.0], [5.0, 6.0]]);
    assert_eq!(of("w").unwrap(), array![[3.0, 4.0], [7.0, 8.0]]);
    for (list, says) in [
        ("\"[1, 2, 3]\"", "a list of 3 numbers, where line 2 has 2"),
        ("\"[1, nan]\"", "'nan' in a list"),
        ("\"[1 ... 2]\"", "shortened"),
        ("\"[[1, 2]]\"", "a list of lists"),
        ("[]", "an empty list"),
        ("", "a missing value"),
        ("cat", "'cat' is not a number"),
        ("1.5|2.5", "several numbers in one field"),
        ("\"tensor([1., 2.])\"", "an array as it is printed"),
        ("\"{1.0,2.0}\"", "an array as it is printed"),
        ("7", "a list in a column that holds something else too"),
    ] {
        let error = read(&format!("id,e\n0,\"[1, 2]\"\n1,{list}\n")).unwrap_err();
        assert!(error.contains("column 2 'e'") && error.contains(says), "{list}: {error}");
    }
    let beside = Embeddings::from_bytes("z.csv", b"id,e\n0,\"[1, 2]\"\n".to_vec()).unwrap();
    assert_eq!(beside.passed_over(), ["id"]);
    refused("[0.5, 1.5]\n[2.5, 0.5]\n", &["needs quotes around it"]);
}

#[test]
fn bytes_that_are_not_utf_8_are_never_replaced() {
    let labels = |bytes: &[u8], name: &str| Labels::from_bytes(name, bytes.to_vec()).unwrap_err().to_string();
    for name in ["labels.txt", "labels.csv:label"] {
        let error = labels(b"label\nM\xfcnchen\nM\xe4nchen\n", name);
        assert!(error.contains("line 2, column 1") && error.contains("Latin-1"), "{error}");
        assert!(error.contains(r"'M\xfcnchen'") && error.contains("encoding=\"latin-1\""), "{error}");
        assert!(labels(b"label\nna\x92ve\n", name).contains("Windows-1252"));
        assert!(labels(b"label\na\0b\n", name).contains("zero bytes"));
    }
    refused_bytes(b"x,y\n1,2\n\xb5,3\n", &["line 3, column 1", "not UTF-8"]);
    refused_bytes(b"gr\xf6\xdfe,y\n1,2\n", &["line 1, column 1", "Latin-1"]);
    let wide = |text: &str, big: bool| -> Vec<u8> {
        text.encode_utf16().flat_map(|unit| if big { unit.to_be_bytes() } else { unit.to_le_bytes() }).collect()
    };
    for (mark, big, codec) in
        [("\u{feff}", false, "utf-16"), ("\u{feff}", true, "utf-16"), ("", false, "utf-16-le"), ("", true, "utf-16-be")]
    {
        let bytes = wide(&format!("{mark}a,b\n1,2\n"), big);
        refused_bytes(&bytes, &["UTF-16", "save it as UTF-8", &format!("encoding=\"{codec}\"")]);
        assert!(labels(&bytes, "labels.txt").contains("UTF-16"));
    }
    refused_bytes(&wide("x\ty\n", false), &["UTF-16"]);
    refused_bytes(&[b"\xff\xfe\0\0a\0\0\0,\0\0\0".as_slice(), b"b\0\0\0"].concat(), &["UTF-32"]);
    assert_eq!(read("\u{feff}x,y\n1,2\n").unwrap(), array![[1.0, 2.0]]);
}

fn refused_bytes(bytes: &[u8], says: &[&str]) {
    let error = Embeddings::from_bytes("z.csv", bytes.to_vec()).err().expect("it is refused").to_string();
    for words in says {
        assert!(error.contains(words), "'{words}' is not in: {error}");
    }
}

#[test]
fn labels_of_a_text_file_may_have_a_header_by_name() {
    let labels = Labels::from_bytes("labels.txt:kind", b"kind\ncat\ndog\n".to_vec()).unwrap();
    assert_eq!(labels.names(), ["cat", "dog"]);
    // A class may be called none.
    assert_eq!(Labels::from_bytes("labels.txt", b"none\nsome\n".to_vec()).unwrap().names(), ["none", "some"]);
    assert!(Labels::from_bytes("labels.txt", b"cat\nNone\n".to_vec()).unwrap_err().to_string().contains("line 2"));
    // The number of a column is no name that a header could have.
    let labels = Labels::from_bytes("z.csv:1", b"1,0.5\n2,0.5\n1,2.5\n".to_vec()).unwrap();
    assert_eq!(labels.classes(), [0, 1, 0]);
}

#[test]
fn numbers_per_row_are_read_from_everything_that_holds_them() {
    let folder = tempfile::tempdir().unwrap();
    let read = |name: &str, content: &[u8], key: &str| {
        std::fs::write(folder.path().join(name), content).unwrap();
        let spec = format!("{}{key}", folder.path().join(name).display());
        read_numbers(spec, &TableOptions::default()).map_err(|error| error.to_string())
    };
    let column = array![[0.5], [0.25], [7.0]];
    let npy =
        |descr: &str, shape: &str, data: &[u8]| crate::build::npy(&crate::build::dictionary(descr, false, shape), data);
    let floats: Vec<u8> = [0.5_f32, 0.25, 7.0].iter().flat_map(|value| value.to_le_bytes()).collect();
    assert_eq!(read("a.npy", &npy("<f4", "(3,)", &floats), "").unwrap(), column);
    assert_eq!(read("b.npy", &npy("<f4", "(3, 1)", &floats), "").unwrap(), column);
    assert_eq!(read("c.npy", &npy("|i1", "(3,)", &[5, 255, 7]), "").unwrap(), array![[5.0], [-1.0], [7.0]]);
    assert_eq!(read("d.npy", &npy("|S3", "(3,)", b"0.57\0\0-1\0"), "").unwrap(), array![[0.5], [7.0], [-1.0]]);
    assert_eq!(read("e.txt", b"0.5\n0.25\n7\n", "").unwrap(), column);
    assert_eq!(read("e.txt", b"0.5\n0.25\n7\n", ":1-2").unwrap(), array![[0.25], [7.0]]);
    assert_eq!(read("f.csv", b"freq\n0.5\n0.25\n7\n", "").unwrap(), column);
    assert_eq!(read("g.csv", b"name,freq\na,0.5\nb,0.25\nc,7\n", ":freq").unwrap(), column);
    assert_eq!(read("h.csv", b"name,freq,len\na,0.5,3\nb,0.25,5\n", "").unwrap(), array![[0.5, 3.0], [0.25, 5.0]]);
    assert_eq!(read("i.csv", b",freq\n0,0.5\n1,0.25\n2,7\n", "").unwrap(), column);
    assert!(read("j.csv", b"id,freq\n4,0.5\n9,0.25\n", "").unwrap_err().contains("--drop-columns id"));
    assert!(read("k.txt", b"0.5\na\n", "").unwrap_err().contains("line 2, column 1: 'a' is not a number"));
    assert!(read("l.npy", &npy("<c8", "(1,)", &[0; 8]), "").unwrap_err().contains("z.real"));
}

#[test]
fn rows_are_picked_from_every_format() {
    let z = crate::round_trips::z();
    let names =
        ["z.f4.C.little.npy", "z.f8.F.big.npy", "z.npz:z", "z.deflated.npz", "z.fortran.npz", "z.f2.safetensors"];
    for name in names.into_iter().chain(["z.header.csv", "z.bare.csv", "z.species.csv:species", "several.npz:z"]) {
        let mut source = Embeddings::open(crate::file(&format!("{name}:1-3"))).unwrap();
        assert_eq!(source.shape(), (3, 3), "{name}");
        assert_eq!(source.read().unwrap(), z.slice(ndarray::s![1..4, ..]), "{name}");
        let first: Vec<usize> = source.chunks(2).unwrap().map(|chunk| chunk.unwrap().first_row).collect();
        assert_eq!(first, [0, 2], "{name}");
        let error = Embeddings::open(crate::file(&format!("{name}:1-5"))).err().unwrap().to_string();
        assert!(error.contains("rows 1-5 are asked for, and there are 5, counted from 0"), "{error}");
    }
    for name in ["labels.i2.big.npy", "labels.txt", "several.npz:labels", "z.label.csv", "z.number.csv:number"] {
        let labels = Labels::open(crate::file(&format!("{name}:2-4"))).unwrap();
        assert_eq!((labels.classes(), labels.names()), ([0, 1, 2].as_slice(), columns(&["-1", "7", "3"]).as_slice()));
    }
}
