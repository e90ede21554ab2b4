//! The order of events: by time, and at one instant as Perfetto has them.

use hashbrown::{HashMap, HashSet};
use kinetoscope_model::{StringId, WarningKind};
use rayon::prelude::*;

use crate::chrome::assemble::{Assembly, OrderedEvent, PlacedBlock};
use crate::chrome::block::NO_TS;

impl Assembly {
    /// All events that have a time, in the order in which they are placed.
    pub(super) fn order_events(&mut self) -> Vec<OrderedEvent> {
        let shifts = &self.shifts;
        let mut out_of_range = 0;
        let total = self.blocks.iter().map(|block| block.events.len()).sum();
        let mut order = Vec::with_capacity(total);
        for (number, block) in self.blocks.iter().enumerate() {
            let shift = shifts[block.source as usize];
            let events = &block.events;
            for (index, (&ts, &phase)) in events.ts.iter().zip(&events.phase).enumerate() {
                if phase == b'M' || ts == NO_TS {
                    continue;
                }
                match ts.checked_add(shift) {
                    Some(ts) => order.push(OrderedEvent { ts, block: number as u32, index: index as u32 }),
                    None => out_of_range += 1,
                }
            }
        }
        self.trace.warnings.count(WarningKind::TimeOutOfRange, out_of_range);
        let is_slice = |phase: &&u8| matches!(**phase, b'X' | b'B' | b'i' | b'I' | b'R' | b'b' | b'n');
        let num_slices = self.blocks.iter().map(|block| block.events.phase.iter().filter(is_slice).count()).sum();
        self.trace.slices.reserve(num_slices);
        let is_flow = |phase: &&u8| matches!(**phase, b's' | b't' | b'f');
        let num_flows = self.blocks.iter().map(|block| block.events.phase.iter().filter(is_flow).count()).sum();
        self.flow_points.reserve_exact(num_flows);
        for block in &mut self.blocks {
            // The order has them from here on.
            block.events.ts = Vec::new();
        }
        // In place: a stable sort would need as much memory again.
        order.par_sort_unstable_by_key(|event| (event.ts, event.block, event.index));
        self.order_ties(&mut order);
        order
    }

    /// Events of one instant: ends first, then complete events, the longer before the shorter, then the others as the
    /// file has them.
    pub(super) fn order_ties(&mut self, order: &mut [OrderedEvent]) {
        let mut start = 0;
        while start < order.len() {
            let ts = order[start].ts;
            let len = order[start..].iter().take_while(|event| event.ts == ts).count();
            if len > 1 {
                let instant = &mut order[start..start + len];
                let late_ends = self.ends_of_new_slices(instant);
                instant.sort_by_key(|event| {
                    let events = &self.blocks[event.block as usize].events;
                    match events.phase[event.index as usize] {
                        b'E' if !late_ends.contains(&(event.block, event.index)) => (0, 0),
                        b'X' => (1, -events.dur[event.index as usize].max(0)),
                        _ => (2, 0),
                    }
                });
            }
            start += len;
        }
    }

    /// The ends of slices without length: their begin is of the same instant and before them in the file. Were they to
    /// come first, they would end nothing, and the slice would never end.
    fn ends_of_new_slices(&mut self, instant: &[OrderedEvent]) -> HashSet<(u32, u32)> {
        let mut ends = HashSet::new();
        let phase_of = |blocks: &[PlacedBlock], event: &OrderedEvent| {
            blocks[event.block as usize].events.phase[event.index as usize]
        };
        let has = |phase| instant.iter().any(|event| phase_of(&self.blocks, event) == phase);
        if !(has(b'B') && has(b'E')) {
            return ends;
        }
        let mut num_begun: HashMap<(u32, Option<StringId>), u32> = HashMap::new();
        for event in instant {
            let phase = phase_of(&self.blocks, event);
            if !matches!(phase, b'B' | b'E') {
                continue;
            }
            let (block, index) = (event.block as usize, event.index as usize);
            let row = self.row_of(block, self.blocks[block].events.row[index]);
            let name = self.string_of(block, self.blocks[block].events.name[index]);
            let num_begun = num_begun.entry((row, name)).or_default();
            if phase == b'B' {
                *num_begun += 1;
            } else if *num_begun > 0 {
                *num_begun -= 1;
                ends.insert((event.block, event.index));
            }
        }
        ends
    }
}
