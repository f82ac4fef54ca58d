//! What processes do, told to an OpenTelemetry collector: traces and metrics by the semantic
//! conventions for generative AI, over OTLP (HTTP, protobuf).
//!
//! It hears the kernel's events as every other subscriber does, and the kernel knows nothing of
//! it. No process waits for it: events that it reads too late are lost, spans that its queue has
//! no room for are dropped, and how many spans did not arrive is said at the end. What is sent:
//!
//! | span | begins and ends | in |
//! | --- | --- | --- |
//! | `invoke_agent NAME` | a process, each time it is taken up | the span of its parent |
//! | `chat MODEL` | the decision of a step | that of its process |
//! | `execute_tool NAME` | a call, until its result is there | that of its process |
//!
//! It goes nowhere unless the user named a collector (`config/env_vars.rs`). Without another word
//! of the user it has names, numbers and times only: no prompt, no answer, no argument, no result.
//! With it they go through the leak scan, and those of a process that has read a secret text stay
//! here.
//!
//! | file | job |
//! | --- | --- |
//! | this one | begins and ends it |
//! | `collector` | what the user wants to be sent where, and the way there |
//! | `spans` | events -> spans and measurements |
//!
//! The conventions: <https://opentelemetry.io/docs/specs/semconv/gen-ai/>, whose attributes are
//! not stable yet.

mod collector;
mod spans;

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};

use quipu_kernel::Kernel;
use quipu_kernel::event::{EVENTS_WAITING_MAX, Subscription};
use quipu_tools::LeakScan;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::config::env_vars;
use collector::{Collector, Counts, FLUSH_MAX, Wanted};
use spans::Teller;

/// What listens to the machines of this program.
static LISTENING: Mutex<Vec<Listening>> = Mutex::new(Vec::new());

/// One that listens to a machine.
struct Listening {
    /// Dropped, it sends what it has and ends.
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
    counts: Arc<Counts>,
}

/// Has the collector told what happens on the machine of `kernel` from now on, if the user named
/// one. One that cannot be told is warned of, and stops nothing. Texts are sent without the
/// secrets that `leaks` finds.
pub fn start(kernel: &Arc<Kernel>, leaks: &LeakScan) {
    let Some(wanted) = Wanted::read(env_vars::get) else {
        return;
    };
    let collector = match Collector::named(wanted) {
        Ok(collector) => collector,
        Err(error) => {
            tracing::warn!("nothing is sent to the OpenTelemetry collector: {error:#}");
            return;
        }
    };
    let counts = collector.counts.clone();
    let teller = Teller::new(kernel, collector, wanted.content, leaks.clone());
    let (stop, stopped) = oneshot::channel();
    let task = tokio::spawn(listen(teller, kernel.subscribe(), stopped));
    if let Ok(mut listening) = LISTENING.lock() {
        listening.push(Listening { stop, task, counts });
    }
}

/// Sends what has not been sent yet, for at most [`FLUSH_MAX`], and says what did not arrive. The
/// last thing that a program does before it ends.
pub async fn flush() {
    let listening = LISTENING.lock().map(|mut all| std::mem::take(&mut *all));
    let listening: Vec<Listening> = listening.unwrap_or_default();
    let until = tokio::time::Instant::now() + FLUSH_MAX;
    for Listening { stop, task, counts } in listening {
        drop(stop);
        // What it has not sent by then is counted as lost.
        let _ = tokio::time::timeout_at(until, task).await;
        let made = counts.made.load(Ordering::Relaxed);
        let lost = made.saturating_sub(counts.arrived.load(Ordering::Relaxed));
        if lost > 0 {
            tracing::warn!("{lost} of {made} spans did not reach the OpenTelemetry collector");
        }
    }
}

/// Tells what happens until the machine is gone or `stopped` says so.
async fn listen(mut teller: Teller, mut events: Subscription, mut stopped: oneshot::Receiver<()>) {
    loop {
        tokio::select! {
            event = events.recv() => match event {
                Some(event) => teller.take(event),
                None => break,
            },
            _ = &mut stopped => {
                let waiting = std::iter::from_fn(|| events.try_recv());
                waiting.take(EVENTS_WAITING_MAX).for_each(|event| teller.take(event));
                break;
            }
        }
    }
    // Closing waits for threads of the exporter.
    let _ = tokio::task::spawn_blocking(move || teller.close()).await;
}
