//! Areas and searches: questions about many slices, which end when nobody waits for them.

use axum::extract::State;
use axum::response::Response;
use kinetoscope_analysis::area_flows;
use kinetoscope_analysis::area_selection::{Area, GroupBy, area_selection};
use kinetoscope_analysis::flamegraph::{self, FlamegraphDirection};
use kinetoscope_analysis::search::{self, SearchField};
use kinetoscope_model::TrackId;
use serde::Deserialize;

use super::{Asked, OfTrace, Server, ask, nobody_waits};
use crate::answer::{Refusal, json};

/// What is looked for.
#[derive(Debug, Deserialize)]
pub(crate) struct SearchRequest {
    /// What to find; nothing finds nothing.
    text: String,
    /// Where to look.
    #[serde(rename = "in")]
    fields: Vec<SearchField>,
    /// Only slices seen from here; from the start of the trace without it.
    start: Option<i64>,
    /// Only slices seen before this; to the end of the trace without it.
    end: Option<i64>,
    /// How many slices to list; all are counted.
    limit: usize,
}

/// Slices that match a text. Case does not count, nor where in a text it stands; `*` and `?` make it a pattern.
///
/// Answer: `SearchResult`.
pub(crate) async fn search(
    State(shared): Server,
    OfTrace(trace): OfTrace,
    Asked(request): Asked<SearchRequest>,
) -> Result<Response, Refusal> {
    ask(&shared, &trace, move |trace, waiting| {
        let wanted = search::SearchRequest {
            text: &request.text,
            fields: &request.fields,
            window: request.start.unwrap_or(i64::MIN)..request.end.unwrap_or(i64::MAX),
            limit: request.limit,
        };
        let found = search::search(&trace.store, &wanted, &|| waiting.is_over());
        Ok(json(&found.ok_or_else(nobody_waits)?))
    })
    .await
}

/// What is selected.
#[derive(Debug, Deserialize)]
struct Selection {
    /// Start of the window.
    start: i64,
    /// Its end.
    end: i64,
    /// Tracks, by id.
    tracks: Vec<u32>,
}

impl Selection {
    fn area(&self) -> Area {
        Area { window: self.start..self.end, tracks: self.tracks.iter().map(|&track| TrackId(track)).collect() }
    }
}

/// What is selected, and how it is grouped.
#[derive(Debug, Deserialize)]
pub(crate) struct AreaRequest {
    #[serde(flatten)]
    selection: Selection,
    /// What the rows stand for.
    by: GroupBy,
}

/// Slices of some tracks in a window, added up by what they are. Durations are clipped to the window.
///
/// Answer: `AreaTable`.
pub(crate) async fn area(
    State(shared): Server,
    OfTrace(trace): OfTrace,
    Asked(request): Asked<AreaRequest>,
) -> Result<Response, Refusal> {
    ask(&shared, &trace, move |trace, waiting| {
        let area = request.selection.area();
        let table = area_selection(&trace.store, trace.classes(), &area, request.by, &|| waiting.is_over());
        Ok(json(&table.ok_or_else(nobody_waits)?))
    })
    .await
}

/// What is selected, and how many flows are told one by one; all are counted.
#[derive(Debug, Deserialize)]
pub(crate) struct AreaFlowsRequest {
    #[serde(flatten)]
    selection: Selection,
    /// Most flows told one by one.
    limit: usize,
}

/// Launches and flows whose both slices are on these tracks and in the window, by kind, name and tracks. Delays are from
/// start to start.
///
/// Answer: `AreaFlows`.
pub(crate) async fn area_flows(
    State(shared): Server,
    OfTrace(trace): OfTrace,
    Asked(request): Asked<AreaFlowsRequest>,
) -> Result<Response, Refusal> {
    ask(&shared, &trace, move |trace, waiting| {
        let area = request.selection.area();
        let flows = area_flows::area_flows(&trace.store, &area, request.limit, &|| waiting.is_over());
        Ok(json(&flows.ok_or_else(nobody_waits)?))
    })
    .await
}

/// What is selected, and which way its graph is read.
#[derive(Debug, Deserialize)]
pub(crate) struct FlamegraphRequest {
    #[serde(flatten)]
    selection: Selection,
    /// From callers to what they call, or the other way.
    direction: FlamegraphDirection,
}

/// Slices of some tracks in a window, put together by their stacks. Durations are clipped to the window.
///
/// Answer: `Flamegraph`.
pub(crate) async fn flamegraph(
    State(shared): Server,
    OfTrace(trace): OfTrace,
    Asked(request): Asked<FlamegraphRequest>,
) -> Result<Response, Refusal> {
    ask(&shared, &trace, move |trace, waiting| {
        let area = request.selection.area();
        let graph = flamegraph::flamegraph(&trace.store, &area, request.direction, &|| waiting.is_over());
        Ok(json(&graph.ok_or_else(nobody_waits)?))
    })
    .await
}
