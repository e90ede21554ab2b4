//! Flow events: finds the slice that each end of an arrow lies on.

use kinetoscope_model::id::NONE;
use kinetoscope_model::{SliceId, StringId, WarningKind};

use crate::chrome::assemble::{Assembly, OrderedEvent};
use crate::chrome::block::Ident;
use crate::chrome::category::is_launch_flow;
use crate::chrome::cursor::TextDefects;
use crate::chrome::flow::{FlowFamily, FlowPoint, FlowStep};

impl Assembly {
    pub(super) fn place_flow(&mut self, event: OrderedEvent) {
        let (block, index) = (event.block as usize, event.index as usize);
        let (name, category) = self.name_and_category(block, index);
        let marks = self.blocks[block].events.marks_of(index);
        let Some(id) = self.flow_id(block, marks.id) else {
            self.warn(WarningKind::FlowInvalidId, event, self.trace.strings.get(name).to_owned().as_str());
            return;
        };
        let row_id = self.row_of(block, self.blocks[block].events.row[index]);
        let row = &mut self.rows[row_id as usize];
        let phase = self.blocks[block].events.phase[index];
        let waits = phase == b'f' && !marks.binds_enclosing;
        let slice = match row.last_placed {
            _ if waits => None,
            // A slice that starts with the arrow is its slice, also when it had to go to a lane.
            Some((ts, slice)) if ts == event.ts => Some(slice),
            _ => row.nester.top().map(|open| open.id),
        };
        if waits {
            row.waiting_flows.push(self.flow_points.len());
        }
        let is_launch = match category {
            Some(category) => {
                let strings = &self.trace.strings;
                *self.launch_flow_categories.entry(category).or_insert_with(|| is_launch_flow(strings.get(category)))
            }
            None => false,
        };
        let source = self.blocks[block].source;
        let step = match phase {
            b's' => FlowStep::Start,
            b't' => FlowStep::Step,
            _ => FlowStep::End,
        };
        let family = FlowFamily { source, is_v2: false, category, name, is_launch };
        self.add_flow_point(event, family, step, id, slice);
    }

    pub(super) fn add_flow_point(
        &mut self,
        event: OrderedEvent,
        family: FlowFamily,
        step: FlowStep,
        id: i64,
        slice: Option<SliceId>,
    ) {
        let next = self.flow_families.len() as u32;
        let family = *self.flow_family_ids.entry(family).or_insert_with(|| {
            self.flow_families.push(family);
            next
        });
        let offset = self.blocks[event.block as usize].events.offset_of(event.index as usize);
        let slice = slice.map_or(NONE, |slice| slice.0);
        self.flow_points.push(FlowPoint { id, offset, family, slice, step });
    }

    /// A v2 flow: arrows that an event with `bind_id` starts, passes on or ends.
    #[inline]
    pub(super) fn place_bound_flow(
        &mut self,
        event: OrderedEvent,
        slice: SliceId,
        name: StringId,
        category: Option<StringId>,
    ) {
        let (block, index) = (event.block as usize, event.index as usize);
        if self.blocks[block].events.rare.is_empty() {
            return;
        }
        let rare = self.blocks[block].events.rare_of(index);
        if rare.bind_id == Ident::Absent {
            return;
        }
        let Some(id) = self.flow_id(block, rare.bind_id) else {
            self.warn(WarningKind::FlowInvalidId, event, self.trace.strings.get(name).to_owned().as_str());
            return;
        };
        let step = match (rare.flow_in, rare.flow_out) {
            (true, true) => FlowStep::Step,
            (false, true) => FlowStep::Start,
            (true, false) => FlowStep::End,
            (false, false) => {
                self.warn(WarningKind::FlowWithoutDirection, event, self.trace.strings.get(name).to_owned().as_str());
                return;
            }
        };
        let source = self.blocks[block].source;
        let family = FlowFamily { source, is_v2: true, category, name, is_launch: false };
        self.add_flow_point(event, family, step, id, Some(slice));
    }

    /// A flow's id: a number, or a text that holds a hexadecimal one.
    pub(super) fn flow_id(&self, block: usize, ident: Ident) -> Option<i64> {
        match ident {
            Ident::Absent => None,
            Ident::Int(value) => Some(value),
            Ident::Text(id) => {
                let text = self.blocks[block].events.text(id, &mut TextDefects::default());
                let digits = text.trim().trim_start_matches("0x").trim_start_matches("0X");
                // A whole number above `i64::MAX` comes as its digits, which are too many for a hexadecimal one.
                let id = u64::from_str_radix(digits, 16).or_else(|_| digits.parse());
                id.ok().map(|id| id as i64)
            }
        }
    }
}
