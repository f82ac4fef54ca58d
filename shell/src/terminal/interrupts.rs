//! Ctrl-C and termination: the first stops the step, the second the process, the
//! third the program. While nothing runs that could be stopped, the first ends the
//! program.
//!
//! This file counts the presses. What an interrupt stops is decided by whoever waits for one.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use anyhow::Result;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc;

use crate::terminal::error::INTERRUPTED;
use crate::terminal::exit::leave;

/// The press that ends the program whatever the work makes of those before it.
const PRESSES_MAX: u32 = 3;
/// The count while nothing can be stopped but the program.
const IDLE: u32 = PRESSES_MAX - 1;

/// Whether there was a press since what runs now began.
static PRESSED: AtomicBool = AtomicBool::new(false);

/// Whether somebody in this program takes interrupts over.
static LISTENING: AtomicBool = AtomicBool::new(false);

/// Whether what runs now is to stop: for work that waits for nothing, and so cannot wait for an
/// interrupt. Where nobody listens, a press ends the program instead.
pub fn is_pressed() -> bool {
    PRESSED.load(Ordering::Relaxed)
}

/// Takes Ctrl-C over for work that asks [`is_pressed`], until this is dropped: then a press ends
/// the program again. `None` where the shell has it already.
///
/// # Errors
/// As those of [`Interrupts::listen`].
pub fn watch() -> Result<Option<Interrupts>> {
    if LISTENING.load(Ordering::Relaxed) {
        return Ok(None);
    }
    let mut interrupts = Interrupts::listen()?;
    interrupts.begin();
    Ok(Some(interrupts))
}

/// Interrupts as they come, from the moment this was made.
pub struct Interrupts {
    presses: mpsc::UnboundedReceiver<()>,
    count: Arc<AtomicU32>,
}

impl Interrupts {
    /// Takes Ctrl-C and SIGTERM over. Must be called within the runtime.
    pub fn listen() -> Result<Self> {
        LISTENING.store(true, Ordering::Relaxed);
        let (sender, presses) = mpsc::unbounded_channel();
        let count = Arc::new(AtomicU32::new(IDLE));
        let counted = count.clone();
        let mut keys = Keys::new()?;
        tokio::spawn(async move {
            loop {
                keys.pressed().await;
                PRESSED.store(true, Ordering::Relaxed);
                let presses = counted.fetch_add(1, Ordering::Relaxed) + 1;
                if presses >= PRESSES_MAX || sender.send(()).is_err() {
                    leave(INTERRUPTED);
                }
            }
        });
        Ok(Self { presses, count })
    }

    /// Something runs from now on that can be stopped.
    pub fn begin(&mut self) {
        while self.presses.try_recv().is_ok() {}
        PRESSED.store(false, Ordering::Relaxed);
        self.forgive();
    }

    /// Counts from the start again: what was pressed before has had its effect.
    pub fn forgive(&self) {
        self.count.store(0, Ordering::Relaxed);
    }

    /// Nothing runs any more that can be stopped.
    pub fn end(&self) {
        PRESSED.store(false, Ordering::Relaxed);
        self.count.store(IDLE, Ordering::Relaxed);
    }

    /// The next interrupt.
    pub async fn next(&mut self) {
        if self.presses.recv().await.is_none() {
            std::future::pending::<()>().await;
        }
    }
}

struct Keys {
    interrupt: Signal,
    terminate: Signal,
}

impl Keys {
    fn new() -> Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    async fn pressed(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}
