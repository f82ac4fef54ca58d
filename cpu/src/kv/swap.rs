//! Swap: KV states that left the cache, in host memory and on disk.
//!
//! An image is the state of some tokens in a row, together with all the tokens before
//! them, which it depends on. Whoever needs those tokens takes it, whichever process
//! it came from. States are moved, never discarded, as long as there is room: from
//! the cache to memory, from memory to disk.
//!
//! On disk an image is a file of its own, bound by a key to the model and the library
//! that wrote it, and by a secret to the root: what a model has read is believed. One that does not match or is damaged is removed, never used: the
//! tokens are simply computed again.

mod file;

use std::collections::VecDeque;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use crate::Pid;
use crate::kv::pictures;
use crate::kv::prefix::common_prefix;
use file::Header;

/// Bounds and place of the swap.
#[derive(Clone, Debug)]
pub struct SwapSettings {
    /// Bytes kept in host memory; what is beyond goes to disk.
    pub memory_bytes_max: usize,
    /// Bytes kept on disk, of all models. Beyond them images are forgotten, those first that were
    /// not used for longest. Nothing is lost: the tokens are computed again.
    pub disk_bytes_max: u64,
    /// The folder for images on disk; `None` keeps everything in memory.
    pub folder: Option<PathBuf>,
    /// The secret by which an image is recognised as one that this root wrote.
    pub secret: [u8; 32],
    /// What images depend on beside their tokens: the model, the library's version.
    pub key: String,
}

/// What an image was saved for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum For {
    /// One process.
    Process(Pid),
    /// Whatever begins with these tokens: a boot page.
    Everyone,
}

enum Place {
    Memory(Arc<Vec<u8>>),
    Disk { path: PathBuf, bytes: u64 },
}

struct Image {
    whose: For,
    tokens: Vec<i32>,
    from: usize,
    place: Place,
    used: u64,
}

/// An image of another model, of which only its room on disk counts.
struct Other {
    path: PathBuf,
    bytes: u64,
    used: u64,
}

/// All images of one machine.
pub struct Swap {
    settings: SwapSettings,
    images: Vec<Image>,
    /// The first is the one that was not used for longest.
    others: VecDeque<Other>,
    clock: u64,
}

/// A state found for a prompt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    image: usize,
    /// The first token it covers.
    pub from: usize,
    /// Tokens of the prompt it covers, counted from the first.
    pub upto: usize,
    /// Cells that restoring it takes.
    pub cells: usize,
}

impl Swap {
    /// Opens the swap, taking in the images that an earlier machine left on disk.
    pub fn open(settings: SwapSettings) -> Self {
        let mut swap = Self {
            settings,
            images: Vec::new(),
            others: VecDeque::new(),
            clock: 0,
        };
        if let Some(folder) = swap.settings.folder.clone() {
            swap.take_in(&folder);
            swap.shrink_disk();
        }
        swap
    }

    /// Keeps the state of `tokens[from..]`. A process has as many images as were
    /// saved of it; one that covers the same tokens again takes the place of the old.
    pub fn put(&mut self, whose: For, tokens: Vec<i32>, from: usize, state: Vec<u8>) {
        self.drop_where(|image| {
            image.whose == whose && image.from == from && tokens.starts_with(&image.tokens)
        });
        self.clock += 1;
        self.images.push(Image {
            whose,
            tokens,
            from,
            place: Place::Memory(Arc::new(state)),
            used: self.clock,
        });
        if whose == For::Everyone {
            // Worth most to the next machine.
            let last = self.images.len() - 1;
            self.spill(last);
        }
        while self.memory_bytes() > self.settings.memory_bytes_max {
            let oldest = self.oldest(|image| matches!(image.place, Place::Memory(_)));
            match oldest {
                Some(oldest) if self.spill(oldest) => {}
                Some(oldest) => drop(self.images.swap_remove(oldest)),
                None => break,
            }
        }
        self.shrink_disk();
    }

