//! `quipu tool new`.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;

use crate::plugin::{Lang, template};
use crate::terminal::output::visible;

/// Write the project of a new tool into the folder NAME
#[derive(Debug, Args)]
pub struct NewArgs {
    /// The tool's name, such as word-count
    name: String,
    /// What to write it in
    #[arg(long, value_enum, default_value_t = Lang::Rust)]
    lang: Lang,
}

/// Runs the command.
pub fn run(args: &NewArgs) -> Result<u8> {
    let name = &args.name;
    template::write(&PathBuf::from(name), name, args.lang)?;
    let shown = visible(name);
    say!(
        "wrote {shown}/; next:\n  quipu tool build {shown}\n  quipu tool check {shown}\n  quipu tool add {shown}"
    );
    Ok(0)
}
