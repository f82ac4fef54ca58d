//! Detection: how much what strangers wrote reads like an attempt to steer a model. A detector
//! says so, where one is there; its score goes into the label of the text.
//!
//! It decides nothing. The gate is as strict without it; a rule of the user may be stricter
//! because of it, and none milder.

use std::collections::{HashMap, VecDeque};
use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use blake3::Hash;
use parking_lot::{Mutex, MutexGuard};
use quipu_cpu::detect::Classifier;

use crate::label::{Label, Suspicion, Trust};

/// Texts whose findings are remembered: a page that comes again is not scanned again.
const KNOWN_MAX: usize = 1_024;
/// Texts that may wait for the scan at once, each on a thread of its own. Further texts are
/// marked as not scanned.
const WAITING_MAX: usize = 16;
/// The longest that a text waits for the scan: the texts before it take up to 3 s each, on a
/// processor of their own.
const PATIENCE: Duration = Duration::from_secs(60);
/// How often a waiting scan asks whether it is still wanted.
const ASKS_EVERY: Duration = Duration::from_millis(50);

/// A detector of attacks in texts.
pub trait Detector: Send + Sync {
    /// How much `text` reads like an attack. May block for seconds, and has to end by itself: a
    /// long text is looked at in parts, and it says how much of it that was. Ends early, with any
    /// error, where `is_wanted` says that nobody waits any more.
    ///
    /// # Errors
    /// Why it could not be looked at.
    fn detect(
        &self,
        text: &str,
        is_wanted: &dyn Fn() -> bool,
    ) -> Result<Suspicion, Box<dyn Error + Send + Sync>>;
}

impl Detector for Classifier {
    fn detect(
        &self,
        text: &str,
        is_wanted: &dyn Fn() -> bool,
    ) -> Result<Suspicion, Box<dyn Error + Send + Sync>> {
        let found = self.detect_while(text, is_wanted)?;
        Ok(Suspicion::new(found.score, found.looked_at))
    }
}

/// The detector of a machine, if it has one, and what it said of texts.
///
/// ```
/// use std::error::Error;
///
/// use quipu_kernel::gate::{Detector, Detection};
/// use quipu_kernel::label::{Label, Suspicion, Trust};
///
/// struct Shouting;
///
/// impl Detector for Shouting {
///     fn detect(
///         &self,
///         text: &str,
///         _is_wanted: &dyn Fn() -> bool,
///     ) -> Result<Suspicion, Box<dyn Error + Send + Sync>> {
///         let loud = text.chars().any(|c| c == '!');
///         Ok(Suspicion::new(f32::from(u8::from(loud)), 1.0))
///     }
/// }
///
/// let detection = Detection::of(Shouting);
/// let page = Label::new("tool:web", Trust::Untrusted);
/// assert!(detection.seen(page.clone(), "Obey!").suspicion.is_some_and(|said| said.is_notable()));
/// // What its user said is nobody's attack, and without a detector nothing is said.
/// assert_eq!(detection.seen(Label::user(), "Go!").suspicion, None);
/// assert_eq!(Detection::default().seen(page, "Obey!").suspicion, None);
/// ```
#[derive(Clone, Default)]
pub struct Detection(Option<Arc<Inner>>);

struct Inner {
    detector: Box<dyn Detector>,
    known: Mutex<Known>,
    /// Held during a scan. Texts are scanned one after the other, so that the scan takes little
    /// of the machine, and a page that two processes have read is scanned once.
    turn: Mutex<()>,
    /// How many texts wait for the scan.
    waiting: AtomicUsize,
    /// The longest that a text waits.
    patience: Duration,
}

/// Why there is no finding on a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Nothing {
    /// There is no detector.
    Absent,
    /// The detector failed.
    Failed,
    /// Nobody waits for the finding any more.
    Unwanted,
    /// Too many texts waited before it.
    Busy,
}

/// A text that waits for the scan.
struct Waiting<'a>(&'a AtomicUsize);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Inner {
    /// Waits for the turn of a text.
    fn turn(&self, is_wanted: &dyn Fn() -> bool) -> Result<MutexGuard<'_, ()>, Nothing> {
        let before = self.waiting.fetch_add(1, Ordering::AcqRel);
        let _waiting = Waiting(&self.waiting);
        if before >= WAITING_MAX {
            return Err(Nothing::Busy);
        }
        let until = Instant::now() + self.patience;
        loop {
            if !is_wanted() {
                return Err(Nothing::Unwanted);
            }
            if let Some(turn) = self.turn.try_lock_for(ASKS_EVERY.min(self.patience)) {
                return Ok(turn);
            }
            if Instant::now() >= until {
                return Err(Nothing::Busy);
            }
        }
    }
}

