//! `quipu mem consolidate`.

use anyhow::Result;
use quipu_kernel::{Consolidated, Kernel};
use quipu_memory::PageId;
use tokio::sync::watch;

use crate::service::machine::{Guests, Machine};
use crate::session::Session;
use crate::session::agent::Loaded;
use crate::terminal::error::INTERRUPTED;
use crate::terminal::interrupts::Interrupts;
use crate::terminal::output::{self, shortened, visible};

/// Runs the command.
pub async fn run(session: &Session) -> Result<u8> {
    let mut interrupts = Interrupts::listen()?;
    let machine = Machine::start(
        session,
        session.policy(&[], None),
        &Loaded::default(),
        Guests::Refused,
    )
    .await?;
    on(&machine.kernel, &mut interrupts).await
}

/// Consolidates what a machine has, and says what became of it.
pub async fn on(kernel: &Kernel, interrupts: &mut Interrupts) -> Result<u8> {
    let (stop, mut stopped) = watch::channel(false);
    interrupts.begin();
    let done = {
        let work = kernel.consolidate(&mut stopped);
        tokio::pin!(work);
        loop {
            tokio::select! {
                done = &mut work => break done,
                () = interrupts.next() => {
                    // It ends what is under way first.
                    let _ = stop.send(true);
                }
            }
        }
    };
    interrupts.end();
    let done = done?;
    for (page, from) in &done.made {
        let text = kernel.store().get(page)?.map(|page| page.text);
        let text = shortened(&text.unwrap_or_default(), 100);
        output::line(&format!(
            "{page} made from {}: {}",
            words(from),
            visible(&text)
        ))?;
    }
    report(&done);
    Ok(if done.stopped { INTERRUPTED } else { 0 })
}

fn report(done: &Consolidated) {
    for ids in &done.left {
        let ids = words(ids);
        say!("left as they are: {ids} (what was written of them was not what they say)");
    }
    let made = done.made.len();
    let ended = if done.stopped { "; interrupted" } else { "" };
    say!("made {made} memories; all originals are kept{ended}");
}

fn words(ids: &[PageId]) -> String {
    let ids: Vec<&str> = ids.iter().map(PageId::as_str).collect();
    visible(&ids.join(", "))
}
