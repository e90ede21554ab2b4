//! Flows: pairs the ends of arrows once every slice has its place.
//!
//! Arrow ends are noted with the slice they lie on while slices are placed, and paired afterwards in order of time. So
//! an arrow whose two ends come in the wrong order, because CPU and GPU clocks disagree, is still an arrow.

use std::collections::BTreeMap;

use hashbrown::HashMap;
use kinetoscope_model::column::ColumnBuilder;
use kinetoscope_model::id::NONE;
use kinetoscope_model::table::{FlowBuilder, FlowRow};
use kinetoscope_model::warning::MAX_EXAMPLES;
use kinetoscope_model::{Interner, SliceId, SourceId, StringId, WarningKind, Warnings};

/// What an arrow's end does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FlowStep {
    Start,
    Step,
    End,
}

/// Flows of one kind: an id means something only among them.
///
/// v1 flows (phases s, t, f) are told apart by category and name too, v2 flows (`bind_id`) are not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct FlowFamily {
    pub(crate) source: u32,
    pub(crate) is_v2: bool,
    pub(crate) category: Option<StringId>,
    pub(crate) name: StringId,
    /// True for launch flows, whose two ends are on two clocks.
    pub(crate) is_launch: bool,
}

/// One end of an arrow. There are two for most launches of a trace, so it is kept small.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FlowPoint {
    pub(crate) id: i64,
    pub(crate) offset: u64,
    /// Place in the list of families.
    pub(crate) family: u32,
    /// The slice it lies on, or [`NONE`].
    pub(crate) slice: u32,
    pub(crate) step: FlowStep,
}

/// The arrows, and what was wrong with their ends.
#[derive(Debug, Default)]
pub(crate) struct Flows {
    pub(crate) flows: FlowBuilder,
    oddities: BTreeMap<WarningKind, (u64, Vec<FlowPoint>)>,
}

#[derive(Debug, Clone, Copy)]
struct RunningFlow {
    from: SliceId,
    has_ended: bool,
}

/// Pairs the ends, which come in order of time. `starts` are the starts of the slices.
pub(crate) fn pair(families: &[FlowFamily], points: &[FlowPoint], starts: &ColumnBuilder<i64>) -> Flows {
    let mut result = Flows::default();
    let mut running: HashMap<(u32, i64), RunningFlow> = HashMap::new();
    let mut early: HashMap<(u32, i64), Vec<FlowPoint>> = HashMap::new();
    let key_families = key_families(families);
    for point in points {
        if point.slice == NONE {
            result.note(WarningKind::FlowWithoutSlice, point);
            continue;
        }
        let slice = SliceId(point.slice);
        let family = &families[point.family as usize];
        let key = (key_families[point.family as usize], point.id);
        let forward = |from: SliceId| {
            // An arrow never points back in time: where the target starts earlier, the two change places, as in
            // Perfetto. Launches are left alone, for their two ends are on two clocks.
            let starts_earlier = starts.get(slice.index()) < starts.get(from.index());
            if starts_earlier && !family.is_launch { (slice, from) } else { (from, slice) }
        };
        match (point.step, running.get_mut(&key)) {
            (FlowStep::Start, Some(flow)) if !flow.has_ended => result.note(WarningKind::FlowDuplicateId, point),
            (FlowStep::Start, _) => {
                running.insert(key, RunningFlow { from: slice, has_ended: false });
                for late in early.remove(&key).into_iter().flatten() {
                    result.note(WarningKind::FlowBackwards, &late);
                    result.add((slice, SliceId(late.slice)), &late, family);
                }
            }
            (FlowStep::Step, Some(flow)) => {
                let from = std::mem::replace(&mut flow.from, slice);
                result.add(forward(from), point, family);
            }
            (FlowStep::Step, None) => result.note(WarningKind::FlowStepWithoutStart, point),
            (FlowStep::End, Some(flow)) => {
                let from = flow.from;
                flow.has_ended = true;
                result.add(forward(from), point, family);
            }
            (FlowStep::End, None) if family.is_launch => early.entry(key).or_default().push(*point),
            (FlowStep::End, None) => result.note(WarningKind::FlowEndWithoutStart, point),
        }
    }
    // In the order of the file, not of the hash table.
    let mut orphans: Vec<_> = early.into_values().flatten().collect();
    orphans.sort_unstable_by_key(|point| (families[point.family as usize].source, point.offset));
    for point in &orphans {
        result.note(WarningKind::FlowEndWithoutStart, point);
    }
    result
}

/// For each family the one whose ids it shares: itself, but for v2 flows one per source.
fn key_families(families: &[FlowFamily]) -> Vec<u32> {
    let mut v2_of_source: HashMap<u32, u32> = HashMap::new();
    (0u32..)
        .zip(families)
        .map(|(index, family)| if family.is_v2 { *v2_of_source.entry(family.source).or_insert(index) } else { index })
        .collect()
}

impl Flows {
    fn add(&mut self, (slice_out, slice_in): (SliceId, SliceId), point: &FlowPoint, family: &FlowFamily) {
        self.flows.push(FlowRow {
            slice_out,
            slice_in,
            trace_id: Some(point.id),
            category: family.category,
            name: Some(family.name),
        });
    }

    fn note(&mut self, kind: WarningKind, point: &FlowPoint) {
        let (count, examples) = self.oddities.entry(kind).or_default();
        *count += 1;
        if examples.len() < MAX_EXAMPLES {
            examples.push(*point);
        }
    }

    /// What was wrong, as warnings.
    pub(crate) fn warnings(&self, families: &[FlowFamily], strings: &Interner) -> Warnings {
        let mut warnings = Warnings::default();
        for (&kind, (count, examples)) in &self.oddities {
            for point in examples {
                let family = &families[point.family as usize];
                warnings.add(kind, SourceId(family.source), Some(point.offset), || {
                    format!("flow {} `{}`", point.id, strings.get(family.name))
                });
            }
            warnings.count(kind, count - examples.len() as u64);
        }
        warnings
    }
}