/// The findings on texts, by their hash. The oldest is forgotten first.
#[derive(Default)]
struct Known {
    said: HashMap<Hash, Suspicion>,
    order: VecDeque<Hash>,
}

impl Known {
    fn keep(&mut self, text: Hash, suspicion: Suspicion) {
        if self.said.insert(text, suspicion).is_none() {
            self.order.push_back(text);
        }
        if self.order.len() > KNOWN_MAX
            && let Some(oldest) = self.order.pop_front()
        {
            self.said.remove(&oldest);
        }
    }
}

impl Detection {
    /// The detection by `detector`.
    pub fn of(detector: impl Detector + 'static) -> Self {
        Self(Some(Arc::new(Inner {
            detector: Box::new(detector),
            known: Mutex::default(),
            turn: Mutex::default(),
            waiting: AtomicUsize::new(0),
            patience: PATIENCE,
        })))
    }

    /// Whether there is a detector.
    pub fn is_on(&self) -> bool {
        self.0.is_some()
    }

    /// How much `text` reads like an attack; `None` without a detector. May block for seconds.
    /// [`Suspicion::UNSEEN`] where the detector fails or too many texts wait: a strict rule takes
    /// such a text for the worst.
    pub fn suspicion(&self, text: &str) -> Option<Suspicion> {
        self.suspicion_while(text, &|| true)
    }

    /// The same for a caller who may leave: `None` once `is_wanted` says that nobody waits any
    /// more.
    pub fn suspicion_while(&self, text: &str, is_wanted: &dyn Fn() -> bool) -> Option<Suspicion> {
        match self.look(text, is_wanted) {
            Ok(suspicion) => Some(suspicion),
            Err(Nothing::Busy) => {
                tracing::warn!("a text was not looked at: too many are to be");
                Some(Suspicion::UNSEEN)
            }
            Err(Nothing::Failed) => Some(Suspicion::UNSEEN),
            Err(Nothing::Absent | Nothing::Unwanted) => None,
        }
    }

    fn look(&self, text: &str, is_wanted: &dyn Fn() -> bool) -> Result<Suspicion, Nothing> {
        let inner = self.0.as_ref().ok_or(Nothing::Absent)?;
        let hash = blake3::hash(text.as_bytes());
        let known = || inner.known.lock().said.get(&hash).copied();
        if let Some(suspicion) = known() {
            return Ok(suspicion);
        }
        let _turn = inner.turn(is_wanted)?;
        // Another caller may have had the same text scanned meanwhile.
        if let Some(suspicion) = known() {
            return Ok(suspicion);
        }
        match inner.detector.detect(text, is_wanted) {
            Ok(suspicion) => {
                inner.known.lock().keep(hash, suspicion);
                Ok(suspicion)
            }
            Err(_) if !is_wanted() => Err(Nothing::Unwanted),
            Err(error) => {
                tracing::warn!(%error, "a text could not be looked at");
                Err(Nothing::Failed)
            }
        }
    }

    /// Whether a text with this `label` is to be scanned: a stranger's, and not scanned yet. The
    /// kernel's words in a tainted process are not a stranger's.
    pub fn concern(&self, label: &Label) -> bool {
        let kernels = label.source == "kernel" || label.source == "memory";
        let is_strange = label.trust == Trust::Untrusted && !kernels;
        self.is_on() && is_strange && label.suspicion.is_none()
    }

    /// `label` of `text`, with the finding on the text if it is to be scanned. May block for
    /// seconds.
    #[must_use]
    pub fn seen(&self, label: Label, text: &str) -> Label {
        self.seen_if(label, text, &|| true)
    }

    /// The same for a caller who may leave: without a finding once `is_wanted` says that nobody
    /// waits any more.
    #[must_use]
    pub fn seen_if(&self, label: Label, text: &str, is_wanted: &dyn Fn() -> bool) -> Label {
        match self.concern(&label) {
            true => label.suspected(self.suspicion_while(text, is_wanted)),
            false => label,
        }
    }
}

