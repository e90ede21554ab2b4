//! What is measured of ours: one task in a process of its own, which a release build of this program is started for.
//!
//! Tasks stay as small as they can be around the call that they are about, since the process as a whole is measured.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use kinetoscope_ingest::bytes::{Input, Limits, for_each_document};
use kinetoscope_ingest::{Progress, read_path};
use kinetoscope_store::cache::{self, CacheLocation, Key};
use kinetoscope_testkit::generate::{self, GenerateOptions};
use kinetoscope_testkit::gzip;
use serde::de::IgnoredAny;
use serde_json::{Value, json};

/// The command that starts a worker.
pub(crate) const COMMAND: &str = "__bench-worker";

/// Bytes unpacked at a time: enough that the number of calls does not count.
const UNPACK_BUFFER_BYTES: usize = 1 << 20;

/// How the bench reads traces, in the words of a cache key; it only has to differ from what the command uses.
const OPTIONS_KEY: &str = "bench";

/// Something to measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Task {
    /// Unpack and look at nothing.
    Unpack,
    /// Bytes to a sealed trace.
    Read,
    /// The same, and write the cache.
    WriteCache,
    /// Open from the cache and ask for one row.
    Reopen,
    /// Unpack and parse with serde_json, into the fields of an event that a viewer needs.
    SerdeTyped,
    /// Unpack and parse with serde_json, into values that keep everything.
    SerdeValue,
}

impl Task {
    const ALL: [Self; 6] =
        [Self::Unpack, Self::Read, Self::WriteCache, Self::Reopen, Self::SerdeTyped, Self::SerdeValue];

    /// Name on the command line.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Unpack => "unpack",
            Self::Read => "read",
            Self::WriteCache => "write-cache",
            Self::Reopen => "reopen",
            Self::SerdeTyped => "serde-typed",
            Self::SerdeValue => "serde-value",
        }
    }

    /// Does it, and returns a fact that shows that it was done.
    fn run(self, path: &Path) -> Result<Value> {
        Ok(match self {
            Self::Unpack => json!({ "unpacked_bytes": unpack(path, |_| {})? }),
            Self::Read => {
                let trace = read_path(path)?;
                json!({ "slices": trace.slices.len(), "gpu_ops": trace.gpu_ops.len(), "args": trace.args.num_sets() })
            }
            Self::WriteCache => {
                let key = cache_key(path)?;
                let cache = cache::write(&key, &CacheLocation::default(), &read_path(path)?)?;
                json!({ "cache_bytes": cache.metadata()?.len() })
            }
            Self::Reopen => {
                let trace = cache::open(&cache_key(path)?, &CacheLocation::default())?.trace;
                let last = trace.slices.len().checked_sub(1).context("the trace has no slice")?;
                json!({ "slices": trace.slices.len(), "last": trace.text(trace.slices.name.get(last)) })
            }
            Self::SerdeTyped => {
                let bytes = unpacked(path)?;
                let document: Document = serde_json::from_slice(&bytes)?;
                let num_complete = document.events.iter().filter(|event| event.is_complete()).count();
                json!({ "events": document.events.len(), "complete": num_complete })
            }
            Self::SerdeValue => {
                let document: Value = serde_json::from_slice(&unpacked(path)?)?;
                json!({ "events": document["traceEvents"].as_array().map_or(0, Vec::len) })
            }
        })
    }
}

/// `TASK FILE`, or `make-trace EVENTS FILE`.
pub(crate) fn run(args: &[String]) -> Result<()> {
    let fact = match args {
        [task, num_events, path] if task == "make-trace" => {
            make_trace(num_events.parse().context("not a number of events")?, Path::new(path))?
        }
        [task, path] => match Task::ALL.into_iter().find(|known| known.name() == task) {
            Some(task) => task.run(Path::new(path))?,
            None => bail!("no task `{task}`"),
        },
        _ => bail!("a worker takes a task and a file"),
    };
    println!("{fact}");
    Ok(())
}

/// Unpacks, hands each piece to `take`, and counts.
fn unpack(path: &Path, mut take: impl FnMut(&[u8])) -> Result<u64> {
    let mut num_bytes = 0;
    let mut buffer = vec![0; UNPACK_BUFFER_BYTES];
    for_each_document(&Input::File(path.to_owned()), &Limits::default(), &Progress::default(), &mut |mut document| {
        loop {
            match document.read(&mut buffer)? {
                0 => return Ok(()),
                len => {
                    num_bytes += len as u64;
                    take(&buffer[..len]);
                }
            }
        }
    })?;
    Ok(num_bytes)
}

