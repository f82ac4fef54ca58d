//! `quipu tool check`.

use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::Args;
use quipu_kernel::grammar::certainly_held;
use quipu_kernel::planner::{signature, strict};
use quipu_tools::{Device, FunctionSpec, schema};
use serde_json::json;

use super::add::{self, Source};
use crate::plugin::cases::{self, Outcome};
use crate::plugin::lint::{Finding, Level, lint};
use crate::session::Session;
use crate::terminal::error::FAILED;
use crate::terminal::output::{self, counted, visible};

/// Look a component over, and run the tests of its project
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// The project's folder, or a .wasm component
    #[arg(default_value = ".")]
    path: PathBuf,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub fn run(session: &Session, args: &CheckArgs) -> Result<u8> {
    let source = Source::local(&args.path)?;
    let device = add::load(session, &source)?;
    let described = schema::describe(&source.bytes)?;
    let mut findings = lint(device.spec(), &described, source.bytes.len());
    findings.extend(device.spec().functions.iter().filter_map(held));
    let outcome = run_cases(&args.path, &device)?;
    if let Some(outcome) = &outcome {
        let failed = outcome.failed.iter();
        findings.extend(failed.map(|line| Finding::new(Level::Error, line)));
    }
    let passed = outcome.map(|outcome| outcome.passed);
    let broken = findings.iter().any(|finding| finding.level == Level::Error);
    let code = if broken { FAILED } else { 0 };
    let spec = device.spec();
    if args.json {
        output::json(&json!({
            "name": spec.name,
            "bytes": source.bytes.len(),
            "imports": described.imports,
            "functions": spec.functions,
            "tests_passed": passed,
            "findings": findings,
        }))?;
        return Ok(code);
    }
    output::line(&format!(
        "{}: {}",
        spec.name,
        counted(source.bytes.len(), "byte")
    ))?;
    for function in &spec.functions {
        let signature = signature(&strict(&function.parameters));
        let shown = format!("  {}.{} {signature}", spec.name, function.name);
        output::line(&visible(&shown))?;
    }
    if let Some(words) = add::wants(spec) {
        output::line(&visible(&words))?;
    }
    for finding in &findings {
        let level = format!("{:?}", finding.level).to_lowercase();
        output::line(&format!("{level}: {}", visible(&finding.text)))?;
    }
    if let Some(passed) = passed {
        output::line(&format!("tests: {passed} passed"))?;
    }
    Ok(code)
}

/// The part of a function's schema that no grammar holds a model to.
fn held(function: &FunctionSpec) -> Option<Finding> {
    let name = &function.name;
    match certainly_held(&strict(&function.parameters)) {
        Err(reason) => {
            let words = format!("a local model cannot call {name}: {reason}");
            Some(Finding::new(Level::Error, words))
        }
        Ok(held) if held.checked.is_empty() => None,
        Ok(held) => {
            let words: Vec<String> = held.checked.into_iter().collect();
            let words = words.join(", ");
            let words = format!(
                "{name}: {words} cannot be held while arguments are written; they are checked afterwards"
            );
            Some(Finding::new(Level::Note, words))
        }
    }
}

/// The tests of the project in `folder`, where there are any.
fn run_cases(folder: &Path, device: &dyn Device) -> Result<Option<Outcome>> {
    let file = folder.join(cases::FILE);
    if !file.is_file() {
        return Ok(None);
    }
    cases::run(&file, device).map(Some)
}