    /// The state that covers most of `prompt` when its first `resident` tokens are in
    /// the cache already; `None` when none goes further than they do.
    pub fn find(&self, prompt: &[i32], resident: usize) -> Option<Found> {
        let candidates = self.images.iter().enumerate().filter_map(|(i, image)| {
            let upto = pictures::whole(prompt, common_prefix(&image.tokens, prompt));
            let cells = image.tokens.len() - image.from;
            (image.from <= resident && upto > resident).then_some(Found {
                image: i,
                from: image.from,
                upto,
                cells,
            })
        });
        candidates.max_by_key(|found| (found.upto, std::cmp::Reverse(found.cells)))
    }

    /// How far `prompt` is covered by one state after the other.
    pub fn reach(&self, prompt: &[i32], resident: usize) -> usize {
        let further = |&upto: &usize| self.find(prompt, upto).map(|found| found.upto);
        std::iter::successors(Some(resident), further)
            .last()
            .unwrap_or(resident)
    }

    /// Whether the state of exactly these tokens is kept for everyone.
    pub fn has_boot(&self, tokens: &[i32]) -> bool {
        let mut images = self.images.iter();
        images.any(|image| image.whose == For::Everyone && image.tokens == tokens)
    }

    /// The positions of the cells that restoring a state takes.
    pub fn places(&self, found: Found) -> Vec<usize> {
        let image = &self.images[found.image];
        pictures::places(&image.tokens, image.from..image.tokens.len())
    }

    /// The bytes of a state. `None` when its file turns out to be damaged or gone; it
    /// is forgotten then.
    pub fn load(&mut self, found: Found) -> Option<Arc<Vec<u8>>> {
        self.clock += 1;
        let image = &mut self.images[found.image];
        image.used = self.clock;
        let state = match &image.place {
            Place::Memory(state) => Some(state.clone()),
            Place::Disk { path, .. } => {
                let state = file::read(path, &self.settings, &image.tokens);
                if state.is_some() {
                    file::touch(path);
                }
                state.map(Arc::new)
            }
        };
        if state.is_none() {
            self.remove(found.image);
        }
        state
    }

    /// Notes that a state is back in the cache: a process's own, used to its end, is
    /// moved, not copied.
    pub fn spend(&mut self, found: Found) {
        let image = &self.images[found.image];
        if image.whose != For::Everyone && found.upto == image.tokens.len() {
            self.remove(found.image);
        }
    }

    /// Forgets a state that could not be used after all.
    pub fn reject(&mut self, found: Found) {
        self.remove(found.image);
    }

    /// Drops the images of `pid`, which has exited. An image that another process builds on is
    /// handed to that process.
    pub fn forget(&mut self, pid: Pid) {
        for i in 0..self.images.len() {
            let image = &self.images[i];
            if image.whose == For::Process(pid)
                && let Some(heir) = self.heir(image)
            {
                self.images[i].whose = heir;
            }
        }
        self.drop_where(|image| image.whose == For::Process(pid));
    }

    /// The owner of a state that begins within `image`, and so is of no use without it.
    fn heir(&self, image: &Image) -> Option<For> {
        let mut others = self
            .images
            .iter()
            .filter(|other| other.whose != image.whose);
        let heir = others.find(|other| {
            let begins_within = image.from < other.from && other.from <= image.tokens.len();
            begins_within && other.tokens[..other.from] == image.tokens[..other.from]
        });
        heir.map(|heir| heir.whose)
    }

    /// Moves everything that is in memory to disk: the machine is about to stop.
    pub fn flush(&mut self) {
        for i in 0..self.images.len() {
            if matches!(self.images[i].place, Place::Memory(_)) {
                self.spill(i);
            }
        }
        self.shrink_disk();
    }

    /// Whether what is kept outlives the program.
    pub fn outlives(&self) -> bool {
        self.settings.folder.is_some()
    }

    /// The processes that have something swapped out.
    pub fn processes(&self) -> Vec<Pid> {
        let pid = |image: &Image| match image.whose {
            For::Process(pid) => Some(pid),
            For::Everyone => None,
        };
        let mut pids: Vec<Pid> = self.images.iter().filter_map(pid).collect();
        pids.sort_unstable();
        pids.dedup();
        pids
    }

