//! A slice: everything about it, and what is next to it.

use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::response::Response;
use kinetoscope_analysis::name_statistics::same_name_statistics;
use kinetoscope_analysis::slice_details::{self, Direction, arrows, slice_details};
use kinetoscope_model::SliceId;
use serde::{Deserialize, Serialize};

use super::{Server, ask};
use crate::answer::{Refusal, json};
use crate::collection::OpenTrace;

/// Trace and slice, as they stand in the path.
type Place = Result<Path<(String, u32)>, PathRejection>;

/// Works out an answer about a slice that is there.
async fn about(
    State(shared): Server,
    place: Place,
    work: impl FnOnce(&OpenTrace, SliceId) -> Option<Response> + Send + 'static,
) -> Result<Response, Refusal> {
    let Path((trace, slice)) = place?;
    ask(&shared, &trace, move |trace, _| {
        let slice = SliceId(slice);
        let is_there = slice.index() < trace.store.trace().slices.len();
        let answer = if is_there { work(trace, slice) } else { None };
        answer.ok_or_else(|| Refusal::not_found(format_args!("slice {}", slice.0)))
    })
    .await
}

/// Everything about a slice.
///
/// Answer: `SliceDetails`.
pub(crate) async fn details(server: Server, place: Place) -> Result<Response, Refusal> {
    about(server, place, |trace, slice| Some(json(&slice_details(&trace.store, trace.classes(), slice)?))).await
}

/// How long slices of its name take.
///
/// Answer: `NameStatistics`.
pub(crate) async fn same_name(server: Server, place: Place) -> Result<Response, Refusal> {
    about(server, place, |trace, slice| Some(json(&same_name_statistics(&trace.store, slice)?))).await
}

/// The arrows to and from a slice: launches by correlation id, and flows.
///
/// Answer: `Arrows`.
pub(crate) async fn flows(server: Server, place: Place) -> Result<Response, Refusal> {
    about(server, place, |trace, slice| Some(json(&arrows(&trace.store, slice)))).await
}

/// Which neighbour.
#[derive(Debug, Deserialize)]
pub(crate) struct NeighbourRequest {
    /// Which of the two.
    direction: Direction,
}

/// A neighbour.
#[derive(Debug, Serialize)]
struct Neighbour {
    /// Null at the end of the track.
    slice: Option<u32>,
}

/// The next or previous slice on the same track, by time.
///
/// Answer: `Neighbour`.
pub(crate) async fn neighbour(
    server: Server,
    place: Place,
    request: Result<Query<NeighbourRequest>, QueryRejection>,
) -> Result<Response, Refusal> {
    let Query(request) = request?;
    about(server, place, move |trace, slice| {
        let found = slice_details::neighbour(&trace.store, slice, request.direction);
        Some(json(&Neighbour { slice: found.map(|slice| slice.0) }))
    })
    .await
}
