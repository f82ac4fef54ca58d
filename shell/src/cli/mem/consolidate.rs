//! `quipu mem consolidate`.

use anyhow::Result;
use quipu_kernel::Consolidated;
use quipu_memory::{Access, PageId};
use tokio::sync::watch;

use crate::service::door::Door;
use crate::service::lent::library;
use crate::service::machine::Lifetime;
use crate::session::Session;
use crate::session::agent::Loaded;
use crate::terminal::error::INTERRUPTED;
use crate::terminal::interrupts::Interrupts;
use crate::terminal::output::{self, shortened, visible};

/// Runs the command.
pub async fn run(session: &Session) -> Result<u8> {
    let mut interrupts = Interrupts::listen()?;
    let policy = session.policy(&[], None);
    let door = Door::open(session, policy, &Loaded::default(), Lifetime::Command).await?;
    let done = on(session, &door, &mut interrupts).await;
    door.leave(&mut interrupts).await;
    done
}

/// Consolidates what the machine behind `door` has, and says what became of it.
pub async fn on(session: &Session, door: &Door, interrupts: &mut Interrupts) -> Result<u8> {
    let (stop, stopped) = watch::channel(false);
    interrupts.begin();
    let done = {
        let work = door.consolidate(stopped);
        tokio::pin!(work);
        loop {
            tokio::select! {
                done = &mut work => break done,
                () = interrupts.next() => {
                    // The page under way is finished first.
                    let _ = stop.send(true);
                }
            }
        }
    };
    interrupts.end();
    let done = done?;
    let store = library(session, Access::ReadOnly)?;
    for (page, from) in &done.made {
        let text = store.get(page)?.map(|page| page.text);
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
        say!("left as they are: {ids} (the text made from them does not say what they say)");
    }
    let made = done.made.len();
    let ended = if done.stopped { "; interrupted" } else { "" };
    match made + done.left.len() {
        0 => say!("no memories belong together: nothing was made of them{ended}"),
        _ => {
            let made = match made {
                1 => "1 memory".to_owned(),
                made => format!("{made} memories"),
            };
            say!("made {made}; all originals are kept{ended}");
        }
    }
}

fn words(ids: &[PageId]) -> String {
    let ids: Vec<&str> = ids.iter().map(PageId::as_str).collect();
    visible(&ids.join(", "))
}
