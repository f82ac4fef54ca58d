//! A process on a model that sees, with a projector of random numbers.

use std::path::Path;
use std::sync::Arc;

use quipu_cpu::Cpu;
use quipu_cpu::llama::{LocalCpu, LocalSettings};
use quipu_kernel::Kernel;
use quipu_kernel::event::Event;
use quipu_kernel::label::{Label, Trust};
use quipu_kernel::process::{Attached, Picture, Pid, Status};
use quipu_kernel::signal::Signal;
use quipu_kernel::window::PageKind;
use serde_json::json;

use super::projector::{self, CELLS, Kind};
use super::{Guided, WINDOW, echo, model, program};
use crate::common::Setup;

/// The model at `path` with the projector that was written to `folder`, which keeps its states.
fn seeing(path: &Path, folder: &Path) -> Arc<dyn Cpu> {
    let settings = LocalSettings {
        window: Some(WINDOW),
        threads: Some(1),
        kv_cells: Some(2 * WINDOW),
        projector: Some(folder.join("mmproj.gguf")),
        swap: Some(folder.join("kv")),
        ..LocalSettings::default()
    };
    let cpu = LocalCpu::load(path, &settings).expect("a model that sees");
    let actions = vec![echo("one"), echo("two"), json!({"answer": "done"})];
    Arc::new(Guided::new(Arc::new(cpu), actions))
}

/// Whether the picture of `pid` is in its window, with as many tokens as it has cells.
fn shows_its_picture(kernel: &Kernel, pid: Pid) -> bool {
    let window = kernel.window(pid).expect("a process").expect("a window");
    let mut pages = window.pages.iter();
    pages.any(|page| {
        let is_picture = page.kind == PageKind::Picture && page.resident;
        is_picture && page.tokens as usize >= CELLS
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn model_process_that_sees_goes_on_with_its_picture() {
    let Some((_, _turn)) = model().await else {
        return;
    };
    let path = std::env::var_os("QUIPU_TEST_MODEL").expect("there is a model");
    let path = Path::new(&path);
    for kind in [Kind::Causal, Kind::Whole] {
        let folder = crate::common::folder();
        let file = folder.path().join("mmproj.gguf");
        projector::write(&file, kind, projector::width_of(path), 7);
        let journal = folder.path().join("journal.db");
        let mut task = program("Say what it shows.");
        task.attached.push(Attached {
            text: "STOP".into(),
            label: Label::new("file:sign.png", Trust::Untrusted),
            picture: Some(Picture::new(8, 8, vec![200; 192]).expect("a picture")),
        });

        let kernel = Setup::new("").kernel_on(seeing(path, folder.path()), &journal);
        let mut events = kernel.subscribe();
        let pid = kernel.spawn(task).expect("it starts");
        loop {
            if let Event::Step { n: 2, .. } = events.recv().await.expect("the machine runs") {
                kernel.signal(pid, Signal::Interrupt).expect("it runs");
                break;
            }
        }
        let exit = kernel.wait(pid).await.expect("an exit");
        assert_eq!(exit.status, Status::Interrupted);
        assert!(shows_its_picture(&kernel, pid), "{kind:?}");
        let label = kernel.journal().label_of(pid).expect("a label");
        assert_eq!(label.trust, Trust::Untrusted);
        drop(kernel);

        // Another machine knows of the picture what stands in the journal.
        let kernel = Setup::new("").kernel_on(seeing(path, folder.path()), &journal);
        assert!(shows_its_picture(&kernel, pid), "{kind:?}");
        kernel.resume(pid, None, false).expect("it goes on");
        let exit = kernel.wait(pid).await.expect("an exit");
        assert_eq!(exit.answer, Some("done".into()), "{:?}", exit.error);
        assert!(shows_its_picture(&kernel, pid), "{kind:?}");
    }
}
