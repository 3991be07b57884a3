//! What the command writes and where: standard output that is full, folders that others have prepared, folders that hold
//! another run, and which files it says it wrote.
mod asked;
mod earlier;
mod files;
mod printing;
mod strangers;
mod support;
