//! Stacks: call trees written as nsys has them, frame by frame for each stack.

use kinetoscope_model::CallsiteId;

use super::Export;
use super::tables::{COMPOSITE_EVENTS, SAMPLING_CALLCHAINS};
use super::writer::{Cell, Rows, Table};
use crate::ExportError;

/// Columns of a table of stacks.
const NUM_COLUMNS: usize = 10;

/// The stacks that calls refer to. A stack's id is its place among them, from 1 on, in the order of the call trees, so
/// that who reads them in the order of the ids builds the same trees.
#[derive(Debug)]
pub(super) struct Chains(Vec<CallsiteId>);

impl Chains {
    pub(super) fn of(callsites: impl Iterator<Item = Option<CallsiteId>>) -> Self {
        let mut callsites: Vec<CallsiteId> = callsites.flatten().collect();
        callsites.sort_unstable();
        callsites.dedup();
        Self(callsites)
    }

    /// The id of the stack that ends in `callsite`.
    pub(super) fn id(&self, callsite: Option<CallsiteId>) -> Option<i64> {
        self.0.binary_search(&callsite?).ok().map(|place| place as i64 + 1)
    }
}

impl Export<'_> {
    pub(super) fn write_chains(&mut self, table: &Table<NUM_COLUMNS>, chains: &Chains) -> Result<(), ExportError> {
        if chains.0.is_empty() {
            return Ok(());
        }
        let mut rows = self.writer.table(table)?;
        let mut number = 0;
        for (id, &callsite) in (1..).zip(&chains.0) {
            self.write_chain(&mut rows, &mut number, id, callsite)?;
        }
        Ok(())
    }

    /// Writes one stack, the innermost frame first.
    fn write_chain(
        &mut self,
        rows: &mut Rows<'_, NUM_COLUMNS>,
        number: &mut i64,
        id: i64,
        innermost: CallsiteId,
    ) -> Result<(), ExportError> {
        let mut callsite = Some(innermost);
        let mut depth = 0i64;
        while let Some(row) = callsite.map(|callsite| self.trace.stack_callsites.row(callsite.index())) {
            let frame = self.trace.stack_frames.row(row.frame_id.index());
            let symbol = frame.name.map(|name| self.texts.id_of(name, &self.privacy));
            let module = frame.mapping.map(|mapping| self.trace.stack_mappings.name.get(mapping.index()));
            let module = module.map(|name| self.texts.id_of(name, &self.privacy));
            *number += 1;
            rows.push(
                *number,
                [
                    id.into(),
                    symbol.into(),
                    module.into(),
                    frame.is_kernel.into(),
                    Cell::Null,
                    frame.is_unresolved.into(),
                    frame.is_special.into(),
                    frame.rel_pc.into(),
                    frame.unwind_method.into(),
                    depth.into(),
                ],
            )?;
            depth += 1;
            callsite = row.parent_id;
        }
        Ok(())
    }

    /// CPU samples. Each has a stack of its own, whose id is the sample's.
    pub(super) fn write_samples(&mut self) -> Result<(), ExportError> {
        let trace = self.trace;
        let numbered = self.numbered(trace.perf_samples.source_row.iter().zip(0..).collect());
        if numbered.is_empty() {
            return Ok(());
        }
        let mut samples = self.writer.table(&COMPOSITE_EVENTS)?;
        let mut frames = match trace.perf_samples.callsite_id.iter().any(|callsite| callsite.is_some()) {
            true => Some(self.writer.table(&SAMPLING_CALLCHAINS)?),
            false => None,
        };
        let mut number = 0;
        for (id, index) in numbered {
            self.progress.add_row()?;
            let sample = trace.perf_samples.row(index);
            samples.push(
                id,
                [
                    Cell::Null,
                    self.time(sample.ts).into(),
                    sample.cpu.into(),
                    sample.thread_state.into(),
                    self.ids.thread(sample.utid).into(),
                    sample.cpu_cycles.into(),
                ],
            )?;
            if let (Some(callsite), Some(frames)) = (sample.callsite_id, &mut frames) {
                self.write_chain(frames, &mut number, id, callsite)?;
            }
        }
        Ok(())
    }
}
