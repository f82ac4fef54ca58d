//! Who hears of events, and what becomes of events that nobody reads.

use std::collections::HashMap;

use parking_lot::Mutex;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};
use tokio::sync::broadcast::{self, Receiver, Sender};

use super::Event;
use crate::process::Pid;

/// The most events that wait for one subscriber.
pub const EVENTS_WAITING_MAX: usize = 8_192;

/// Sends every event to every subscriber, in order, without waiting for any of them.
pub(crate) struct Events {
    sender: Sender<Event>,
    /// Questions of processes that nobody has answered yet. A later subscriber hears them too.
    asking: Mutex<HashMap<Pid, Event>>,
}

impl Default for Events {
    fn default() -> Self {
        Self::with_room(EVENTS_WAITING_MAX)
    }
}

impl Events {
    /// `most`, a power of two, is the number of events that may wait for one subscriber.
    fn with_room(most: usize) -> Self {
        Self {
            sender: broadcast::channel(most).0,
            asking: Mutex::default(),
        }
    }

    pub(crate) fn emit(&self, event: Event) {
        match &event {
            Event::Question { pid, .. } | Event::Approval { pid, .. } => {
                self.asking.lock().insert(*pid, event.clone());
            }
            // The process goes on, or has exited.
            Event::Step { pid, .. }
            | Event::Action { pid, .. }
            | Event::Observation { pid, .. }
            | Event::Exited { pid, .. } => {
                self.asking.lock().remove(pid);
            }
            _ => {}
        }
        // Nobody may be listening.
        let _ = self.sender.send(event);
    }

    /// The question of `pid` that nobody has answered yet.
    pub(crate) fn asking(&self, pid: Pid) -> Option<Event> {
        self.asking.lock().get(&pid).cloned()
    }

    pub(crate) fn subscribe(&self) -> Subscription {
        Subscription(self.sender.subscribe())
    }
}

/// What happens on a machine from [`crate::Kernel::subscribe`] on, in order.
///
/// At most [`EVENTS_WAITING_MAX`] events wait to be read. A subscriber that falls further
/// behind loses the oldest of them, and reads [`Event::Lost`] with their number in their
/// place; the machine never waits for a subscriber. Who follows one process to its end
/// reads by [`crate::Kernel::next_event`], which tells of the end in any case.
pub struct Subscription(Receiver<Event>);

impl Subscription {
    /// The next event; `None` once the machine is gone. Dropping the future loses nothing.
    pub async fn recv(&mut self) -> Option<Event> {
        match self.0.recv().await {
            Ok(event) => Some(event),
            Err(RecvError::Lagged(events)) => Some(lost(events)),
            Err(RecvError::Closed) => None,
        }
    }

    /// The next event, if one waits already.
    pub fn try_recv(&mut self) -> Option<Event> {
        match self.0.try_recv() {
            Ok(event) => Some(event),
            Err(TryRecvError::Lagged(events)) => Some(lost(events)),
            Err(TryRecvError::Empty | TryRecvError::Closed) => None,
        }
    }
}

fn lost(events: u64) -> Event {
    Event::Lost { pid: 0, events }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of `emitted` events with room for four, a subscriber that reads `early` of them in
    /// time and the rest at the end reads these steps; an `L` and a number for lost ones.
    #[track_caller]
    fn check(emitted: u32, early: u32, want: &str) {
        let events = Events::with_room(4);
        let mut subscription = events.subscribe();
        let mut read = Vec::new();
        let word = |event| match event {
            Event::Step { n, .. } => n.to_string(),
            Event::Lost { events, .. } => format!("L{events}"),
            other => format!("{other:?}"),
        };
        for n in 1..=emitted {
            events.emit(Event::Step {
                pid: 1,
                n,
                prompt_tokens: 0,
            });
            if n <= early {
                read.extend(subscription.try_recv().map(word));
            }
        }
        read.extend(std::iter::from_fn(|| subscription.try_recv()).map(word));
        assert_eq!(read.join(" "), want);
    }

    #[test]
    fn what_is_asked_is_known_until_it_is_answered() {
        let events = Events::default();
        let asking = || events.asking(1).map(|event| event.pid());
        assert_eq!(asking(), None);
        events.emit(Event::Question {
            pid: 1,
            n: 1,
            text: "Which?".into(),
            key: "1:1:question".into(),
        });
        assert_eq!(asking(), Some(1));
        // It may be moved meanwhile, and others go on.
        events.emit(Event::SwappedOut { pid: 1, tokens: 9 });
        events.emit(Event::Step {
            pid: 2,
            n: 1,
            prompt_tokens: 0,
        });
        assert_eq!(asking(), Some(1));
        events.emit(Event::Step {
            pid: 1,
            n: 2,
            prompt_tokens: 0,
        });
        assert_eq!(asking(), None);
    }

    #[test]
    fn a_slow_subscriber_loses_the_oldest_and_is_told_how_many() {
        check(0, 0, "");
        check(4, 0, "1 2 3 4");
        check(9, 9, "1 2 3 4 5 6 7 8 9");
        check(9, 0, "L5 6 7 8 9");
        check(9, 3, "1 2 3 L2 6 7 8 9");
    }
}