    /// Tokens of `pid` that are swapped out.
    pub fn tokens_of(&self, pid: Pid) -> usize {
        let own = self.images.iter().filter(|i| i.whose == For::Process(pid));
        own.map(|image| image.tokens.len() - image.from).sum()
    }

    /// Bytes in host memory.
    pub fn memory_bytes(&self) -> usize {
        let bytes = |image: &Image| match &image.place {
            Place::Memory(state) => state.len(),
            Place::Disk { .. } => 0,
        };
        self.images.iter().map(bytes).sum()
    }

    fn take_in(&mut self, folder: &Path) {
        let entries = fs::read_dir(folder).into_iter().flatten().flatten();
        let mut files: Vec<(SystemTime, PathBuf, u64)> = entries
            .filter(|entry| {
                entry
                    .path()
                    .extension()
                    .is_some_and(|e| e == file::EXTENSION)
            })
            .filter_map(|entry| {
                let meta = entry.metadata().ok()?;
                Some((meta.modified().ok()?, entry.path(), meta.len()))
            })
            .collect();
        files.sort();
        for (_, path, bytes) in files {
            match file::read_header(&path) {
                Some(header) if header.is_passing() => {
                    let _ = fs::remove_file(path);
                }
                // It has its turn when that model runs.
                Some(header) if header.key != self.settings.key => {
                    self.clock += 1;
                    self.others.push_back(Other {
                        path,
                        bytes,
                        used: self.clock,
                    });
                }
                Some(header) => {
                    self.clock += 1;
                    self.images.push(Image {
                        whose: header.whose,
                        tokens: header.tokens,
                        from: header.from,
                        place: Place::Disk { path, bytes },
                        used: self.clock,
                    });
                }
                None => {
                    tracing::warn!("a damaged KV image is removed: {}", path.display());
                    let _ = fs::remove_file(&path);
                }
            }
        }
    }

    /// Moves an image from memory to disk. False when that is not possible.
    fn spill(&mut self, i: usize) -> bool {
        let Some(folder) = self.settings.folder.as_deref() else {
            return false;
        };
        let image = &mut self.images[i];
        let Place::Memory(state) = &image.place else {
            return true;
        };
        let header = Header {
            key: self.settings.key.clone(),
            whose: image.whose,
            from: image.from,
            tokens: image.tokens.clone(),
        };
        match file::write(folder, &header, state, &self.settings.secret) {
            Ok((path, bytes)) => {
                image.place = Place::Disk { path, bytes };
                true
            }
            Err(error) => {
                tracing::warn!(
                    "a KV image cannot be written in {}: {error}",
                    folder.display()
                );
                false
            }
        }
    }

    fn shrink_disk(&mut self) {
        while self.disk_bytes() > self.settings.disk_bytes_max {
            let own = self.oldest(|image| matches!(image.place, Place::Disk { .. }));
            let is_older = |other: &Other| own.is_none_or(|i| other.used < self.images[i].used);
            match (self.others.front().is_some_and(is_older), own) {
                (true, _) => {
                    let other = self.others.pop_front();
                    let _ = other.map(|other| fs::remove_file(other.path));
                }
                (false, Some(own)) => self.remove(own),
                (false, None) => return,
            }
        }
    }

    /// Bytes on disk, of all models.
    fn disk_bytes(&self) -> u64 {
        let own = self.images.iter().map(|image| match image.place {
            Place::Disk { bytes, .. } => bytes,
            Place::Memory(_) => 0,
        });
        let others = self.others.iter().map(|other| other.bytes);
        own.chain(others).sum()
    }

    fn oldest(&self, wanted: impl Fn(&Image) -> bool) -> Option<usize> {
        (0..self.images.len())
            .filter(|&i| wanted(&self.images[i]))
            .min_by_key(|&i| self.images[i].used)
    }

    fn drop_where(&mut self, unwanted: impl Fn(&Image) -> bool) {
        while let Some(i) = self.images.iter().position(&unwanted) {
            self.remove(i);
        }
    }

    fn remove(&mut self, i: usize) {
        if let Place::Disk { path, .. } = self.images.swap_remove(i).place {
            let _ = fs::remove_file(path);
        }
    }
}

#[cfg(test)]
mod tests;
