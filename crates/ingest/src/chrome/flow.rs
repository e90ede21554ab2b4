//! Flows: pairs the ends of arrows once every slice has its place.
//!
//! Arrow ends are noted with the slice they lie on while slices are placed, and paired afterwards in order of time. So
//! an arrow whose two ends come in the wrong order, because CPU and GPU clocks disagree, is still an arrow.

use hashbrown::HashMap;
use kinetoscope_model::table::FlowRow;
use kinetoscope_model::{SliceId, SourceId, StringId, TraceBuilder, WarningKind};

/// What an arrow's end does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FlowStep {
    Start,
    Step,
    End,
}

/// What tells flows apart: v1 flows by category, name and id, v2 flows by id alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct FlowKey {
    pub(crate) source: u32,
    pub(crate) v1: Option<(Option<StringId>, StringId)>,
    pub(crate) id: i64,
}

/// One end of an arrow.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FlowPoint {
    pub(crate) key: FlowKey,
    pub(crate) step: FlowStep,
    pub(crate) slice: Option<SliceId>,
    pub(crate) category: Option<StringId>,
    pub(crate) name: StringId,
    /// True for launch flows, whose two ends are on two clocks.
    pub(crate) is_launch: bool,
    pub(crate) offset: u64,
}

#[derive(Debug, Clone, Copy)]
struct RunningFlow {
    from: SliceId,
    has_ended: bool,
}

/// Pairs the ends, which come in order of time, and fills the flow table.
pub(crate) fn build(trace: &mut TraceBuilder, points: &[FlowPoint]) {
    let mut running: HashMap<FlowKey, RunningFlow> = HashMap::new();
    let mut early: HashMap<FlowKey, Vec<FlowPoint>> = HashMap::new();
    trace.flows.reserve(points.len() / 2);
    for point in points {
        let Some(slice) = point.slice else {
            warn(trace, WarningKind::FlowWithoutSlice, point);
            continue;
        };
        let is_v2 = point.key.v1.is_none();
        match (point.step, running.get_mut(&point.key)) {
            (FlowStep::Start, Some(flow)) if !flow.has_ended => warn(trace, WarningKind::FlowDuplicateId, point),
            (FlowStep::Start, _) => {
                running.insert(point.key, RunningFlow { from: slice, has_ended: false });
                for late in early.remove(&point.key).into_iter().flatten() {
                    warn(trace, WarningKind::FlowBackwards, &late);
                    if let Some(target) = late.slice {
                        add(trace, slice, target, &late);
                    }
                }
            }
            (FlowStep::Step, Some(flow)) => {
                let from = std::mem::replace(&mut flow.from, slice);
                add_forward(trace, from, slice, point);
            }
            (FlowStep::Step, None) => warn(trace, WarningKind::FlowStepWithoutStart, point),
            (FlowStep::End, Some(flow)) => {
                let from = flow.from;
                flow.has_ended = true;
                if is_v2 {
                    running.remove(&point.key);
                }
                add_forward(trace, from, slice, point);
            }
            (FlowStep::End, None) if point.is_launch => early.entry(point.key).or_default().push(*point),
            (FlowStep::End, None) => warn(trace, WarningKind::FlowEndWithoutStart, point),
        }
    }
    // In the order of the file, not of the hash table.
    let mut orphans: Vec<_> = early.into_values().flatten().collect();
    orphans.sort_unstable_by_key(|point| (point.key.source, point.offset));
    for point in &orphans {
        warn(trace, WarningKind::FlowEndWithoutStart, point);
    }
}

/// An arrow never points back in time: where the target starts earlier, the two change places, as in Perfetto.
fn add_forward(trace: &mut TraceBuilder, from: SliceId, to: SliceId, point: &FlowPoint) {
    let starts_earlier = trace.slices.ts.get(to.index()) < trace.slices.ts.get(from.index());
    if starts_earlier && !point.is_launch { add(trace, to, from, point) } else { add(trace, from, to, point) }
}

fn add(trace: &mut TraceBuilder, slice_out: SliceId, slice_in: SliceId, point: &FlowPoint) {
    trace.flows.push(FlowRow {
        slice_out,
        slice_in,
        trace_id: Some(point.key.id),
        category: point.category,
        name: Some(point.name),
    });
}

fn warn(trace: &mut TraceBuilder, kind: WarningKind, point: &FlowPoint) {
    trace.warnings.add(kind, SourceId(point.key.source), Some(point.offset), || {
        format!("flow {} `{}`", point.key.id, trace.strings.get(point.name))
    });
}
