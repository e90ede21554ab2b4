//! What the host asks of the GPU: calls, streams that are held one piece of work after another, events, graphs.
//!
//! Each call is told after the work it caused, as CUPTI's buffers have them.

use super::super::catalog::{Call, Copy, Kernel, KernelKind};
use super::super::event::*;
use super::{Moment, Workload};

/// From the end of a launching call to the kernel's start on an idle stream.
const LAUNCH_LATENCY: u64 = 2_300;
/// At most between kernels that were queued behind one another.
pub(super) const STREAM_GAP: u64 = 1_050;
/// At most between kernels of a graph.
const GRAPH_GAP: u64 = 780;
/// How far a kernel may reach into its predecessor.
const MAX_EARLY_START: u64 = 480;
/// CUPTI's clock on Hopper ticks in steps of 32 ns; nothing is shorter than a few of them.
const GPU_TICK: u64 = 32;
const SHORTEST_GPU_WORK: u64 = 24 * GPU_TICK;

impl<S: Sink> Workload<'_, S> {
    pub(super) fn next_correlation(&mut self) -> u64 {
        // Calls that Kineto leaves out take ids too.
        self.correlation += 1 + self.local.below(4);
        self.correlation
    }

    fn innermost_external_id(&self) -> u64 {
        self.open_operators.last().copied().unwrap_or(0)
    }

    /// Makes a call of about its mean length and returns it, with the moment of its end.
    fn begin_call(&mut self, call: Call, extra_nanos: u64, has_flow: bool) -> (ApiCall, Moment) {
        let start = self.host.at;
        let span = self.draw(call.kind().mean_nanos + extra_nanos);
        self.host = self.host.then(span);
        let call = ApiCall {
            call,
            thread: Thread::Main,
            correlation: self.next_correlation(),
            external_id: self.innermost_external_id(),
            start,
            dur: span.at,
            has_flow,
        };
        (call, self.host)
    }

    pub(super) fn call_without_work(&mut self, call: Call) {
        let (call, _) = self.begin_call(call, 0, false);
        self.sink.api_call(&call);
    }

    /// Puts work on a stream: it starts when it is ready and the stream is free, and holds the stream to its end.
    #[inline]
    pub(super) fn occupy(
        &mut self,
        stream: Stream,
        ready: Moment,
        gap: u64,
        early_by: u64,
        span: Moment,
    ) -> (u64, u64) {
        let free = self.streams[stream as usize];
        let next = free.then(self.draw_gap(gap));
        let mut start = ready.later_of(next);
        if early_by > 0 && start.at == next.at {
            start.at = (free.at - early_by).max(ready.at).max(self.last_starts[stream as usize] + 1);
        }
        let dur = (span.at - span.at % GPU_TICK).max(SHORTEST_GPU_WORK) - (span.at & 1);
        let end = Moment { at: start.at + dur, bound: start.bound + span.bound.max(SHORTEST_GPU_WORK) };
        // An early start leaves the end where the predecessor's would allow it.
        let end = Moment { at: end.at.max(free.at + 1), bound: end.bound.max(free.bound + 1) };
        self.streams[stream as usize] = end;
        self.last_starts[stream as usize] = start.at;
        self.extend_annotations(stream, start.at, end.at);
        (start.at, end.at - start.at)
    }

    /// Like [`Self::occupy`] for work that all ranks end together.
    fn occupy_together(&mut self, stream: Stream, ready: Moment, gap: u64, span: Moment) -> (u64, u64) {
        let start = ready.later_of(self.streams[stream as usize].then(self.draw_gap(gap)));
        let end = start.bound + span.bound.max(SHORTEST_GPU_WORK);
        self.streams[stream as usize] = Moment { at: end, bound: end };
        self.last_starts[stream as usize] = start.at;
        self.extend_annotations(stream, start.at, end);
        (start.at, end - start.at)
    }

    fn extend_annotations(&mut self, stream: Stream, start: u64, end: u64) {
        for reach in &mut self.open_annotations {
            let reached = &mut reach[stream as usize];
            *reached = Some(reached.map_or((start, end), |(first, last)| (first.min(start), last.max(end))));
        }
    }

    fn early_start(&mut self, kind: &KernelKind) -> u64 {
        // Programmatic dependent launch takes effect for a part of the kernels that allow it.
        if kind.starts_early && self.local.next() & 3 == 0 { 64 + self.local.below(MAX_EARLY_START - 64) } else { 0 }
    }

    pub(super) fn launch(&mut self, kernel: Kernel, tokens: u64) {
        let kind = kernel.kind();
        let (call, called) = self.begin_call(kind.launcher.call(), 0, true);
        let span = self.draw(kind.mean_nanos(tokens));
        let early_by = self.early_start(kind);
        let (start, dur) = self.occupy(Stream::Compute, called.plus(LAUNCH_LATENCY), STREAM_GAP, early_by, span);
        let work = GpuWork::Kernel { kernel, tokens, graph: None, collective: None };
        self.report_work(work, Stream::Compute, &call, start, dur);
        self.sink.api_call(&call);
    }

    fn report_work(&mut self, work: GpuWork, stream: Stream, call: &ApiCall, start: u64, dur: u64) {
        self.sink.gpu_op(&GpuOp {
            work,
            stream,
            correlation: call.correlation,
            external_id: call.external_id,
            start,
            dur,
            call_start: Some(call.start),
        });
    }

    pub(super) fn copy(&mut self, copy: Copy, bytes: u64, stream: Stream) {
        let kind = copy.kind();
        let call = if kind.is_set { Call::MemsetAsync } else { Call::MemcpyAsync };
        let (call, called) = self.begin_call(call, 0, true);
        let span = self.draw(kind.base_nanos + bytes / kind.bytes_per_nano);
        let (start, dur) = self.occupy(stream, called.plus(LAUNCH_LATENCY), STREAM_GAP, 0, span);
        self.report_work(GpuWork::Copy { copy, bytes }, stream, &call, start, dur);
        self.sink.api_call(&call);
    }

    pub(super) fn next_sequence(&mut self) -> u64 {
        self.collective_sequence += 1;
        self.collective_sequence
    }

    /// Runs a collective on NCCL's stream, after what the compute stream holds and before what it gets later, except
    /// for what `meanwhile` gives it.
    pub(super) fn collective(
        &mut self,
        kernel: Kernel,
        tokens: u64,
        collective: Collective,
        meanwhile: impl FnOnce(&mut Self),
    ) {
        let (event, record_correlation, computed) = self.record_event(Stream::Compute);
        self.make_stream_wait(Stream::Nccl, Stream::Compute, event, record_correlation, computed);
        let kind = kernel.kind();
        let (call, called) = self.begin_call(kind.launcher.call(), 0, true);
        let span = self.draw(kind.mean_nanos(tokens));
        let (start, dur) = self.occupy_together(Stream::Nccl, called.plus(LAUNCH_LATENCY), STREAM_GAP, span);
        let work = GpuWork::Kernel { kernel, tokens, graph: None, collective: Some(collective) };
        self.report_work(work, Stream::Nccl, &call, start, dur);
        self.sink.api_call(&call);
        meanwhile(self);
        let (event, record_correlation, reduced) = self.record_event(Stream::Nccl);
        self.make_stream_wait(Stream::Compute, Stream::Nccl, event, record_correlation, reduced);
        self.call_without_work(Call::EventQuery);
    }

    /// Records an event and returns its id, the record's correlation, and when the stream reaches it.
    pub(super) fn record_event(&mut self, stream: Stream) -> (u64, u64, Moment) {
        let (call, called) = self.begin_call(Call::EventRecord, 0, false);
        self.event_id += 1;
        let reached = called.later_of(self.streams[stream as usize]).plus(300);
        self.sink.event_record(&EventRecord {
            event: self.event_id,
            stream,
            correlation: call.correlation,
            external_id: call.external_id,
            ts: reached.at,
        });
        self.sink.api_call(&call);
        (self.event_id, call.correlation, reached)
    }

    pub(super) fn make_stream_wait(
        &mut self,
        stream: Stream,
        source: Stream,
        event: u64,
        record_correlation: u64,
        reached: Moment,
    ) {
        let (call, _) = self.begin_call(Call::StreamWaitEvent, 0, true);
        self.sink.sync(&Sync {
            kind: SyncKind::StreamWait { stream, source, event, record_correlation },
            correlation: call.correlation,
            external_id: call.external_id,
            start: call.start + 300,
            dur: call.dur.saturating_sub(500).max(1),
        });
        self.sink.api_call(&call);
        self.streams[stream as usize] = self.streams[stream as usize].later_of(reached);
    }

    /// Blocks the main thread until the stream has done all its work.
    pub(super) fn synchronize_stream(&mut self, stream: Stream) {
        let start = self.host;
        let span = self.draw(Call::StreamSynchronize.kind().mean_nanos);
        self.host = start.later_of(self.streams[stream as usize]).then(span);
        let (correlation, external_id) = (self.next_correlation(), self.innermost_external_id());
        let dur = self.host.at - start.at;
        self.sink.sync(&Sync {
            kind: SyncKind::Stream(stream),
            correlation,
            external_id,
            start: start.at + 300,
            dur: dur.saturating_sub(700).max(1),
        });
        self.sink.api_call(&ApiCall {
            call: Call::StreamSynchronize,
            thread: Thread::Main,
            correlation,
            external_id,
            start: start.at,
            dur,
            has_flow: true,
        });
    }

    pub(super) fn begin_graph(&mut self, graph: u64, num_nodes_nanos: u64) -> Replay {
        let (call, called) = self.begin_call(Call::GraphLaunch, num_nodes_nanos, true);
        Replay { call, ready: called.plus(2 * LAUNCH_LATENCY), graph, num_nodes: 0 }
    }

    pub(super) fn replay_kernel(&mut self, replay: &mut Replay, kernel: Kernel, tokens: u64) {
        let kind = kernel.kind();
        let span = self.draw(kind.mean_nanos(tokens));
        let (start, dur) = if kernel == Kernel::CustomAllReduce {
            self.occupy_together(Stream::Compute, replay.ready, GRAPH_GAP, span)
        } else {
            let early_by = self.early_start(kind);
            self.occupy(Stream::Compute, replay.ready, GRAPH_GAP, early_by, span)
        };
        // CUPTI's node ids hold the graph in their upper half.
        let node = GraphNode { graph: replay.graph, node: (replay.graph << 32) + replay.num_nodes };
        replay.num_nodes += 1;
        let work = GpuWork::Kernel { kernel, tokens, graph: Some(node), collective: None };
        self.report_work(work, Stream::Compute, &replay.call, start, dur);
    }

    pub(super) fn end_graph(&mut self, replay: &Replay) {
        self.sink.api_call(&replay.call);
    }
}

/// A graph launch whose kernels are being laid out.
pub(super) struct Replay {
    call: ApiCall,
    ready: Moment,
    graph: u64,
    num_nodes: u64,
}
