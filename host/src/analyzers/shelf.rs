//! All analyzers of others that were found, and which of them are offered.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use super::crew;
use super::files::{self, Digests, Stamp};
use super::load::{Content, LoadError, Loader};
use super::lock::{Lock, LockError};
use super::registry::{self, Reference};
use super::{Access, Options, Place};
use crate::catalog::{Catalog, Offer};

/// Components that are loaded at once. Those that are fetched wait for a network; compilers have a limit of their own.
const AT_ONCE: usize = 8;

/// One analyzer that was found, and why it is not offered, if it is not.
#[derive(Clone)]
pub struct Entry {
    /// Path or reference.
    pub place: String,
    /// SHA-256 of the component, where it could be read.
    pub sha256: Option<String>,
    /// What it offers.
    pub offer: Result<Arc<Offer>, Arc<LoadError>>,
}

/// Where one component is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Spot {
    File(PathBuf),
    Registry(Reference),
}

impl std::fmt::Display for Spot {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::File(path) => super::named(path).fmt(formatter),
            Self::Registry(reference) => reference.fmt(formatter),
        }
    }
}

impl Spot {
    /// What the lock file calls it.
    fn source(&self) -> String {
        match self {
            Self::File(path) => path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
            Self::Registry(reference) => reference.to_string(),
        }
    }
}

/// What is known about the component at a spot.
struct Known {
    /// Of the file when it was read; none for a registry's, which never changes.
    stamp: Option<Stamp>,
    /// Seen once since: it is read when it stays so, since somebody may still be writing it.
    seen: Option<Stamp>,
    content: Result<Content, Arc<LoadError>>,
    /// None as long as nobody has approved it.
    offer: Option<Result<Arc<Offer>, Arc<LoadError>>>,
}

/// What is to be loaded: what a file holds, or a registry is to give.
struct Job {
    spot: Spot,
    content: Option<Content>,
}

/// What became of it.
struct Loaded {
    spot: Spot,
    content: Result<Content, Arc<LoadError>>,
    offer: Option<Result<Arc<Offer>, Arc<LoadError>>>,
}

/// The analyzers of others.
pub struct Shelf {
    options: Options,
    loader: Loader,
    digests: Digests,
    known: BTreeMap<Spot, Known>,
    lock: Result<Lock, Arc<LockError>>,
    lock_stamp: Option<Stamp>,
    /// Whether the first look was taken.
    begun: bool,
    /// Folders that could not be listed the last time.
    unreadable: Vec<(String, String)>,
}

impl Shelf {
    /// An empty shelf; [`Shelf::look`] fills it.
    pub fn new(options: Options, loader: Loader) -> Self {
        let digests = Digests::of(loader.cache().map(Arc::as_ref));
        Self {
            options,
            loader,
            digests,
            known: BTreeMap::new(),
            lock: Ok(Lock::default()),
            lock_stamp: None,
            begun: false,
            unreadable: Vec::new(),
        }
    }

    /// Looks at all places and loads what is new or changed, and approved. Whether anything is other than before. `told` hears of what is there
    /// already while the rest is fetched and compiled: first of what is kept from before.
    pub fn look(&mut self, told: &mut dyn FnMut(&Self)) -> bool {
        let mut changed = self.look_at_lock();
        let spots = self.spots();
        let before = self.known.len();
        // A folder that cannot be listed at this moment has not lost its files.
        if self.unreadable.is_empty() {
            self.known.retain(|spot, _| spots.contains(spot));
        }
        changed |= self.known.len() != before;
        for spot in &spots {
            changed |= self.look_at(spot);
        }
        changed |= self.load_kept();
        let jobs = self.jobs(&spots);
        if !self.begun && !jobs.is_empty() {
            told(self);
        }
        changed |= self.load(jobs, told);
        self.begun = true;
        self.digests.keep(self.loader.cache().map(Arc::as_ref));
        changed
    }

    fn look_at_lock(&mut self) -> bool {
        let path = self.options.lock_file();
        let stamp = Stamp::of(&path).ok();
        if self.begun && stamp == self.lock_stamp {
            return false;
        }
        self.lock_stamp = stamp;
        self.lock = Lock::read(&path).map_err(Arc::new);
        if let Err(error) = &self.lock {
            tracing::error!(%error, "no analyzer counts as approved");
        }
        true
    }

    fn spots(&mut self) -> Vec<Spot> {
        let mut spots = Vec::new();
        let mut unreadable = Vec::new();
        for place in &self.options.places {
            match (place, files::of(place)) {
                (Place::Registry(reference), _) => spots.push(Spot::Registry(reference.clone())),
                (_, Ok(files)) => spots.extend(files.into_iter().map(Spot::File)),
                (_, Err(error)) => unreadable.push((place.to_string(), error.to_string())),
            }
        }
        if unreadable != self.unreadable {
            for (place, error) in &unreadable {
                tracing::error!(place, error, "the analyzers there cannot be listed");
            }
            self.unreadable = unreadable;
        }
        spots.sort();
        spots.dedup();
        spots
    }

