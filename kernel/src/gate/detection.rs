//! Detection: how much what strangers wrote reads like an attempt to steer a model. A detector
//! says so, where one is there; its score goes into the label of the text.
//!
//! It decides nothing. The gate is as strict without it; a rule of the user may be stricter
//! because of it, and none milder.

use std::collections::{HashMap, VecDeque};
use std::error::Error;
use std::fmt;
use std::sync::Arc;

use blake3::Hash;
use parking_lot::Mutex;
use quipu_cpu::detect::Classifier;

use crate::label::{Label, Suspicion, Trust};

/// Texts of which is kept what was said: a page that comes again is not looked at again.
const KNOWN_MAX: usize = 1_024;

/// What looks at texts.
pub trait Detector: Send + Sync {
    /// How much `text` reads like an attack. May block for seconds, and has to end by itself: a
    /// long text is looked at in parts, and it says how much of it that was.
    ///
    /// # Errors
    /// Why it could not be looked at.
    fn detect(&self, text: &str) -> Result<Suspicion, Box<dyn Error + Send + Sync>>;
}

impl Detector for Classifier {
    fn detect(&self, text: &str) -> Result<Suspicion, Box<dyn Error + Send + Sync>> {
        let found = Classifier::detect(self, text)?;
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
///     fn detect(&self, text: &str) -> Result<Suspicion, Box<dyn Error + Send + Sync>> {
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
    /// Held while a text is looked at: one after the other, so that little of the machine is
    /// taken, and a page that two processes have read is looked at once.
    turn: Mutex<()>,
}

/// What was said of texts, by their hash; the oldest is forgotten first.
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
    /// That of `detector`.
    pub fn of(detector: impl Detector + 'static) -> Self {
        Self(Some(Arc::new(Inner {
            detector: Box::new(detector),
            known: Mutex::default(),
            turn: Mutex::default(),
        })))
    }

    /// Whether there is a detector.
    pub fn is_on(&self) -> bool {
        self.0.is_some()
    }

    /// How much `text` reads like an attack; `None` without a detector, or where it fails. May
    /// block for seconds.
    pub fn suspicion(&self, text: &str) -> Option<Suspicion> {
        self.look(text, &|| true)
    }

    /// The same, unless `is_wanted` says that nobody waits for it any more, once its turn has come.
    fn look(&self, text: &str, is_wanted: &dyn Fn() -> bool) -> Option<Suspicion> {
        let inner = self.0.as_ref()?;
        let hash = blake3::hash(text.as_bytes());
        let known = || inner.known.lock().said.get(&hash).copied();
        if let Some(suspicion) = known() {
            return Some(suspicion);
        }
        let _turn = inner.turn.lock();
        // Somebody else may have had the same text looked at meanwhile.
        if let Some(suspicion) = known() {
            return Some(suspicion);
        }
        if !is_wanted() {
            return None;
        }
        match inner.detector.detect(text) {
            Ok(suspicion) => {
                inner.known.lock().keep(hash, suspicion);
                Some(suspicion)
            }
            Err(error) => {
                tracing::warn!(%error, "a text could not be looked at");
                None
            }
        }
    }

    /// Whether a text with this `label` is one to look at: of a stranger, and not looked at yet.
    /// What the kernel says in a tainted process is no stranger's.
    pub fn concern(&self, label: &Label) -> bool {
        let kernels = label.source == "kernel" || label.source == "memory";
        let is_strange = label.trust == Trust::Untrusted && !kernels;
        self.is_on() && is_strange && label.suspicion.is_none()
    }

    /// `label` of `text`, with what is said of the text where it concerns somebody. May block for
    /// seconds.
    #[must_use]
    pub fn seen(&self, label: Label, text: &str) -> Label {
        self.seen_if(label, text, &|| true)
    }

    /// The same for somebody who may leave: a text is not looked at where `is_wanted` says that
    /// nobody waits for it, once its turn has come.
    #[must_use]
    pub fn seen_if(&self, label: Label, text: &str, is_wanted: &dyn Fn() -> bool) -> Label {
        match self.concern(&label) {
            true => label.suspected(self.look(text, is_wanted)),
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
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    /// Says how long a text is, in hundreds of characters, and fails at an empty one.
    #[derive(Default)]
    struct Lengths(Arc<AtomicUsize>);

    impl Detector for Lengths {
        fn detect(&self, text: &str) -> Result<Suspicion, Box<dyn Error + Send + Sync>> {
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
            let said = detection.suspicion(text).map(Suspicion::score);
            assert_eq!((said, looks.load(Ordering::Relaxed)), (want, after));
        };
        check("a page", Some(0.06), 1);
        check("a page", Some(0.06), 1);
        check("another", Some(0.07), 2);
        // What failed is tried again.
        check("", None, 3);
        check("", None, 4);
        // Nobody waits for it, unless it is known.
        let unwanted = |text: &str| detection.look(text, &|| false).map(Suspicion::score);
        assert_eq!(
            (unwanted("a third"), unwanted("a page")),
            (None, Some(0.06))
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
