//! The room that a machine has for other programs: how much they have under way on it, and
//! whether it takes more.
//!
//! A machine for a single command closes its room when that is done, and ends when the room is
//! empty (`machine`).

use std::sync::Arc;

use tokio::sync::watch;

/// The room of a machine.
#[derive(Clone, Debug)]
pub struct Room(Arc<watch::Sender<Inside>>);

#[derive(Clone, Copy, Debug)]
struct Inside {
    is_open: bool,
    guests: usize,
}

/// Something that another program has under way, until this is dropped.
#[derive(Debug)]
pub struct Guest(Room);

impl Room {
    /// An empty room.
    pub fn new(is_open: bool) -> Self {
        let inside = Inside { is_open, guests: 0 };
        Self(Arc::new(watch::Sender::new(inside)))
    }

    /// Whether it takes processes.
    pub fn is_open(&self) -> bool {
        self.0.borrow().is_open
    }

    /// How much is under way in it.
    pub fn guests(&self) -> usize {
        self.0.borrow().guests
    }

    /// Takes a process in; `None` where the room is closed.
    pub fn enter(&self) -> Option<Guest> {
        let is_in = self.0.send_if_modified(|inside| {
            inside.guests += usize::from(inside.is_open);
            inside.is_open
        });
        is_in.then(|| Guest(self.clone()))
    }

    /// Takes work on the memory in, which has no other way to it while the machine is there.
    pub fn enter_anyway(&self) -> Guest {
        self.0.send_modify(|inside| inside.guests += 1);
        Guest(self.clone())
    }

    /// Takes no process any more.
    pub fn close(&self) {
        self.0.send_modify(|inside| inside.is_open = false);
    }

    /// Resolves when nothing is under way in it.
    pub async fn is_left(&self) {
        let mut inside = self.0.subscribe();
        // Its sender is here, so there is an end.
        let _ = inside.wait_for(|inside| inside.guests == 0).await;
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        self.0.0.send_modify(|inside| inside.guests -= 1);
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[test]
    fn a_closed_room_is_left_by_those_who_are_in_it() {
        let room = Room::new(true);
        assert!(room.is_left().now_or_never().is_some());
        let (first, second) = (room.enter(), room.enter_anyway());
        assert!(first.is_some());
        room.close();
        assert!(!room.is_open());
        assert!(room.enter().is_none());
        assert_eq!(room.guests(), 2);
        assert!(room.is_left().now_or_never().is_none());
        drop(first);
        assert!(room.is_left().now_or_never().is_none());
        drop(second);
        assert!(room.is_left().now_or_never().is_some());
    }
}
