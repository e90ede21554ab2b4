//! API v1
//!
//! What the page asks of the server that `kinetoscope open` and `kinetoscope serve` start.
//! It is for the page, and for scripts that want what the page shows.
//!
//! Everything is below the address that the command prints, which has a secret in its path: the page at `/TOKEN/`, the API
//! at `/TOKEN/api/v1/`.
//! A request must name the server in its `Host` header, and a browser's must not come from another site; bodies are JSON of
//! type `application/json`.
//! Times are integer nanoseconds since the trace start, durations integer nanoseconds.
//! A slice that never ended has `dur` null.
//! Ids are row numbers, the same as `id` in SQL; names of fields are those of SQL's columns; what is not known is null.
//!
//! A failure has a status of 400 or above and the body `{"error": {"message", "hint", "place"}}`;
//! `place` is null or where in the SQL it is: `{"line", "column", "length", "text"}`, from 1, in characters.
//! What is about a trace has status 409 while that is not open.
//! A request whose client goes away is stopped.

mod area;
mod query;
mod slice;
pub(crate) mod trace;
pub(crate) mod viewport;

use std::sync::Arc;

use axum::Router;
use axum::extract::rejection::{JsonRejection, PathRejection};
use axum::extract::{FromRequest, FromRequestParts, Json, Path, Request};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::routing::{get, post};
use serde::de::DeserializeOwned;

use crate::answer::Refusal;
use crate::collection::OpenTrace;
use crate::server::Shared;
use crate::work::Waiting;

/// Where the API is, behind the token.
pub(crate) const PREFIX: &str = "/api/v1";

/// What every answer starts from.
pub(crate) type Server = axum::extract::State<Arc<Shared>>;

/// The routes of the API.
pub(crate) fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/info", get(trace::info))
        .route("/traces/{trace}", get(trace::entry))
        .route("/traces/{trace}/open", post(trace::open).delete(trace::cancel_opening))
        .route("/traces/{trace}/overview", get(trace::overview))
        .route("/traces/{trace}/tracks", get(trace::tracks))
        .route("/traces/{trace}/names", post(trace::names))
        .route("/traces/{trace}/schema", get(trace::schema))
        .route("/traces/{trace}/summary", get(trace::summary))
        .route("/traces/{trace}/warnings", get(trace::warnings))
        .route("/traces/{trace}/viewport", post(viewport::viewport))
        .route("/traces/{trace}/slices/{slice}", get(slice::details))
        .route("/traces/{trace}/slices/{slice}/same-name", get(slice::same_name))
        .route("/traces/{trace}/slices/{slice}/flows", get(slice::flows))
        .route("/traces/{trace}/slices/{slice}/neighbour", get(slice::neighbour))
        .route("/traces/{trace}/search", post(area::search))
        .route("/traces/{trace}/area", post(area::area))
        .route("/traces/{trace}/area-flows", post(area::area_flows))
        .route("/traces/{trace}/flamegraph", post(area::flamegraph))
        .route("/traces/{trace}/export", post(trace::export))
        .route("/traces/{trace}/query", post(query::query))
        .fallback(|| async { Refusal::not_found("such request in API v1") })
        .method_not_allowed_fallback(|| async {
            Refusal::new(StatusCode::METHOD_NOT_ALLOWED, "this request needs another method")
        })
        .with_state(shared)
}

/// The body of a request, in JSON. A browser asks this server before it sends JSON for another site, so a body of any
/// other type is none.
pub(crate) struct Asked<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Asked<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, state: &S) -> Result<Self, Refusal> {
        let read: Result<Json<T>, JsonRejection> = Json::from_request(request, state).await;
        let Json(value) = read?;
        Ok(Self(value))
    }
}

/// The trace that a path names.
pub(crate) struct OfTrace(pub(crate) String);

impl<S: Send + Sync> FromRequestParts<S> for OfTrace {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        let read: Result<Path<String>, PathRejection> = Path::from_request_parts(parts, state).await;
        let Path(id) = read?;
        Ok(Self(id))
    }
}

/// Works out an answer about an open trace.
async fn ask<T: Send + 'static>(
    shared: &Shared,
    trace: &str,
    work: impl FnOnce(&OpenTrace, &Waiting) -> Result<T, Refusal> + Send + 'static,
) -> Result<T, Refusal> {
    let trace = shared.collection.open_trace(trace)?;
    shared.workers.run(move |waiting| work(&trace, waiting)).await
}

/// What a client that is gone does not get.
fn nobody_waits() -> Refusal {
    Refusal::internal("nobody waits for the answer")
}