    /// What has yet to be compiled, and fetched.
    fn jobs(&self, spots: &[Spot]) -> Vec<Job> {
        let wanted = self.wanted().into_iter().map(|(spot, content)| Job { spot, content: Some(content) });
        let missing = spots.iter().filter(|spot| !self.known.contains_key(spot));
        wanted.chain(missing.map(|spot| Job { spot: spot.clone(), content: None })).collect()
    }

    /// Notices a new or changed component. Whether it was read. What may be fetched stays unknown until it was.
    fn look_at(&mut self, spot: &Spot) -> bool {
        let known = self.known.get_mut(spot);
        let path = match spot {
            Spot::Registry(reference) => {
                // What could not be fetched is not asked for each second.
                if known.is_some() {
                    return false;
                }
                let cache = self.loader.cache().map(Arc::as_ref);
                let fetched = registry::fetch(reference, cache, None, &access(&self.options, &self.loader));
                if fetched.is_err() && self.options.may_fetch {
                    return false;
                }
                let content = fetched.map(Content::of_bytes).map_err(|error| Arc::new(LoadError::from(error)));
                self.known.insert(spot.clone(), Known { stamp: None, seen: None, content, offer: None });
                return true;
            }
            Spot::File(path) => path,
        };
        let stamp = Stamp::of(path);
        let current = stamp.as_ref().ok().copied();
        match known {
            Some(known) if known.stamp == current => {
                known.seen = None;
                return false;
            }
            Some(known) if known.seen != current => {
                known.seen = current;
                return false;
            }
            None if self.begun => {
                // Stays without a stamp until it was seen twice.
                let waits = Err(Arc::new(LoadError::Read(std::io::Error::other("it is still being written"))));
                self.known.insert(spot.clone(), Known { stamp: None, seen: current, content: waits, offer: None });
                return false;
            }
            _ => {}
        }
        // A digest that is remembered saves reading the file where all else is kept too. It is taken for nothing else: it may be wrong.
        if let Some(remembered) = current.and_then(|stamp| self.digests.remembered(path, stamp)) {
            let content = Content::of_file(path, remembered);
            let is_wanted = may_be_loaded(&self.options, &self.lock, spot, &content).is_ok();
            if let Some(offer) = is_wanted.then(|| self.loader.kept(&content)).flatten() {
                let offer = Some(Ok(Arc::new(offer)));
                self.known.insert(spot.clone(), Known { stamp: current, seen: None, content: Ok(content), offer });
                return true;
            }
        }
        let content = stamp
            .and_then(|stamp| self.digests.digest(path, stamp))
            .map(|sha256| Content::of_file(path, sha256))
            .map_err(|error| Arc::new(LoadError::Read(error)));
        // The same content need not be loaded again.
        let before = self.known.remove(spot);
        let offer = before.and_then(|known| match (&known.content, &content) {
            (Ok(old), Ok(new)) if old.sha256 == new.sha256 => known.offer,
            _ => None,
        });
        self.known.insert(spot.clone(), Known { stamp: current, seen: None, content, offer });
        true
    }

    /// What may be loaded and is not.
    fn wanted(&self) -> Vec<(Spot, Content)> {
        let missing = self.known.iter().filter(|(_, known)| known.offer.is_none());
        missing
            .filter_map(|(spot, known)| Some((spot.clone(), known.content.as_ref().ok()?.clone())))
            .filter(|(spot, content)| may_be_loaded(&self.options, &self.lock, spot, content).is_ok())
            .collect()
    }

    /// Takes what is kept from before, which takes no time. Whether there was any.
    fn load_kept(&mut self) -> bool {
        let mut changed = false;
        for (spot, content) in self.wanted() {
            if let (Some(offer), Some(known)) = (self.loader.kept(&content), self.known.get_mut(&spot)) {
                known.offer = Some(Ok(Arc::new(offer)));
                changed = true;
            }
        }
        changed
    }

    /// Loads several at once. `told` hears of each as it becomes ready: the slow ones do not hold up the others.
    fn load(&mut self, jobs: Vec<Job>, told: &mut dyn FnMut(&Self)) -> bool {
        let mut left = jobs.len();
        if left == 0 {
            return false;
        }
        let (loader, options, lock) = (self.loader.clone(), self.options.clone(), self.lock.clone());
        let until = loader.until();
        let work = |job: Job| {
            let content = job.content.map_or_else(|| fetched(&options, &loader, &job.spot, until), Ok);
            let offer =
                content.as_ref().ok().filter(|content| may_be_loaded(&options, &lock, &job.spot, content).is_ok());
            // What was fetched may have been loaded before.
            let made = |content| loader.kept(content).map_or_else(|| loader.make(content, until), Ok);
            let offer = offer.map(|content| made(content).map(Arc::new).map_err(Arc::new));
            Loaded { spot: job.spot, content, offer }
        };
        crew::together(AT_ONCE, jobs, work, |some| {
            left = left.saturating_sub(some.len());
            for Loaded { spot, content, offer } in some {
                let known = Known { stamp: None, seen: None, content, offer: None };
                let known = self.known.entry(spot).or_insert(known);
                known.offer = offer;
            }
            if left > 0 {
                told(self);
            }
        });
        true
    }

