//! Who hears of events.

use parking_lot::Mutex;
use tokio::sync::mpsc;

use super::Event;

/// Sends every event to every subscriber, in order, losing none.
#[derive(Default)]
pub(crate) struct Events {
    subscribers: Mutex<Vec<mpsc::UnboundedSender<Event>>>,
}

impl Events {
    pub(crate) fn emit(&self, event: Event) {
        let mut subscribers = self.subscribers.lock();
        subscribers.retain(|subscriber| subscriber.send(event.clone()).is_ok());
    }

    pub(crate) fn subscribe(&self) -> mpsc::UnboundedReceiver<Event> {
        let (sender, receiver) = mpsc::unbounded_channel();
        self.subscribers.lock().push(sender);
        receiver
    }
}
