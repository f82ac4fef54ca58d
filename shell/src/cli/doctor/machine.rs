//! Whether a machine runs on the root, and with which models.

use indicatif::DecimalBytes;
use quipu_kernel::ModelNow;

use super::State;
use crate::service::talk;
use crate::session::Session;
use crate::session::lock::{self, MachineLock};
use crate::terminal::output::counted;

/// Says what runs on the root of `session`.
pub(super) fn check(session: &Session) -> (State, String) {
    let Some(holder) = MachineLock::holder(&session.paths.lock()) else {
        return (State::Ok, "none is running on this root".into());
    };
    let holder = lock::program(holder);
    let Ok(Some(greeting)) = talk::greeting(&session.paths) else {
        let text = format!("one starts or stops on this root, or does not answer ({holder})");
        return (State::Warn, text);
    };
    let model = match greeting.instead {
        Some(instead) => format!("{instead} in place of {}", greeting.model),
        None => greeting.model,
    };
    let at = match greeting.address {
        Some(address) => format!(", at http://{address}"),
        None => String::new(),
    };
    let others = match greeting.is_open {
        true => "commands share it",
        false => "others wait until its command is done",
    };
    let models = beside(&talk::loaded(&session.paths).unwrap_or_default());
    let text = format!("one runs on this root ({holder}) with {model}{at}{models}, and {others}");
    (State::Ok, text)
}

/// What the machine's own model takes, and the models beside it, in words that go on a sentence.
fn beside(models: &[ModelNow]) -> String {
    let one = |model: &ModelNow| {
        let bytes = match model.bytes {
            0 => "computed elsewhere".to_owned(),
            bytes => DecimalBytes(bytes).to_string(),
        };
        let processes = counted(model.cpu.processes.len(), "process");
        format!("{bytes}, {processes}")
    };
    let own = models.iter().find(|model| model.is_own);
    let own = own
        .filter(|model| model.bytes > 0)
        .map(|model| format!(" ({})", one(model)));
    let others = models.iter().filter(|model| !model.is_own);
    let others = others.map(|model| format!("{} ({})", model.name, one(model)));
    let others: Vec<String> = others.collect();
    match others.is_empty() {
        true => own.unwrap_or_default(),
        false => format!(
            "{}, beside it {}",
            own.unwrap_or_default(),
            others.join(", ")
        ),
    }
}

#[cfg(test)]
mod tests {
    use quipu_cpu::{CpuProcess, CpuStats};

    use super::*;

    #[test]
    fn each_model_is_told() {
        let model = |name: &str, is_own: bool, bytes: u64, processes: usize| ModelNow {
            name: name.into(),
            is_own,
            bytes,
            cpu: CpuStats {
                processes: vec![CpuProcess::default(); processes],
                ..CpuStats::default()
            },
            ..ModelNow::default()
        };
        let check = |models: &[ModelNow], want: &str| assert_eq!(beside(models), want);
        check(&[], "");
        check(&[model("script", true, 0, 0)], "");
        let own = model("own", true, 2_000_000, 1);
        check(std::slice::from_ref(&own), " (2.00 MB, 1 process)");
        let others = [
            own,
            model("a", false, 3_000_000, 2),
            model("b", false, 0, 0),
        ];
        check(
            &others,
            " (2.00 MB, 1 process), beside it a (3.00 MB, 2 processes), b (computed elsewhere, 0 \
             processes)",
        );
    }
}
