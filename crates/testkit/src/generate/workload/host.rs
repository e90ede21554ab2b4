//! What the host does: time passes, operators and frames open and close, memory comes and goes.
//!
//! An operator is told to the sink when its step is over, since its duration is known last and files have it first.

use super::super::catalog::{Frame, Op};
use super::super::event::*;
use super::{Moment, Workload};

impl<S: Sink> Workload<'_, S> {
    /// A span of about `mean` nanoseconds: mostly within a quarter of it, rarely several times as long.
    #[inline]
    pub(super) fn draw(&mut self, mean: u64) -> Moment {
        let bits = self.shared.next();
        let mut bound = mean * (218 + (bits & 127)) / 256;
        if (bits >> 8) & 511 == 0 {
            bound += bound * (1 + ((bits >> 20) & 3));
        }
        let at = bound - bound * (self.local.next() & 15) / 256;
        Moment { at: at.max(1), bound: bound.max(1) }
    }

    /// A gap of at most `longest` nanoseconds between two pieces of work on a stream.
    #[inline]
    pub(super) fn draw_gap(&mut self, longest: u64) -> Moment {
        Moment { at: longest - (self.local.next() & 255), bound: longest }
    }

    /// Lets the main thread work for about `mean` nanoseconds.
    #[inline]
    pub(super) fn pass(&mut self, mean: u64) {
        let span = self.draw(mean);
        self.host = self.host.then(span);
    }

    #[inline]
    pub(super) fn op(&mut self, op: Op, tokens: u64, body: impl FnOnce(&mut Self)) {
        let kind = op.kind();
        let index = self.open_operator(Label::Op(op), tokens);
        self.pass(kind.before_nanos);
        body(self);
        self.pass(kind.after_nanos);
        self.close_operator(index);
    }

    fn open_operator(&mut self, label: Label, tokens: u64) -> usize {
        self.pass(700);
        self.external_id += 1;
        self.open_operators.push(self.external_id);
        if S::TAKES_OPERATORS {
            self.operators.push(Operator { label, external_id: self.external_id, start: self.host.at, dur: 0, tokens });
        }
        self.operators.len()
    }

    fn close_operator(&mut self, index: usize) {
        self.open_operators.pop();
        if S::TAKES_OPERATORS {
            let operator = &mut self.operators[index - 1];
            operator.dur = self.host.at - operator.start;
        }
    }

    /// A scope of vLLM's, which are recorded only on request.
    pub(super) fn scoped(&mut self, name: &'static str, body: impl FnOnce(&mut Self)) {
        if self.with_scopes {
            self.annotated(Label::Scope(name), body);
        } else {
            body(self);
        }
    }

    /// An annotation. With stacks it opens inside the frame that enters it and closes inside the one that leaves it.
    pub(super) fn annotated(&mut self, label: Label, body: impl FnOnce(&mut Self)) {
        let entering = self.open_frame(Frame::RecordEnter, 0);
        let index = self.open_operator(label, 0);
        let external_id = self.external_id;
        self.open_annotations.push([None; Stream::ALL.len()]);
        self.pass(900);
        self.close_frame(entering);
        body(self);
        let leaving = self.open_frame(Frame::RecordExit, 0);
        self.pass(1_300);
        self.close_operator(index);
        self.pass(4_000);
        self.close_frame(leaving);
        if let Some(reach) = self.open_annotations.pop() {
            for (stream, reached) in Stream::ALL.into_iter().zip(reach) {
                if let Some((start, end)) = reached {
                    // Kineto widens the GPU side so that the work nests inside after rounding.
                    let (start, dur) = (start - 1, end - start + 2);
                    self.sink.gpu_annotation(&GpuAnnotation { label, external_id, stream, start, dur });
                }
            }
        }
    }

    #[inline]
    pub(super) fn framed(&mut self, frame: Frame, body: impl FnOnce(&mut Self)) {
        self.framed_module(frame, 0, body);
    }

    #[inline]
    pub(super) fn framed_module(&mut self, frame: Frame, module: u64, body: impl FnOnce(&mut Self)) {
        let index = self.open_frame(frame, module);
        body(self);
        self.close_frame(index);
    }

    fn open_frame(&mut self, frame: Frame, module: u64) -> usize {
        if !self.with_stack {
            return 0;
        }
        self.pass(600);
        let (id, parent) = (self.frame_id, self.open_frames.last().copied().unwrap_or(0));
        self.frame_id += 1;
        self.open_frames.push(id);
        if S::TAKES_FRAMES {
            self.frames.push(PythonFrame { frame, module, id, parent, start: self.host.at, dur: 0 });
        }
        self.frames.len()
    }

    fn close_frame(&mut self, index: usize) {
        if !self.with_stack {
            return;
        }
        self.pass(400);
        self.open_frames.pop();
        if S::TAKES_FRAMES {
            let frame = &mut self.frames[index - 1];
            frame.dur = self.host.at - frame.start;
        }
    }

    pub(super) fn allocate(&mut self, bytes: u64) {
        if !self.with_memory {
            return;
        }
        // The caching allocator hands out multiples of 512 bytes.
        let bytes = bytes.next_multiple_of(512);
        let address = self.next_address;
        self.next_address = 0x7f30_0000_0000 + (address + bytes) % 0x4_0000_0000;
        self.allocations.push((address, bytes));
        self.total_allocated += bytes;
        self.report_memory(address, bytes as i64);
    }

    /// Frees the oldest allocations down to `keep`.
    pub(super) fn free_memory(&mut self, keep: usize) {
        let num_freed = self.allocations.len().saturating_sub(keep);
        for index in 0..num_freed {
            let (address, bytes) = self.allocations[index];
            self.pass(250);
            self.total_allocated -= bytes;
            self.report_memory(address, -(bytes as i64));
        }
        self.allocations.drain(..num_freed);
    }

    fn report_memory(&mut self, address: u64, bytes: i64) {
        let change = MemoryChange { ts: self.host.at, address, bytes, total_allocated: self.total_allocated };
        self.sink.memory_change(&change);
    }
}
