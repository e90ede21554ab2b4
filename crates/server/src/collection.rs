//! The collection: the traces of a library and what is open of them.
//!
//! A trace is opened when somebody asks, on a thread of its own, and stays open while there is room: when the files of
//! all open traces together are larger than the limit, the one that was not asked for longest is closed. What runs on a
//! trace keeps it until it is done. An opening goes on while somebody asks about it, whoever began it.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash as _, Hasher as _};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use kinetoscope_analysis::kernel_class::SliceClasses;
use kinetoscope_ingest::Progress;
use kinetoscope_model::Trace;
use kinetoscope_sql::{Session, SessionOptions, SqlError};
use kinetoscope_store::Store;
use serde::Serialize;

use crate::answer::Refusal;
use crate::library::{Library, Listing, OpenFailure};
use axum::http::StatusCode;

/// Sessions of SQL that a trace keeps for its pages; what was created in older ones is gone.
const MAX_SESSIONS: usize = 8;

/// An estimate from less than this is a guess.
const MIN_TIME_FOR_ESTIMATE: Duration = Duration::from_secs(1);

/// A trace that is open.
#[derive(Debug)]
pub(crate) struct OpenTrace {
    pub(crate) name: String,
    pub(crate) store: Store,
    classes: OnceLock<SliceClasses>,
    sessions: Mutex<Vec<(String, Arc<Session>)>>,
}

impl OpenTrace {
    pub(crate) fn new(name: String, trace: Arc<Trace>) -> Self {
        Self { name, store: Store::new(trace), classes: OnceLock::new(), sessions: Mutex::default() }
    }

    /// Classes of its slices.
    pub(crate) fn classes(&self) -> &SliceClasses {
        self.classes.get_or_init(|| SliceClasses::new(&self.store))
    }

    /// The session of this name, which keeps what its scripts create.
    pub(crate) fn session(&self, name: &str, options: &SessionOptions) -> Result<Arc<Session>, SqlError> {
        let mut sessions = lock(&self.sessions);
        if let Some(place) = sessions.iter().position(|(known, _)| known == name) {
            let used = sessions.remove(place);
            let session = Arc::clone(&used.1);
            sessions.push(used);
            return Ok(session);
        }
        let session = Arc::new(Session::new(Arc::clone(self.store.trace()), options.clone())?);
        if sessions.len() == MAX_SESSIONS {
            sessions.remove(0);
        }
        sessions.push((name.to_owned(), Arc::clone(&session)));
        Ok(session)
    }
}

#[derive(Debug)]
enum State {
    Closed,
    Opening {
        progress: Arc<Progress>,
        start: Instant,
        /// When somebody last asked how far it is.
        asked: Instant,
    },
    Open {
        trace: Arc<OpenTrace>,
        used: Instant,
    },
    Failed(OpenFailure),
}

#[derive(Debug)]
struct Entry {
    id: String,
    listing: Listing,
    state: State,
}

/// What is told of a trace, open or not.
#[derive(Debug, Serialize)]
pub(crate) struct TraceEntry {
    /// The same whenever the server starts.
    id: String,
    /// Short name for people.
    name: String,
    /// Its files.
    path: String,
    /// Size of its files in bytes.
    bytes: u64,
    /// `closed`, `opening`, `open` or `failed`.
    state: &'static str,
    /// How far it is, while it is being opened.
    progress: Option<Reading>,
    /// Why it was not opened.
    error: Option<String>,
    /// What to do about that.
    hint: Option<String>,
}

/// How far opening is.
#[derive(Debug, Serialize)]
pub(crate) struct Reading {
    /// Read of the files so far.
    bytes: u64,
    /// All there is to read; `None` while that is not known.
    total_bytes: Option<u64>,
    /// Events found so far.
    events: u64,
    /// An estimate; `None` while there is too little to tell.
    seconds_left: Option<f64>,
    /// `reading` or `building tables`.
    step: &'static str,
}

/// The traces of a library.
pub(crate) struct Collection {
    library: Arc<dyn Library>,
    max_open_bytes: u64,
    entries: Mutex<Vec<Entry>>,
}

