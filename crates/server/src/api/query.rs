//! SQL: a script's results as they come, in frames.
//!
//! A frame is a letter, a length as 32 bits little endian, and as many bytes: `S` a result set begins (its columns, as
//! JSON), `A` some of its rows (a whole Arrow IPC stream, so that a page can show them at once), `D` it ends, `N` a
//! note, `E` an error, `Z` the script is done. The page asks for no more than it takes: the query waits for it, and is
//! stopped when it goes away. A client that stays and reads nothing is given up at the end of the time that a script may
//! take, so that it holds no worker longer than one that reads.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use futures::Stream;
use kinetoscope_sql::format::{Format, ResultWriter};
use kinetoscope_sql::{CancelHandle, ResultEvent, SqlError};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::runtime::Handle;
use tokio::sync::mpsc;

use super::{Asked, OfTrace, Server};
use crate::answer::{Explanation, Refusal};
use crate::collection::OpenTrace;
use crate::server::Shared;

/// Frames made ahead of the client.
const FRAMES_AHEAD: usize = 4;

/// What a client that reads has beyond the time of its script to take the last frames, which say what became of it.
const TIME_FOR_THE_END: Duration = Duration::from_secs(5);

/// The session of pages that name none.
const DEFAULT_SESSION: &str = "";

/// A script to run.
#[derive(Debug, Deserialize)]
pub(crate) struct QueryRequest {
    /// Statements, one after the other.
    sql: String,
    /// Scripts of one session see what the others created.
    session: Option<String>,
}

/// Runs a script of SQL. It is stopped when its client goes away, and when reading the answer takes longer than a script may.
///
/// Answer: frames, each a letter, a length as 32 bits, and as many bytes:
///
/// | letter | content |
/// | --- | --- |
/// | `S` | a result set begins: `{columns: [{name, type}]}` |
/// | `A` | some of its rows: an Arrow IPC stream |
/// | `D` | it ends: `{rows, ms}` |
/// | `N` | a note: `{message}` |
/// | `E` | an error, as above; the last frame |
/// | `Z` | the script is done: `{ms}` |
///
/// An answer that ends with neither `E` nor `Z` was cut off.
pub(crate) async fn query(
    State(shared): Server,
    OfTrace(trace): OfTrace,
    Asked(request): Asked<QueryRequest>,
) -> Result<Response, Refusal> {
    let trace = shared.collection.open_trace(&trace)?;
    let (sender, frames) = mpsc::channel(FRAMES_AHEAD);
    let cancel = CancelHandle::default();
    let cancelled = cancel.clone();
    let work = Arc::clone(&shared);
    let clock = Handle::current();
    tokio::spawn(async move {
        // The answer has begun by then, so that what goes wrong is told within it.
        let ran = work.workers.run({
            let shared = Arc::clone(&work);
            move |_| {
                let limit = shared.query_timeout;
                let frames = Frames { sender, clock, deadline: Instant::now() + limit + TIME_FOR_THE_END.min(limit) };
                run(&shared, &trace, &request, &cancelled, &frames);
                Ok(())
            }
        });
        let _ = ran.await;
    });
    let body = Body::from_stream(Answer { frames, cancel });
    Ok(([(header::CONTENT_TYPE, "application/octet-stream")], body).into_response())
}

/// Frames on their way to the client; dropped when it goes away, which stops the script.
struct Answer {
    frames: mpsc::Receiver<Bytes>,
    cancel: CancelHandle,
}

impl Stream for Answer {
    type Item = Result<Bytes, io::Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.frames.poll_recv(context).map(|frame| frame.map(Ok))
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        self.cancel.cancel();
    }
}

/// Where frames go.
struct Frames {
    sender: mpsc::Sender<Bytes>,
    /// The runtime whose clock tells the deadline: the session's has none.
    clock: Handle,
    /// When a client that takes nothing is given up.
    deadline: Instant,
}

impl Frames {
    fn send(&self, kind: u8, payload: &[u8]) -> io::Result<()> {
        let len = u32::try_from(payload.len()).map_err(|_| io::Error::other("a batch of rows is larger than 4 GiB"))?;
        let frame = [&[kind][..], &len.to_le_bytes(), payload].concat();
        // The session calls from within its own runtime, whose threads may not wait by tokio's means. Its budget for one
        // turn must not count either: it is given anew only after this returns.
        let _clock = self.clock.enter();
        let sent = tokio::time::timeout_at(self.deadline.into(), self.sender.send(frame.into()));
        match futures::executor::block_on(tokio::task::unconstrained(sent)) {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(io::ErrorKind::BrokenPipe.into()),
            Err(_) => Err(io::ErrorKind::TimedOut.into()),
        }
    }

    fn send_json(&self, kind: u8, value: &impl Serialize) -> io::Result<()> {
        self.send(kind, &serde_json::to_vec(value)?)
    }
}

/// Runs a script and sends what it tells.
fn run(shared: &Shared, trace: &OpenTrace, request: &QueryRequest, cancel: &CancelHandle, frames: &Frames) {
    let start = Instant::now();
    let millis = |since: Instant| since.elapsed().as_secs_f64() * 1e3;
    let name = request.session.as_deref().unwrap_or(DEFAULT_SESSION);
    let (mut schema, mut set_start, mut num_rows) = (None, start, 0);
    let ran = trace.session(name, &shared.session_options).and_then(|session| {
        session.run_cancellable(&request.sql, cancel, &mut |event| match event {
            ResultEvent::Note(message) => frames.send_json(b'N', &json!({ "message": message })),
            ResultEvent::Begin(of_set) => {
                let columns: Vec<_> = of_set
                    .fields()
                    .iter()
                    .map(|field| json!({ "name": field.name(), "type": kinetoscope_sql::type_name(field.data_type()) }))
                    .collect();
                (schema, num_rows) = (Some(of_set), 0);
                frames.send_json(b'S', &json!({ "columns": columns }))
            }
            ResultEvent::Batch(batch) => {
                let Some(schema) = &schema else { return Ok(()) };
                num_rows += batch.num_rows();
                let mut rows = Vec::new();
                let mut writer = ResultWriter::new(Format::Arrow, &mut rows);
                writer.write(ResultEvent::Begin(Arc::clone(schema)))?;
                writer.write(ResultEvent::Batch(batch))?;
                writer.write(ResultEvent::End)?;
                writer.finish()?;
                frames.send(b'A', &rows)
            }
            ResultEvent::End => {
                let ms = millis(set_start);
                set_start = Instant::now();
                frames.send_json(b'D', &json!({ "rows": num_rows, "ms": ms }))
            }
        })
    });
    let _ = match ran {
        Ok(()) => frames.send_json(b'Z', &json!({ "ms": millis(start) })),
        // Nobody is there to be told.
        Err(SqlError::Output(_) | SqlError::Cancelled) => Ok(()),
        Err(error) => frames.send(b'E', Explanation::from(&error).to_json().as_bytes()),
    };
}