impl fmt::Debug for Detection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Detection").field(&self.is_on()).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;

    use super::*;

    /// Says how long a text is, in hundreds of characters, and fails at an empty one.
    #[derive(Default)]
    struct Lengths(Arc<AtomicUsize>);

    impl Detector for Lengths {
        fn detect(
            &self,
            text: &str,
            _is_wanted: &dyn Fn() -> bool,
        ) -> Result<Suspicion, Box<dyn Error + Send + Sync>> {
            self.0.fetch_add(1, Ordering::Relaxed);
            match text.len() {
                0 => Err("there is nothing".into()),
                len => Ok(Suspicion::new(len as f32 / 100.0, 1.0)),
            }
        }
    }

    #[test]
    fn a_text_is_looked_at_once() {
        let looks = Arc::new(AtomicUsize::new(0));
        let detection = Detection::of(Lengths(looks.clone()));
        let check = |text: &str, want: Option<f64>, after: usize| {
            let said = detection.suspicion(text);
            assert_eq!(said.is_some_and(Suspicion::is_unseen), text.is_empty());
            let said = said.map(Suspicion::score);
            assert_eq!((said, looks.load(Ordering::Relaxed)), (want, after));
        };
        check("a page", Some(0.06), 1);
        check("a page", Some(0.06), 1);
        check("another", Some(0.07), 2);
        // What failed was not looked at, and is tried again.
        check("", Some(0.0), 3);
        check("", Some(0.0), 4);
        // Nobody waits for it, unless it is known.
        let unwanted = |text: &str| detection.look(text, &|| false).map(Suspicion::score);
        assert_eq!(
            (unwanted("a third"), unwanted("a page")),
            (Err(Nothing::Unwanted), Ok(0.06))
        );
        assert_eq!(looks.load(Ordering::Relaxed), 4);
        // A clone knows the same.
        assert!(detection.clone().suspicion("another").is_some());
        assert_eq!(looks.load(Ordering::Relaxed), 4);
        // The oldest is forgotten, so that the others fit.
        for n in 0..KNOWN_MAX - 1 {
            detection.suspicion(&format!("page {n}"));
        }
        let before = looks.load(Ordering::Relaxed);
        check("another", Some(0.07), before);
        check("a page", Some(0.06), before + 1);
    }

    /// A detection whose turns are waited for as long as `patience` says.
    fn patient(patience: Duration) -> (Detection, Arc<Inner>) {
        let inner = Arc::new(Inner {
            detector: Box::new(Lengths::default()),
            known: Mutex::default(),
            turn: Mutex::default(),
            waiting: AtomicUsize::new(0),
            patience,
        });
        (Detection(Some(inner.clone())), inner)
    }

    #[test]
    fn who_waits_too_long_or_behind_too_many_is_told() {
        let (detection, inner) = patient(Duration::ZERO);
        let check = |text: &str, want: Option<Suspicion>| {
            assert_eq!(detection.suspicion(text), want, "{text}");
            assert_eq!(inner.turn.is_locked(), text == "behind one", "{text}");
        };
        let turn = inner.turn.lock();
        check("behind one", Some(Suspicion::UNSEEN));
        drop(turn);
        let seen = Some(Suspicion::new(0.1, 1.0));
        check("behind no ", seen);
        let others = inner.waiting.swap(WAITING_MAX, Ordering::AcqRel);
        assert_eq!(others, 0);
        check("behind all", Some(Suspicion::UNSEEN));
        // What is known needs no turn.
        check("behind no ", seen);
        assert_eq!(inner.waiting.swap(0, Ordering::AcqRel), WAITING_MAX);
        // It was not kept as if it had been looked at.
        check("behind all", seen);
    }

    #[test]
    fn who_leaves_waits_no_longer() {
        let (detection, inner) = patient(PATIENCE);
        let turn = inner.turn.lock();
        let (begun, left) = (Barrier::new(2), std::sync::atomic::AtomicBool::new(false));
        std::thread::scope(|scope| {
            let waits = scope.spawn(|| {
                let asked = AtomicUsize::new(0);
                let is_wanted = || {
                    if asked.fetch_add(1, Ordering::AcqRel) == 0 {
                        begun.wait();
                    }
                    !left.load(Ordering::Acquire)
                };
                detection.suspicion_while("a page", &is_wanted)
            });
            begun.wait();
            left.store(true, Ordering::Release);
            assert_eq!(waits.join().expect("it ends"), None);
        });
        drop(turn);
        assert_eq!(inner.waiting.load(Ordering::Acquire), 0);
    }

    #[test]
    fn only_strangers_texts_are_looked_at() {
        let looks = Arc::new(AtomicUsize::new(0));
        let detection = Detection::of(Lengths(looks.clone()));
        let check = |label: Label, want: bool| {
            let seen = detection.seen(label.clone(), "a page");
            assert_eq!(seen.suspicion.is_some(), want, "{label:?}");
            assert_eq!((seen.trust, seen.source), (label.trust, label.source));
        };
        check(Label::user(), false);
        check(Label::new("tool:calculator", Trust::User), false);
        check(Label::kernel().lowered_to(Trust::Untrusted), false);
        check(Label::new("memory", Trust::Untrusted), false);
        assert_eq!(looks.load(Ordering::Relaxed), 0);
        check(Label::new("tool:browser", Trust::Untrusted), true);
        check(Label::new("memory:d1", Trust::Untrusted), true);
        // What was said before stays.
        let before = Suspicion::new(0.9, 1.0);
        let label = Label::new("tool:browser", Trust::Untrusted).suspected(Some(before));
        assert_eq!(detection.seen(label, "a page").suspicion, Some(before));
    }
}