/// The whole document: serde_json is a good deal faster on bytes in memory than on a reader.
fn unpacked(path: &Path) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    unpack(path, |piece| bytes.extend_from_slice(piece))?;
    Ok(bytes)
}

fn cache_key(path: &Path) -> Result<Key> {
    Ok(Key::of_files(&[path.to_owned()], OPTIONS_KEY)?)
}

/// A trace with as much of its events as a timeline draws.
#[derive(Debug, serde::Deserialize)]
struct Document<'a> {
    #[serde(rename = "traceEvents", borrow)]
    events: Vec<Event<'a>>,
}

#[derive(Debug, serde::Deserialize)]
#[expect(dead_code, reason = "the fields are there for the work of filling them")]
struct Event<'a> {
    ph: &'a str,
    #[serde(borrow, default)]
    name: std::borrow::Cow<'a, str>,
    #[serde(borrow, default)]
    cat: std::borrow::Cow<'a, str>,
    #[serde(default)]
    ts: f64,
    #[serde(default)]
    dur: f64,
    #[serde(default)]
    pid: Number<'a>,
    #[serde(default)]
    tid: Number<'a>,
    args: Option<IgnoredAny>,
}

impl Event<'_> {
    fn is_complete(&self) -> bool {
        self.ph == "X"
    }
}

/// Kineto writes the ids of some rows as text.
#[derive(Debug, serde::Deserialize)]
#[serde(untagged)]
#[expect(dead_code, reason = "the values are there for the work of filling them")]
enum Number<'a> {
    Number(i64),
    Text(&'a str),
}

impl Default for Number<'_> {
    fn default() -> Self {
        Self::Number(0)
    }
}

/// Writes a trace of `num_events` to `path` and, packed, to `path` with `.gz` behind it.
fn make_trace(num_events: u64, path: &Path) -> Result<Value> {
    let plain = BufWriter::with_capacity(UNPACK_BUFFER_BYTES, File::create(path)?);
    let packed = gzip::encoder(BufWriter::new(File::create(packed_path(path))?));
    let mut both = Both { plain, packed, num_bytes: 0 };
    let truth = generate::generate(&GenerateOptions::new(num_events), &mut both)?;
    both.plain.flush()?;
    let packed = both.packed.finish()?.into_inner().map_err(|error| error.into_error())?;
    Ok(json!({ "events": truth.num_events, "json_bytes": both.num_bytes, "gzip_bytes": packed.metadata()?.len() }))
}

/// Where [`make_trace`] puts the packed trace.
pub(super) fn packed_path(path: &Path) -> PathBuf {
    let mut packed = path.as_os_str().to_owned();
    packed.push(".gz");
    packed.into()
}

/// Writes everything twice.
struct Both<P, G> {
    plain: P,
    packed: G,
    num_bytes: u64,
}

impl<P: Write, G: Write> Write for Both<P, G> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.plain.write_all(bytes)?;
        self.packed.write_all(bytes)?;
        self.num_bytes += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.plain.flush()?;
        self.packed.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_task_does_its_work_on_a_made_trace() {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let plain = folder.path().join("trace.json");
        let made = make_trace(3_000, &plain).expect("a trace can be made");
        let packed = packed_path(&plain);
        let run = |task: Task| task.run(&packed).unwrap_or_else(|error| panic!("{task:?}: {error:#}"));

        assert_eq!(run(Task::Unpack)["unpacked_bytes"], made["json_bytes"]);
        assert_eq!(run(Task::SerdeValue)["events"], made["events"]);
        assert_eq!(run(Task::SerdeTyped)["events"], made["events"]);
        let slices = run(Task::Read)["slices"].as_u64().expect("is a number");
        assert!(slices > 2_000, "{slices} slices of 3000 events");
        assert!(run(Task::WriteCache)["cache_bytes"].as_u64() > Some(100_000));
        assert_eq!(run(Task::Reopen)["slices"], slices);
        assert!(Task::Unpack.run(&folder.path().join("absent")).is_err());
    }
}