impl std::fmt::Debug for Collection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Collection").field("entries", &self.entries).finish_non_exhaustive()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The same trace has the same id whenever the server starts, so that links to it live on.
fn id_of(listing: &Listing) -> String {
    let mut hasher = DefaultHasher::new();
    listing.paths.hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

impl Collection {
    pub(crate) fn new(library: Arc<dyn Library>, max_open_bytes: u64) -> Self {
        Self { library, max_open_bytes, entries: Mutex::default() }
    }

    /// Looks which traces there are now. One that is gone stays while it is open.
    pub(crate) fn refresh(&self) {
        let listings = self.library.list();
        let mut entries = lock(&self.entries);
        let mut known = std::mem::take(&mut *entries);
        for listing in listings {
            let id = id_of(&listing);
            let state = match known.iter().position(|entry| entry.id == id) {
                // A file that has grown since it could not be read may be whole now.
                Some(place) => match known.swap_remove(place) {
                    Entry { state: State::Failed(_), listing: old, .. } if old.bytes != listing.bytes => State::Closed,
                    entry => entry.state,
                },
                None => State::Closed,
            };
            entries.push(Entry { id, listing, state });
        }
        known.retain(|entry| matches!(entry.state, State::Open { .. } | State::Opening { .. }));
        entries.append(&mut known);
    }

    /// What is told of every trace.
    pub(crate) fn list(&self) -> Vec<TraceEntry> {
        lock(&self.entries).iter_mut().map(Entry::told).collect()
    }

    /// What is told of one.
    pub(crate) fn entry(&self, id: &str) -> Result<TraceEntry, Refusal> {
        let mut entries = lock(&self.entries);
        entries.iter_mut().find(|entry| entry.id == id).map(Entry::told).ok_or_else(|| unknown(id))
    }

    /// The trace, if it is open.
    pub(crate) fn open_trace(&self, id: &str) -> Result<Arc<OpenTrace>, Refusal> {
        let mut entries = lock(&self.entries);
        let entry = entries.iter_mut().find(|entry| entry.id == id).ok_or_else(|| unknown(id))?;
        match &mut entry.state {
            State::Open { trace, used } => {
                *used = Instant::now();
                Ok(Arc::clone(trace))
            }
            State::Opening { asked, .. } => {
                *asked = Instant::now();
                Err(Refusal::new(StatusCode::CONFLICT, "the trace is being opened"))
            }
            State::Closed => Err(Refusal::new(StatusCode::CONFLICT, "the trace is not open")),
            State::Failed(failure) => {
                let refusal = Refusal::new(StatusCode::CONFLICT, format!("the trace was not opened: {failure}"));
                Err(match &failure.hint {
                    Some(hint) => refusal.with_hint(hint),
                    None => refusal,
                })
            }
        }
    }

    /// Begins to open a trace, unless it is open or about to be.
    pub(crate) fn open(self: &Arc<Self>, id: &str) -> Result<(), Refusal> {
        let mut entries = lock(&self.entries);
        let entry = entries.iter_mut().find(|entry| entry.id == id).ok_or_else(|| unknown(id))?;
        match &mut entry.state {
            State::Open { .. } => return Ok(()),
            State::Opening { asked, .. } => {
                *asked = Instant::now();
                return Ok(());
            }
            State::Closed | State::Failed(_) => {}
        }
        let progress = Arc::new(Progress::default());
        let (collection, id, listing) = (Arc::clone(self), entry.id.clone(), entry.listing.clone());
        let watched = Arc::clone(&progress);
        let spawned = std::thread::Builder::new().name("open".to_owned()).spawn(move || {
            let opened = collection.library.open(&listing, &watched, &mut |trace| {
                let trace = Arc::new(OpenTrace::new(listing.name.clone(), trace));
                collection.change(&id, &watched, State::Open { trace, used: Instant::now() });
                collection.make_room(&id);
            });
            if let Err(failure) = opened {
                let state = if failure.is_cancelled { State::Closed } else { State::Failed(failure) };
                collection.change(&id, &watched, state);
            }
        });
        spawned.map_err(|error| Refusal::internal(format!("cannot start a thread: {error}")))?;
        let now = Instant::now();
        entry.state = State::Opening { progress, start: now, asked: now };
        Ok(())
    }

    /// Begins to open every trace there is.
    pub(crate) fn open_all(self: &Arc<Self>) -> Result<(), Refusal> {
        let ids: Vec<String> = lock(&self.entries).iter().map(|entry| entry.id.clone()).collect();
        ids.iter().try_for_each(|id| self.open(id))
    }

    /// Stops an opening; a trace that is open stays so.
    pub(crate) fn cancel_opening(&self, id: &str) -> Result<(), Refusal> {
        let mut entries = lock(&self.entries);
        let entry = entries.iter_mut().find(|entry| entry.id == id).ok_or_else(|| unknown(id))?;
        if let State::Opening { progress, .. } = &entry.state {
            progress.cancel();
            entry.state = State::Closed;
        }
        Ok(())
    }

    /// Stops openings that nobody has asked about for this long.
    pub(crate) fn cancel_forgotten(&self, patience: Duration) {
        for entry in lock(&self.entries).iter_mut() {
            if let State::Opening { progress, asked, .. } = &entry.state
                && asked.elapsed() > patience
            {
                progress.cancel();
                entry.state = State::Closed;
            }
        }
    }

    /// Stops every opening.
    pub(crate) fn cancel_all(&self) {
        for entry in lock(&self.entries).iter() {
            if let State::Opening { progress, .. } = &entry.state {
                progress.cancel();
            }
        }
    }

    /// Ends the opening that `progress` watches, unless it has ended or another one has begun.
    fn change(&self, id: &str, progress: &Arc<Progress>, state: State) {
        let mut entries = lock(&self.entries);
        let opening = entries.iter_mut().find(|entry| entry.id == id);
        if let Some(entry) = opening
            && let State::Opening { progress: current, .. } = &entry.state
            && Arc::ptr_eq(current, progress)
        {
            entry.state = state;
        }
    }

    /// Closes what was not used for longest until the rest fits; never `newest`.
    fn make_room(&self, newest: &str) {
        let mut entries = lock(&self.entries);
        loop {
            let open = entries.iter().filter(|entry| matches!(entry.state, State::Open { .. }));
            let bytes: u64 = open.map(|entry| entry.listing.bytes).sum();
            let oldest = entries
                .iter_mut()
                .filter(|entry| entry.id != newest)
                .filter_map(|entry| match entry.state {
                    State::Open { used, .. } => Some((used, entry)),
                    _ => None,
                })
                .min_by_key(|(used, _)| *used);
            match oldest {
                Some((_, entry)) if bytes > self.max_open_bytes => entry.state = State::Closed,
                _ => return,
            }
        }
    }
}

fn unknown(id: &str) -> Refusal {
    Refusal::not_found(format_args!("trace `{id}`"))
}

impl Entry {
    /// What is told of it to somebody who asks.
    fn told(&mut self) -> TraceEntry {
        let (state, progress, failure) = match &mut self.state {
            State::Closed => ("closed", None, None),
            State::Opening { progress, start, asked } => {
                *asked = Instant::now();
                ("opening", Some(Reading::of(progress, *start)), None)
            }
            State::Open { .. } => ("open", None, None),
            State::Failed(failure) => ("failed", None, Some(&*failure)),
        };
        TraceEntry {
            id: self.id.clone(),
            name: self.listing.name.clone(),
            path: self.listing.paths.join(" "),
            bytes: self.listing.bytes,
            state,
            progress,
            error: failure.map(|failure| failure.message.clone()),
            hint: failure.and_then(|failure| failure.hint.clone()),
        }
    }
}

impl Reading {
    fn of(progress: &Progress, start: Instant) -> Self {
        let snapshot = progress.snapshot();
        let total_bytes = (snapshot.total_file_bytes > 0).then_some(snapshot.total_file_bytes);
        let (elapsed, done) = (start.elapsed(), snapshot.file_bytes);
        let seconds_left = total_bytes
            .filter(|_| elapsed >= MIN_TIME_FOR_ESTIMATE && done > 0 && !snapshot.is_building)
            .map(|total| elapsed.as_secs_f64() * total.saturating_sub(done) as f64 / done as f64);
        Self {
            bytes: done,
            total_bytes,
            events: snapshot.events,
            seconds_left,
            step: if snapshot.is_building { "building tables" } else { "reading" },
        }
    }
}
