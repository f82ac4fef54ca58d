//! `quipu model`.

mod resident;
mod rm;

use std::os::unix::fs::MetadataExt;
use std::path::Path;

use anyhow::Result;
use clap::{Args, Subcommand};
use indicatif::DecimalBytes;
use quipu_cpu::llama::{self, Quant, requantize};
use quipu_memory::Access;
use quipu_models::catalogue::Entry;
use quipu_models::{self as models, Installed, Places, catalogue, gguf};
use serde_json::{Value, json};

use crate::config::paths;
use crate::session::{Session, embedder, judgement};
use crate::terminal::output::{self, counted};
use crate::terminal::pull;
use resident::Residents;

/// Model files
#[derive(Debug, Subcommand)]
pub enum ModelCommand {
    /// Fetch a model: a name from `model ls`, or org/repo:QUANT
    Pull(PullArgs),
    /// List the models that are here, and those that can be fetched by name
    Ls(LsArgs),
    /// Show what a model file says of itself
    Show(ShowArgs),
    /// Remove a model's file, unless the machine on this root has it loaded
    Rm(rm::RmArgs),
}

/// Arguments of `model pull`.
#[derive(Debug, Args)]
pub struct PullArgs {
    /// The model
    name: String,
    /// Check the bytes of a model that is already here
    #[arg(long)]
    verify: bool,
    /// Also write it in another layout, under a name that ends in the layout's
    #[arg(long, value_enum, value_name = "LAYOUT")]
    quant: Option<Layout>,
}

/// Layouts that a model can be converted to here.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Layout {
    /// 4 bits; the fastest on most processors
    #[value(name = "q4_0")]
    Q4_0,
    /// 8 bits; close to the original
    #[value(name = "q8_0")]
    Q8_0,
}

