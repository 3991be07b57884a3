//! Which format a file has: by its first bytes where they tell, else by the ending of its name.

use super::error::Problem;
use super::storage::Opened;
use super::{npy, npz};

/// A format that is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Npy,
    Npz,
    Safetensors,
    /// Lines of fields with this byte between them.
    Table(u8),
    /// One label a line.
    Lines,
}

/// A format that is known and not read.
pub(super) struct Other {
    format: &'static str,
    remedy: &'static str,
}

impl Other {
    pub fn problem(&self) -> Problem {
        Problem::OtherFormat { format: self.format, remedy: self.remedy }
    }
}

/// A pickle of PyTorch. It is a program that Python runs, so no reader of it is safe and small.
pub(super) const TORCH: Other = Other {
    format: "a file of torch.save or pickle",
    remedy: "export the tensor in Python: safetensors.torch.save_file({\"z\": z.contiguous()}, \"z.safetensors\") or \
             np.save(\"z.npy\", z.detach().float().cpu().numpy())",
};

const HDF5: Other =
    Other { format: "an HDF5 file", remedy: "export one array in Python: np.save(\"z.npy\", file[\"z\"][:])" };

const PARQUET: Other = Other {
    format: "a Parquet file",
    remedy: "export it in Python: np.save(\"z.npy\", pd.read_parquet(\"z.parquet\").to_numpy(np.float32))",
};

const TEXT: Other = Other {
    format: "text of no stated separator",
    remedy: "save a table as .csv (commas) or .tsv (tabs), in numpy with np.savetxt(\"z.csv\", z, delimiter=\",\")",
};

/// The format of a file of embeddings.
pub(super) fn of_embeddings(opened: &mut Opened) -> Result<Format, Problem> {
    match of(opened)? {
        Format::Lines => Err(TEXT.problem()),
        format => Ok(format),
    }
}

/// The format of a file of labels or embeddings.
pub(super) fn of(opened: &mut Opened) -> Result<Format, Problem> {
    let first = opened.first_bytes()?;
    if first.starts_with(npy::MAGIC) {
        return Ok(Format::Npy);
    }
    if first.starts_with(npz::MAGIC) || first.starts_with(b"PK\x05\x06") {
        return Ok(Format::Npz);
    }
    if first.starts_with(b"\x89HDF") {
        return Err(HDF5.problem());
    }
    if first.starts_with(b"PAR1") {
        return Err(PARQUET.problem());
    }
    match opened.extension.as_str() {
        "npy" => Err(Problem::corrupt("the beginning", "it does not begin as a .npy file does")),
        "npz" => Err(Problem::corrupt("the beginning", "it does not begin as a .npz file does")),
        "safetensors" => Ok(Format::Safetensors),
        "csv" => Ok(Format::Table(b',')),
        "tsv" => Ok(Format::Table(b'\t')),
        "txt" => Ok(Format::Lines),
        "pt" | "pth" | "bin" | "ckpt" | "pkl" | "pickle" => Err(TORCH.problem()),
        _ => Err(Problem::UnknownFormat),
    }
}
