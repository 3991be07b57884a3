//! Formats that are recognized but not read: what they are, and the line of Python that converts them.

use super::error::Problem;

/// The number with which torch.save began its files before they were archives, behind the two bytes of a pickle.
const TORCH: &[u8] = b"\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19";

fn other(format: &'static str, remedy: impl Into<String>) -> Problem {
    Problem::OtherFormat { format, remedy: remedy.into() }
}

/// A pickle of PyTorch. It is a program that Python runs, so no reader of it is safe and small.
pub(super) fn torch() -> Problem {
    other(
        "a file of torch.save",
        "of a dict of tensors, in Python: z = torch.load(\"{file}\", map_location=\"cpu\", weights_only=True); \
         z = z if isinstance(z, dict) else {\"z\": z}; np.savez(\"new.npz\", **{key: value.detach().float().numpy() for \
         key, value in z.items() if torch.is_tensor(value)})",
    )
}

fn pickle() -> Problem {
    other(
        "a pickle, a program that Python runs",
        "if you trust it, in Python: z = pd.read_pickle(\"{file}\"); np.save(\"new.npy\", np.asarray(z, dtype=np.float64)), \
         and of a dict z[\"KEY\"]",
    )
}

/// A data frame: its columns of fractions, without ids and counts, or its column of lists.
fn frame(format: &'static str, read: &str) -> Problem {
    other(
        format,
        format!(
            "save the column of lists, here called embedding, or else the columns of fractions, in Python: df = {read}; \
             np.save(\"new.npy\", np.stack(df[\"embedding\"]) if \"embedding\" in df else \
             df.select_dtypes(\"floating\").to_numpy(np.float64))"
        ),
    )
}

/// What a file is by its first bytes, if it is known and not read.
pub(super) fn by_content(first: &[u8]) -> Option<Problem> {
    let packed = |name: &'static str, tool: &str| {
        Some(other(name, format!("unpack it: {tool} < \"{{file}}\" > new, and give new the ending of what it is")))
    };
    let starts = |magic: &[u8]| first.starts_with(magic);
    let text = String::from_utf8_lossy(first).trim_start_matches('\u{feff}').trim_start().to_lowercase();
    if starts(b"version https://git-lfs.github.com/spec/") {
        return Some(other("a Git LFS pointer and not the file itself", "fetch it: git lfs pull"));
    }
    if starts(b"/annex/objects/") || text.starts_with("../.git/annex/") || text.starts_with(".git/annex/") {
        return Some(other("a git-annex pointer and not the file itself", "fetch it: git annex get \"{file}\""));
    }
    if starts(b"outs:\n- md5:") {
        return Some(other("a DVC pointer and not the file itself", "fetch it: dvc pull"));
    }
    if text.starts_with("<!doctype html") || text.starts_with("<html") || text.starts_with("<head") {
        return Some(other("a web page", "the download returned a web page instead of the file; fetch the raw file"));
    }
    if text.starts_with("<?xml") || text.starts_with("<error>") {
        return Some(other("an XML document", "if a download gave it, it is a message of the server: look into it"));
    }
    match first {
        [0x80, 2..=5, rest @ ..] if rest.starts_with(TORCH) => Some(torch()),
        [0x80, 2..=5, ..] => Some(pickle()),
        [0x1f, 0x8b, ..] => packed("a gzip archive", "gzip -d"),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => packed("a zstd archive", "zstd -d"),
        [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => packed("an xz archive", "xz -d"),
        [b'B', b'Z', b'h', b'1'..=b'9', b'1', b'A', b'Y', ..] => packed("a bzip2 archive", "bzip2 -d"),
        [4, 0x22, 0x4d, 0x18, ..] => packed("an lz4 archive", "lz4 -d"),
        [b'7', b'z', 0xbc, 0xaf, ..] => Some(other("a 7-Zip archive", "unpack it: 7z x \"{file}\"")),
        _ if first.get(257..262) == Some(b"ustar") => Some(other("a tar archive", "unpack it: tar -xf \"{file}\"")),
        _ if starts(b"\x89HDF") => Some(other(
            "an HDF5 file",
            "export an array, in Python: import h5py; np.save(\"new.npy\", h5py.File(\"{file}\")[\"KEY\"][:])",
        )),
        _ if starts(b"MATLAB 7.3") => Some(other(
            "a file of MATLAB 7.3",
            "export an array, in Python: import h5py; np.save(\"new.npy\", h5py.File(\"{file}\")[\"KEY\"][:].T)",
        )),
        _ if starts(b"MATLAB 5.0") => Some(other(
            "a file of MATLAB",
            "export an array, in Python: import scipy.io; np.save(\"new.npy\", scipy.io.loadmat(\"{file}\")[\"KEY\"])",
        )),
        _ if starts(b"PAR1") => Some(frame("a Parquet file", "pd.read_parquet(\"{file}\")")),
        _ if starts(b"ARROW1") || starts(b"FEA1") => {
            Some(frame("an Arrow (Feather) file", "pd.read_feather(\"{file}\")"))
        }
        [0xff, 0xff, 0xff, 0xff, ..] => Some(frame(
            "a stream of Arrow",
            "__import__(\"pyarrow.ipc\").ipc.open_stream(open(\"{file}\", \"rb\")).read_pandas()",
        )),
        _ if starts(b"\x89PNG") || starts(b"\xff\xd8\xff") || starts(b"GIF8") => {
            Some(other("an image", "give the embeddings of a model"))
        }
        _ if starts(b"%PDF") => Some(other("a PDF", "give a file of embeddings")),
        _ if starts(b"SQLite format 3") => Some(other(
            "an SQLite database",
            "export a table: sqlite3 -header -csv \"{file}\" \"select * from TABLE\" > new.csv",
        )),
        _ if starts(b"GGUF") => Some(other("a model in GGUF", "give embeddings, which are what a model makes")),
        _ => utf_16(first),
    }
}