/// Arguments of `model ls`.
#[derive(Debug, Args)]
pub struct LsArgs {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Arguments of `model show`.
#[derive(Debug, Args)]
pub struct ShowArgs {
    /// The model, or a .gguf file
    name: String,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub async fn run(session: &Session, command: ModelCommand) -> Result<u8> {
    match command {
        ModelCommand::Pull(args) => pull(session, &args).await,
        ModelCommand::Ls(args) => list(session, &args),
        ModelCommand::Show(args) => show(session, &args),
        ModelCommand::Rm(args) => rm::run(session, &args),
    }
}

/// Fetches the model `name`, as `quipu model pull` does.
///
/// # Errors
/// Where it is not known, or does not come whole.
pub async fn fetch(session: &Session, name: &str) -> Result<()> {
    let args = PullArgs {
        name: name.to_owned(),
        verify: false,
        quant: None,
    };
    pull(session, &args).await.map(drop)
}

async fn pull(session: &Session, args: &PullArgs) -> Result<u8> {
    let settings = models::Settings {
        verify: args.verify,
        ..session.pull_settings()
    };
    let folder = &session.paths.models[0];
    paths::create(folder)?;
    let before = models::resolve(&args.name, &session.places());
    let before = before.ok().and_then(|path| inode(&path));
    let path = models::pull(&args.name, folder, &settings, &*pull::on_stderr()).await?;
    if before.is_some_and(|before| inode(&path) != Some(before))
        && Residents::of(session).using(&path).is_some()
    {
        say!("note: the machine on this root goes on with the file that it has loaded");
    }
    if let Some(layout) = args.quant {
        convert(&path, layout)?;
    }
    if let Some(next) = next_step(session, &args.name)? {
        say!("{next}");
    }
    Ok(0)
}

/// The file at `path` as the disk knows it: one that was put in its place has another number.
fn inode(path: &Path) -> Option<u64> {
    std::fs::metadata(path).ok().map(|meta| meta.ino())
}

/// A useful next command for somebody who has just pulled the model `name`.
fn next_step(session: &Session, name: &str) -> Result<Option<String>> {
    let Some(entry) = catalogue::find(name) else {
        return Ok(None);
    };
    let entry_of_meaning = embedder::recommended();
    Ok(match entry.kind {
        catalogue::Kind::Chat
            if session.settings.embedder.is_none() && session.embedder()?.is_none() =>
        {
            Some(format!(
                "next: `quipu model pull {}` ({}, {}) lets the memory be searched by meaning, in \
                 any language",
                entry_of_meaning.name,
                DecimalBytes(entry_of_meaning.bytes),
                entry_of_meaning.licence
            ))
        }
        catalogue::Kind::Embedder => {
            // A store that cannot be read now says so where it is used.
            let store = session.store(Access::ReadOnly);
            let waiting = store.and_then(|store| Ok(store.without_vectors()?));
            match waiting.unwrap_or(0) {
                0 => None,
                pages => Some(format!(
                    "next: `quipu mem rebuild` lets the {} of the store be found by it",
                    counted(pages, "page")
                )),
            }
        }
        _ => None,
    })
}

/// Writes the model at `path` beside it in another layout, unless that is there.
fn convert(path: &Path, layout: Layout) -> Result<()> {
    let (quant, end) = match layout {
        Layout::Q4_0 => (Quant::Q4_0, "q4_0"),
        Layout::Q8_0 => (Quant::Q8_0, "q8_0"),
    };
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let name = format!("{stem}-{end}");
    let target = path.with_file_name(format!("{name}.gguf"));
    if !target.exists() {
        say!("converting to {end}");
        // Under its own name only when it is whole.
        let folder = path.parent().unwrap_or(Path::new("."));
        let partial = tempfile::Builder::new()
            .tempfile_in(folder)?
            .into_temp_path();
        requantize(path, &partial, quant)?;
        partial.persist(&target)?;
    }
    say!("{} is here: --model {name}", target.display());
    Ok(())
}

fn list(session: &Session, args: &LsArgs) -> Result<u8> {
    let installed = models::ls(&session.paths.models);
    let is_here = |entry: &Entry| {
        let mut folders = session.paths.models.iter();
        folders.any(|folder| folder.join(entry.file()).is_file())
    };
    let mut others: Vec<(&Entry, bool)> = catalogue::entries()
        .iter()
        .filter(|entry| installed.iter().all(|model| model.name != entry.name))
        .filter(|entry| !entry.is_part())
        .map(|entry| (entry, is_here(entry)))
        .collect();
    others.sort_by_key(|(_, here)| !here);
    let loaded = Residents::of(session);
    match args.json {
        true => output::json(&as_json(&installed, &others, &loaded))?,
        false => output::table(
            &["NAME", "STATE", "SIZE", "QUANT", "WINDOW", "NOTE"],
            rows(&installed, &others, &loaded),
        )?,
    }
    Ok(0)
}

/// The `installed` models, and `others` that only the catalogue knows, with whether their file is
/// here; and those that are `loaded`, also where they are no files of the list.
fn as_json(installed: &[Installed], others: &[(&Entry, bool)], loaded: &Residents) -> Vec<Value> {
    let elsewhere = loaded
        .elsewhere(installed)
        .map(|now| json!({"name": now.name, "installed": false, "loaded": resident::as_json(now)}));
    let installed = installed.iter().map(|model| {
        json!({
            "name": model.name,
            "installed": true,
            "bytes": model.bytes,
            "path": model.path,
            "quantisation": model.header.as_ref().ok().map(|header| &header.quantisation),
            "window": model.header.as_ref().ok().and_then(|header| header.window),
            "error": model.header.as_ref().err().map(ToString::to_string),
            "loaded": loaded.at(&model.path).map(resident::as_json),
        })
    });
    let others = others.iter().map(|(entry, here)| {
        json!({
            "name": entry.name,
            "installed": here,
            "bytes": entry.bytes_of_all(),
        })
    });
    installed.chain(elsewhere).chain(others).collect()
}

/// The same as rows of a table.
fn rows(
    installed: &[Installed],
    others: &[(&Entry, bool)],
    loaded: &Residents,
) -> Vec<Vec<String>> {
    let elsewhere = loaded.elsewhere(installed).map(|now| {
        let size = match now.bytes {
            0 => String::new(),
            bytes => DecimalBytes(bytes).to_string(),
        };
        let empty = String::new;
        vec![
            now.name.clone(),
            resident::words(now),
            size,
            empty(),
            empty(),
            empty(),
        ]
    });
    let installed = installed.iter().map(|model| {
        let (quantisation, window, state) = match &model.header {
            Ok(header) => (
                header.quantisation.clone(),
                header
                    .window
                    .map(|window| window.to_string())
                    .unwrap_or_default(),
                loaded
                    .at(&model.path)
                    .map_or_else(|| "here".to_owned(), resident::words),
            ),
            Err(error) => (String::new(), String::new(), format!("broken: {error}")),
        };
        vec![
            model.name.clone(),
            state,
            DecimalBytes(model.bytes).to_string(),
            quantisation,
            window,
            note(&model.name),
        ]
    });
    let others = others.iter().map(|(entry, here)| {
        let state = if *here { "here" } else { "to pull" };
        vec![
            entry.name.clone(),
            state.to_owned(),
            DecimalBytes(entry.bytes_of_all()).to_string(),
            String::new(),
            String::new(),
            note(&entry.name),
        ]
    });
    installed.chain(elsewhere).chain(others).collect()
}

fn note(name: &str) -> String {
    match catalogue::find(name) {
        Some(entry) if entry.default => {
            format!("the default · {} · {}", entry.kind.as_str(), entry.note)
        }
        Some(entry) if entry.name == embedder::recommended().name => {
            format!("recommended · {} · {}", entry.kind.as_str(), entry.note)
        }
        Some(entry) => format!("{} · {}", entry.kind.as_str(), entry.note),
        None => String::new(),
    }
}

/// A hint at a faster layout of the model `name` in the file `path`. `None` where llama.cpp
/// repacks the model for the processor's vector units, as it does with Q4_0.
fn faster(name: &str, path: &Path, quantisation: &str) -> Option<String> {
    if !matches!(quantisation, "Q4_1" | "Q5_0" | "Q5_1") {
        return None;
    }
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let converted = format!("{stem}-q4_0");
    if path.with_file_name(format!("{converted}.gguf")).exists() {
        return Some(format!(
            "{converted} is here: the same model, but faster: --model {converted}"
        ));
    }
    // Only what is pulled by its name can be converted by it.
    let pulled = catalogue::find(name).is_some();
    pulled.then(|| format!("a faster layout of it: `quipu model pull {name} --quant q4_0`"))
}

fn show(session: &Session, args: &ShowArgs) -> Result<u8> {
    let places = Places {
        folders: session.paths.models.clone(),
        hub_home: session.paths.hub_home(),
    };
    let path = models::resolve(&args.name, &places)?;
    let header = gguf::read(&path).map_err(models::ModelError::Gguf)?;
    let licence = header
        .licence
        .clone()
        .or_else(|| catalogue::find(&args.name).map(|entry| entry.licence.clone()));
    // Whether an answer is the same, bit for bit, alone and in company.
    let alike = llama::alike(&header.architecture, &header.quantisation);
    let facts = [
        ("path", json!(path)),
        ("name", json!(header.name)),
        ("architecture", json!(header.architecture)),
        ("parameters", json!(header.parameters)),
        ("quantisation", json!(header.quantisation)),
        ("window", json!(header.window)),
        ("chat_template", json!(header.chat_template)),
        ("tokenizer", json!(header.tokenizer)),
        ("licence", json!(licence)),
        ("bytes", json!(header.needs)),
        ("alike", json!(alike.is_ok())),
    ];
    // Only of a model on which something was fitted.
    let fitted = judgement::find(&session.paths, &path);
    let facts = facts
        .into_iter()
        .chain(fitted.map(|fitted| ("judgement", json!(fitted))))
        // Only of a model that sees.
        .chain(models::projector_of(&path).map(|file| ("projector", json!(file))));
    if args.json {
        let map: serde_json::Map<String, Value> =
            facts.map(|(key, value)| (key.to_owned(), value)).collect();
        output::json(&map)?;
        return Ok(0);
    }
    for (key, value) in facts {
        let text = value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned);
        output::line(&format!("{key:<14} {}", output::visible(&text)))?;
    }
    if header.chat_template
        && let Some(advice) = faster(&args.name, &path, &header.quantisation)
    {
        say!("note: {}", output::visible(&advice));
    }
    if let Err(reason) = alike {
        say!("note: the last bits of an answer may depend on who shares the machine: {reason}");
    }
    if !header.chat_template {
        say!("note: without a chat template it can complete text but not follow instructions");
    }
    Ok(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_faster_layout_is_named_where_there_is_one() {
        let folder = tempfile::tempdir().unwrap();
        let check = |name: &str, quantisation: &str, want: Option<&str>| {
            let path = folder.path().join(format!("{name}.gguf"));
            let got = faster(name, &path, quantisation);
            let has = |want: &str| got.as_deref().is_some_and(|got: &str| got.contains(want));
            assert!(want.map_or(got.is_none(), has), "{name}: {got:?}");
        };
        check("smollm2-135m", "Q4_0", None);
        check("smollm2-135m", "Q8_0", None);
        let pull = "`quipu model pull smollm2-135m --quant q4_0`";
        check("smollm2-135m", "Q4_1", Some(pull));
        // A file of one's own is not pulled.
        check("mine", "Q4_1", None);
        std::fs::write(folder.path().join("mine-q4_0.gguf"), "").unwrap();
        check("mine", "Q4_1", Some("--model mine-q4_0"));
    }
}
