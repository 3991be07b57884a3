//! What the report of a simulation is made of: its record, its figures, its files.

use std::fs;
use std::path::Path;

use crate::cli::failure::Failure;
use crate::commands::report::figures::{Animation, Picture, animation, pictures};
use crate::commands::report::record::{self, Record};
use crate::simulations::registry::{Entry, SIMULATIONS};

/// Everything about one simulation.
pub struct Material {
    /// The simulation.
    pub entry: &'static dyn Entry,
    /// What it left.
    pub record: Record,
    /// Its figures, the main one first.
    pub pictures: Vec<Picture>,
    /// Its animation.
    pub animation: Option<Animation>,
    /// The names of its tables.
    pub tables: Vec<String>,
}

/// What lies in a folder, in the order of the report.
pub fn gather(folder: &Path) -> Result<Vec<Material>, Failure> {
    if !folder.is_dir() {
        return Err(Failure::Refused(format!(
            "{}: no such folder; write one with `embedding-norms all`",
            folder.display()
        )));
    }
    let mut materials = Vec::new();
    for entry in SIMULATIONS {
        if let Some(record) = record::read(folder, entry.name())? {
            let tables = tables(folder, entry.name())?;
            let pictures = pictures(*entry, folder, &tables)?;
            materials.push(Material { entry: *entry, record, pictures, animation: animation(*entry, folder)?, tables });
        }
    }
    if materials.is_empty() {
        let here = folder.display();
        let instead = if folder.join("diagnose.html").is_file() {
            "; the report of a diagnosis is diagnose.html in it".to_owned()
        } else {
            format!("; run one, such as: embedding-norms norm-effect --quick --out {here}")
        };
        let message = format!("{here}: no simulation has left its record here{instead}");
        return Err(Failure::Refused(message));
    }
    Ok(materials)
}

/// The names of a simulation's tables in a folder, in order.
fn tables(folder: &Path, simulation: &str) -> Result<Vec<String>, Failure> {
    let mut tables = Vec::new();
    for file in fs::read_dir(folder)? {
        let name = file?.file_name().to_string_lossy().into_owned();
        if name.strip_prefix(simulation).is_some_and(|rest| rest.starts_with('.') && rest.ends_with(".csv")) {
            tables.push(name);
        }
    }
    tables.sort();
    Ok(tables)
}