    /// All that was found, in order, each with what it offers or why it does not.
    pub fn entries(&self, builtin: &Catalog) -> Vec<Entry> {
        let mut entries: Vec<Entry> = self
            .known
            .iter()
            .map(|(spot, known)| Entry {
                place: spot.to_string(),
                sha256: known.content.as_ref().ok().map(|content| content.sha256.clone()),
                offer: self.decide(spot, known),
            })
            .collect();
        for (place, error) in &self.unreadable {
            let error = LoadError::Read(std::io::Error::other(error.clone()));
            entries.push(Entry { place: place.clone(), sha256: None, offer: Err(Arc::new(error)) });
        }
        collide(&mut entries, builtin);
        entries
    }

    fn decide(&self, spot: &Spot, known: &Known) -> Result<Arc<Offer>, Arc<LoadError>> {
        let content = known.content.as_ref().map_err(Arc::clone)?;
        may_be_loaded(&self.options, &self.lock, spot, content)?;
        let Some(offer) = &known.offer else {
            return Err(Arc::new(LoadError::Read(std::io::Error::other("it is not loaded yet"))));
        };
        let offer = offer.clone()?;
        let pin = self.lock.as_ref().ok().and_then(|lock| lock.of(&content.sha256));
        match (pin, offer.remarks.first()) {
            (None, Some(first)) if !self.options.has_no_model => {
                Err(Arc::new(LoadError::Steering { first: first.clone(), advice: self.options.advice(spot) }))
            }
            (Some(pin), _) if (&pin.name, &pin.version) != (&offer.module.name, &offer.module.version) => {
                Err(Arc::new(changed(&self.options, spot, pin)))
            }
            _ => Ok(offer),
        }
    }
}

/// What registries may do.
fn access(options: &Options, loader: &Loader) -> Access {
    Access { private: options.private_registries, limits: loader.limits().registry.clone() }
}

fn fetched(options: &Options, loader: &Loader, spot: &Spot, until: Instant) -> Result<Content, Arc<LoadError>> {
    let fetched = match spot {
        Spot::Registry(_) if until <= Instant::now() => Err(loader.too_late()),
        Spot::Registry(reference) => {
            let cache = loader.cache().map(Arc::as_ref);
            let fetched = registry::fetch(reference, cache, Some(until), &access(options, loader));
            fetched.map(Content::of_bytes).map_err(LoadError::from)
        }
        // Files are read when they are noticed.
        Spot::File(_) => Err(LoadError::Read(std::io::Error::from(std::io::ErrorKind::NotFound))),
    };
    fetched.map_err(Arc::new)
}

/// Whether the lock lets a component be loaded at all.
fn may_be_loaded(
    options: &Options,
    lock: &Result<Lock, Arc<LockError>>,
    spot: &Spot,
    content: &Content,
) -> Result<(), Arc<LoadError>> {
    if !options.is_locked {
        return Ok(());
    }
    let lock = lock.as_ref().map_err(|error| Arc::new(LoadError::Lock(Arc::clone(error))))?;
    if lock.of(&content.sha256).is_some() {
        return Ok(());
    }
    let before = lock.at(&spot.source()).map(|pin| changed(options, spot, pin));
    Err(Arc::new(
        before.unwrap_or_else(|| LoadError::NotApproved { lock: options.lock_file(), advice: options.advice(spot) }),
    ))
}

fn changed(options: &Options, spot: &Spot, pin: &super::Pin) -> LoadError {
    LoadError::Changed {
        name: pin.name.clone(),
        version: pin.version.clone(),
        lock: options.lock_file(),
        advice: options.advice(spot),
    }
}

/// Takes back the offers of those whose names somebody else has too: nobody can say which of them was meant. One component in two places is no
/// collision.
fn collide(entries: &mut Vec<Entry>, builtin: &Catalog) {
    let mut seen = std::collections::HashSet::new();
    entries
        .retain(|entry| entry.offer.is_err() || entry.sha256.as_ref().is_none_or(|sha256| seen.insert(sha256.clone())));
    let mut owners: HashMap<String, Vec<usize>> = HashMap::new();
    for (n, entry) in entries.iter().enumerate() {
        if let Ok(offer) = &entry.offer {
            owners.entry(offer.module.name.clone()).or_default().push(n);
        }
    }
    let places: Vec<String> = entries.iter().map(|entry| entry.place.clone()).collect();
    for (name, owners) in owners {
        for (n, owner) in owners.iter().enumerate() {
            let other = owners.get(if n == 0 { 1 } else { 0 }).and_then(|other| places.get(*other));
            if let (Some(other), Some(entry)) = (other, entries.get_mut(*owner)) {
                let collision = LoadError::Collision { name: name.clone(), other: other.clone() };
                entry.offer = Err(Arc::new(collision));
            }
        }
    }
    for entry in entries {
        let taken = entry.offer.as_ref().ok().and_then(|offer| builtin.collision(offer));
        if let Some(name) = taken.map(str::to_owned) {
            entry.offer = Err(Arc::new(LoadError::Collision { name, other: "this program".into() }));
        }
    }
}
