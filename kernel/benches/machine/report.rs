//! The table: one line for each figure.

use crate::Bench;

/// What is measured, and on what.
pub fn head(bench: &Bench) {
    println!(
        "{} with {} threads, {} rounds, medians; a ratio below 1 is less time than the peer's",
        bench
            .model
            .file_name()
            .unwrap_or_default()
            .to_string_lossy(),
        bench.threads,
        bench.rounds
    );
    println!("{:<44} {:>12} {:>12} {:>8}", "", "quipu", "peer", "ratio");
}

/// One line: ours, the peer's, and ours divided by the peer's.
pub fn line(what: &str, unit: &str, ours: &[f64], peers: &[f64]) {
    let (ours, peer) = (median(ours), median(peers));
    println!(
        "{what:<44} {:>12} {:>12} {:>8.4}",
        show(ours, unit),
        show(peer, unit),
        ours / peer
    );
}

/// One line of a figure that has no peer.
pub fn alone(what: &str, value: &str) {
    println!("{what:<44} {value:>12}");
}

/// The middle one.
pub fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}

fn show(value: f64, unit: &str) -> String {
    match value {
        0.0..10.0 => format!("{value:.3} {unit}"),
        _ => format!("{value:.0} {unit}"),
    }
}
