//! API v1: what can be asked, and by which function it is answered.

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

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    /// The routes as they stand in this file.
    fn routes() -> Vec<&'static str> {
        let source = include_str!("mod.rs");
        source.split(".route(\"").skip(1).filter_map(|rest| rest.split_once('"')).map(|(route, _)| route).collect()
    }

    #[test]
    fn every_request_is_in_the_reference() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference/api.md");
        let reference = fs::read_to_string(path).expect("the reference is there");
        let documented: Vec<&str> = reference
            .lines()
            .filter_map(|line| line.strip_prefix("| `GET ").or_else(|| line.strip_prefix("| `POST ")))
            .filter_map(|line| line.split_once('`'))
            .map(|(route, _)| route)
            .collect();
        let mut routes = routes();
        // This test names the marker too.
        routes.retain(|route| route.starts_with('/'));
        assert!(routes.len() > 10, "{routes:?}");
        for route in &routes {
            assert!(documented.contains(route), "`{route}` is not in docs/reference/api.md");
        }
        for route in &documented {
            assert!(routes.contains(route), "`{route}` is in docs/reference/api.md only");
        }
    }
}
