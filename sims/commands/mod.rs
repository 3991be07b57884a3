//! The commands: answers, files in and out, the report.

pub mod all;
pub mod completions;
pub mod cutting;
pub mod diagnose;
pub mod elsewhere;
pub mod embeddings;
pub mod explain;
pub mod explore;
pub mod gradient;
pub mod list;
pub mod losses;
pub mod merge;
pub mod optimizers;
pub mod predict;
pub mod redraw;
pub mod report;
pub mod simulate;
