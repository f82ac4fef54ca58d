//! What a call of a tool costs, beside what the engine itself costs, in one run.
//!
//!     cargo run --release --workspace --example bench_calls [CALLS]
#![allow(clippy::print_stdout, reason = "an example talks to people")]

use std::error::Error;
use std::path::Path;
use std::time::{Duration, Instant};

use quipu_tools::wasm::baseline::Baseline;
use quipu_tools::{CallContext, Device, WasmHost, WasmSettings};
use serde_json::json;

/// A small component, a large one: name, function, its one argument.
const SUBJECTS: &[(&str, &str, (&str, &str))] = &[
    ("wordcount", "count", ("text", "one two three")),
    ("calculator", "calculate", ("expression", "2+2")),
];
/// Instances that live at once when memory is measured.
const TOGETHER: usize = 100;

fn main() -> Result<(), Box<dyn Error>> {
    let calls: usize = std::env::args().nth(1).map_or(Ok(5000), |n| n.parse())?;
    for (name, function, argument) in SUBJECTS {
        one(name, function, *argument, calls)?;
    }
    together()
}

fn one(
    name: &str,
    function: &str,
    (key, value): (&str, &str),
    calls: usize,
) -> Result<(), Box<dyn Error>> {
    let guests = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/guests");
    let bytes = std::fs::read(guests.join(format!("{name}.wasm")))?;
    println!("{name}, {} KB", bytes.len() / 1000);
    let cache = tempfile::tempdir()?;
    let settings = WasmSettings {
        cache_dir: Some(cache.path().to_owned()),
        cache_key: Some([0; 32]),
        ..WasmSettings::default()
    };
    let host = WasmHost::new(settings)?;
    let args = json!({ key: value });
    let context = CallContext::default();
    for what in ["first load + call, compiling", "next load + call, cached"] {
        let begun = Instant::now();
        let device = host.load(name, "bench", &bytes)?;
        let loaded = begun.elapsed();
        device.call(function, &args, &context)?;
        println!("  {what}: {loaded:?} + {:?}", begun.elapsed() - loaded);
    }

    let device = host.load(name, "bench", &bytes)?;
    let baseline = Baseline::load(&bytes)?;
    // In turns, so that what else the machine does falls on both.
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..calls {
        ours.push(timed(|| device.call(function, &args, &context).map(drop))?);
        theirs.push(timed(|| baseline.call(function, value))?);
    }
    let (ours, theirs) = (
        report("tool call", ours),
        report("the engine itself", theirs),
    );
    println!(
        "  ratio of p50: {:.2}",
        ours.as_secs_f64() / theirs.as_secs_f64()
    );
    Ok(())
}

/// Resident memory of many instances that live at the same time.
fn together() -> Result<(), Box<dyn Error>> {
    let guests = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/guests");
    let host = WasmHost::new(WasmSettings::default())?;
    let probe = host.load_file(&guests.join("probe.wasm"))?;
    let before = resident_kib();
    let begun = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..TOGETHER {
            let wait = || probe.call("sleep", &json!({"ms": 1000}), &CallContext::default());
            scope.spawn(wait);
        }
        std::thread::sleep(Duration::from_millis(700));
        let kib = resident_kib().saturating_sub(before);
        println!(
            "{TOGETHER} instances at once: {kib} KiB resident, {} KiB each",
            kib / TOGETHER
        );
    });
    println!(
        "{TOGETHER} calls that wait 1 s each took {:?} together",
        begun.elapsed()
    );
    Ok(())
}

fn timed<E>(work: impl FnOnce() -> Result<(), E>) -> Result<Duration, E> {
    let begun = Instant::now();
    work()?;
    Ok(begun.elapsed())
}

/// Prints the percentiles of `times`; gives the median.
fn report(what: &str, mut times: Vec<Duration>) -> Duration {
    times.sort();
    let at = |part: f64| times[((times.len() - 1) as f64 * part) as usize];
    println!(
        "  {what}: p50 {:?}, p99 {:?}, longest {:?}",
        at(0.5),
        at(0.99),
        at(1.0)
    );
    at(0.5)
}

/// What this program holds in memory, where the system tells.
fn resident_kib() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok())
        .unwrap_or(0)
}
