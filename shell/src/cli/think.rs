//! `--think`: a task along several branches, whose answers are compared.

use anyhow::Result;
use quipu_kernel::Kernel;
use quipu_kernel::deliberation::{Deliberated, Deliberation, Think};
use quipu_kernel::event::{Event, Subscription};
use quipu_kernel::process::Exit;

use crate::terminal::interrupts::Interrupts;

/// How much thought each task gets, in words.
pub fn words(think: Think) -> String {
    match think {
        Think::Auto => {
            "a task that computes something is thought about until two ways agree".into()
        }
        Think::Branches(1) => "each task is thought about once".into(),
        Think::Branches(count) => format!("each task is thought about along {count} branches"),
    }
}

/// Shows what was chosen, the last of the events.
pub fn show_choice(
    events: &mut Subscription,
    show: &mut dyn FnMut(&Event) -> Result<()>,
) -> Result<()> {
    while let Some(event) = events.try_recv() {
        if matches!(event, Event::Deliberated { .. }) {
            show(&event)?;
        }
    }
    Ok(())
}

/// Waits for the branches of a process that ended as `exit`; an interrupt takes what there is.
pub async fn settle(
    kernel: &Kernel,
    deliberation: Deliberation,
    exit: Exit,
    interrupts: &mut Interrupts,
) -> Result<Deliberated> {
    let stop = deliberation.stopper();
    let settled = deliberation.settle(kernel, exit);
    tokio::pin!(settled);
    interrupts.begin();
    let deliberated = loop {
        tokio::select! {
            () = interrupts.next() => stop.stop(kernel),
            deliberated = &mut settled => break deliberated,
        }
    };
    interrupts.end();
    Ok(deliberated?)
}