/// Text in two or four bytes a letter: by its mark, or by the zeros of small letters and digits.
fn utf_16(first: &[u8]) -> Option<Problem> {
    let is_zero = |place: usize| first.get(place) == Some(&0);
    let is_letter =
        |place: usize| first.get(place).is_some_and(|byte| byte.is_ascii_graphic() || b" \t\r\n".contains(byte));
    let (name, codec) = match first {
        [0xff, 0xfe, 0, 0, ..] | [0, 0, 0xfe, 0xff, ..] => ("text in UTF-32", "utf-32"),
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => ("text in UTF-16", "utf-16"),
        _ if is_letter(0) && is_zero(1) && is_letter(2) && is_zero(3) => ("text in UTF-16", "utf-16-le"),
        _ if is_zero(0) && is_letter(1) && is_zero(2) && is_letter(3) => ("text in UTF-16", "utf-16-be"),
        _ => return None,
    };
    Some(other(
        name,
        format!(
            "save it as UTF-8, in Python: text = open(\"{{file}}\", encoding=\"{codec}\", newline=\"\").read(); \
             open(\"new.{{ending}}\", \"w\", encoding=\"utf-8\", newline=\"\").write(text)"
        ),
    ))
}

/// What a file is by the ending of its name, where its content says nothing.
pub(super) fn by_name(extension: &str) -> Option<Problem> {
    match extension {
        "pt" | "pth" | "ckpt" => Some(torch()),
        "pkl" | "pickle" | "joblib" => Some(pickle()),
        "bin" | "dat" | "raw" | "f32" | "f64" | "data" => Some(other(
            "apparently a file of numbers without shape and type",
            "say which numbers they are; of float32 in d dimensions, in Python: \
             np.save(\"new.npy\", np.fromfile(\"{file}\", dtype=np.float32).reshape(-1, d))",
        )),
        "json" => Some(other(
            "JSON",
            "of a list of lists, in Python: import json; np.save(\"new.npy\", np.array(json.load(open(\"{file}\")), \
             dtype=np.float64))",
        )),
        "jsonl" | "ndjson" => Some(other(
            "lines of JSON",
            "in Python: df = pd.read_json(\"{file}\", lines=True); np.save(\"new.npy\", np.stack(df[\"embedding\"]))",
        )),
        _ => None,
    }
}

/// What an archive is that holds other things than arrays.
pub(super) fn in_archive(files: &[String]) -> Option<Problem> {
    let has = |name: &str| files.iter().any(|file| file == name || file.starts_with(&format!("{name}/")));
    if files.iter().any(|file| file == "data.pkl" || file.ends_with("/data.pkl")) {
        return Some(torch());
    }
    let workbook = other(
        "an Excel workbook",
        "save the sheet as CSV, in Python: pd.read_excel(\"{file}\").to_csv(\"new.csv\", index=False)",
    );
    has("xl").then_some(workbook)
}

/// A text whose separator is not known.
pub(super) fn text() -> Problem {
    other(
        "text with an unknown separator",
        "save a table as .csv (commas) or .tsv (tabs), in Python: np.savetxt(\"new.csv\", np.loadtxt(\"{file}\"), \
         delimiter=\",\")",
    )
}
