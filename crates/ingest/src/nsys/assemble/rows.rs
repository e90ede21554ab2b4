//! Processes, threads and streams of captures, and the tracks of their slices, made when first needed.

use kinetoscope_model::nest::{OpenSlice, RowNester};
use kinetoscope_model::table::{ProcessRow, Role, StreamRow, ThreadRow, TrackKind, TrackRow};
use kinetoscope_model::{
    ArgValue, DeviceId, ProcessId, SliceId, SourceId, StreamId, StringId, ThreadId, TrackId, WarningKind,
};

use super::gpu::DeviceKey;
use super::{Assembly, Event, Label};
use crate::lane_tracks::LaneTracks;
use crate::nsys::capture::{GlobalId, GpuPlace};

/// What a row of the timeline is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum RowKey {
    Thread {
        source: u32,
        thread: GlobalId,
    },
    Stream(StreamKey),
    /// Synchronisations of a stream. They are on a row beside it: a wait lasts as long as the work it waits for, which
    /// would otherwise seem to be called by it.
    Sync(StreamKey),
}

/// A stream: the same number may be used by every context of every process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct StreamKey {
    pub(super) device: DeviceKey,
    pub(super) process: Option<GlobalId>,
    pub(super) context: i64,
    pub(super) stream: i64,
}

/// A thread, or a stream's row.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) utid: ThreadId,
    pub(super) upid: ProcessId,
    pub(super) stream: Option<(DeviceId, Option<StreamId>)>,
    nester: RowNester,
    tracks: LaneTracks,
}

/// The number that CUPTI writes for no stream.
pub(super) const NO_STREAM: i64 = 0xffff_ffff;

impl Assembly {
    /// The row of a thread.
    pub(super) fn thread_row(&mut self, source: u32, thread: Option<GlobalId>) -> usize {
        let thread = thread.unwrap_or_default();
        let key = RowKey::Thread { source, thread };
        if let Some(&row) = self.row_ids.get(&key) {
            return row;
        }
        let upid = self.process(source, thread.process());
        let known = self.thread_names.get(&(source, thread)).cloned().unwrap_or_default();
        let given = self.nvtx_thread_names.get(&(source, thread)).copied();
        let name = known.name.map(|name| self.trace.strings.intern(&name)).or(given);
        let utid = self.push_thread(ThreadRow {
            tid: thread.tid(),
            name,
            upid,
            is_main_thread: thread.tid() == thread.pid(),
            priority: known.priority.map(i64::from),
            ..new_thread(upid)
        });
        self.add_row(key, utid, upid, None)
    }

    /// The thread of a global id.
    pub(super) fn thread(&mut self, source: u32, thread: Option<GlobalId>) -> Option<ThreadId> {
        let thread = thread.filter(|thread| thread.tid() != 0)?;
        let row = self.thread_row(source, Some(thread));
        Some(self.rows[row].utid)
    }

    /// The row of the stream that GPU work ran on.
    pub(super) fn stream_row(&mut self, source: u32, place: &GpuPlace) -> usize {
        let stream_key = self.stream_key(source, place);
        let key = RowKey::Stream(stream_key);
        if let Some(&row) = self.row_ids.get(&key) {
            return row;
        }
        let name = self.stream_name(&stream_key);
        let (row, device_id) = self.new_stream_row(key, &stream_key, &name);
        let track_id = self.row_track(row, 0);
        let stream_id = StreamId::from_index(self.trace.streams.push(StreamRow {
            device_id,
            context: Some(place.context),
            stream: place.stream,
            utid: self.rows[row].utid,
            track_id,
        }));
        self.rows[row].stream = Some((device_id, Some(stream_id)));
        row
    }

    /// The row for synchronisations of a stream.
    pub(super) fn sync_row(&mut self, source: u32, place: &GpuPlace) -> usize {
        let stream_key = self.stream_key(source, place);
        let key = RowKey::Sync(stream_key);
        if let Some(&row) = self.row_ids.get(&key) {
            return row;
        }
        let name = match place.stream {
            NO_STREAM => format!("synchronization of context {}", place.context),
            _ => format!("synchronization of {}", self.stream_name(&stream_key)),
        };
        let (row, _) = self.new_stream_row(key, &stream_key, &name);
        row
    }

    fn new_stream_row(&mut self, key: RowKey, stream: &StreamKey, name: &str) -> (usize, DeviceId) {
        let device_id = self.device(stream.device);
        let upid = self.device_process(device_id, stream.device);
        let name = self.trace.strings.intern(name);
        self.args.begin_set();
        if let Some(process) = stream.process {
            self.args.push("pid", ArgValue::Int(process.pid()));
        }
        self.args.push("context", ArgValue::Int(stream.context));
        let pid = stream.process.map_or(0, GlobalId::pid);
        if let Some(&name) = self.nvtx_context_names.get(&(stream.device.source, pid, stream.context)) {
            self.args.push("context_name", ArgValue::Text(self.trace.strings.get(name)));
        }
        let args = self.end_arg_set();
        let role = if matches!(key, RowKey::Sync(_)) { Role::Unknown } else { Role::GpuStream };
        let utid = self.push_thread(ThreadRow {
            tid: stream.stream,
            name: Some(name),
            role,
            arg_set_id: Some(args),
            ..new_thread(upid)
        });
        let row = self.add_row(key, utid, upid, Some((device_id, None)));
        (row, device_id)
    }

    pub(super) fn stream_key(&self, source: u32, place: &GpuPlace) -> StreamKey {
        StreamKey {
            device: self.device_key(source, place.process, place.device),
            process: place.process,
            context: place.context,
            stream: place.stream,
        }
    }

    /// `stream 7`, with the program's name for it, and with its owner where the number alone does not tell.
    fn stream_name(&self, key: &StreamKey) -> String {
        let mut name = format!("stream {}", key.stream);
        let pid = key.process.map_or(0, GlobalId::pid);
        if let Some(&given) = self.nvtx_stream_names.get(&(key.device.source, pid, key.context, key.stream)) {
            name.push_str(&format!(" {}", self.trace.strings.get(given)));
        }
        if self.shared_devices.get(&key.device).copied().unwrap_or_default() {
            name.push_str(&format!(" (process {pid}, context {})", key.context));
        }
        name
    }

    fn push_thread(&mut self, row: ThreadRow) -> ThreadId {
        ThreadId::from_index(self.trace.threads.push(row))
    }

    fn add_row(
        &mut self,
        key: RowKey,
        utid: ThreadId,
        upid: ProcessId,
        stream: Option<(DeviceId, Option<StreamId>)>,
    ) -> usize {
        let row = self.rows.len();
        self.rows.push(Row { utid, upid, stream, nester: RowNester::default(), tracks: LaneTracks::default() });
        self.row_ids.insert(key, row);
        row
    }

    /// The process of a global id, whose thread does not count.
    pub(super) fn process(&mut self, source: u32, process: GlobalId) -> ProcessId {
        let process = process.process();
        if let Some(&upid) = self.process_ids.get(&(source, process)) {
            return upid;
        }
        let name = self.process_names.get(&(source, process)).map(|name| self.trace.strings.intern(name));
        let upid = self.push_process(source, process.pid(), name, None, None);
        if let Some(&rank) = self.mpi_ranks.get(&(source, process)) {
            self.args.begin_set();
            self.args.push("mpi_rank", ArgValue::Int(rank));
            let args = self.end_arg_set();
            self.trace.processes.arg_set_id.set(upid.index(), Some(args));
        }
        self.process_ids.insert((source, process), upid);
        upid
    }

    /// The process of a global id that may stand for none.
    pub(super) fn process_if_any(&mut self, source: u32, process: Option<GlobalId>) -> Option<ProcessId> {
        // Diagnostics of no process have a negative or odd number.
        let process = process.filter(|process| process.0 > 0 && process.tid() == 0 && process.pid() != 0)?;
        Some(self.process(source, process))
    }

    /// The process row that stands for a GPU.
    pub(super) fn device_process(&mut self, device_id: DeviceId, key: DeviceKey) -> ProcessId {
        if let Some(&upid) = self.device_processes.get(&device_id) {
            return upid;
        }
        let labels = self.trace.strings.intern(&format!("GPU {}", key.ordinal));
        let upid = self.push_process(key.source, key.ordinal, None, Some(labels), Some(device_id));
        self.trace.devices.upid.set(device_id.index(), Some(upid));
        self.device_processes.insert(device_id, upid);
        upid
    }

    pub(super) fn push_process(
        &mut self,
        source: u32,
        pid: i64,
        name: Option<StringId>,
        labels: Option<StringId>,
        device_id: Option<DeviceId>,
    ) -> ProcessId {
        ProcessId::from_index(self.trace.processes.push(ProcessRow {
            pid,
            name,
            start_ts: None,
            end_ts: None,
            sort_index: None,
            labels,
            role: Role::Unknown,
            device_id,
            source_id: SourceId(source),
            arg_set_id: None,
        }))
    }

    /// The track of a row's lane; lane 0 is the row itself.
    fn row_track(&mut self, row: usize, lane: usize) -> TrackId {
        let row = &mut self.rows[row];
        row.tracks.track(&mut self.trace.tracks, row.utid, row.upid, lane)
    }

    /// Puts a slice on a row, or on a lane of it.
    pub(super) fn place_on_row(&mut self, row: usize, event: &Event, label: Label) -> SliceId {
        let id = SliceId::from_index(self.trace.slices.len());
        let open = OpenSlice { id, ts: event.ts, end: event.end, name: label.name, category: Some(label.category) };
        // Times are exact to the nanosecond: what crosses has really crossed.
        let placement = self.rows[row].nester.place(open, 0);
        let track_id = self.row_track(row, placement.lane);
        if let Some(crossed) = placement.crossed {
            let (slices, strings) = (&self.trace.slices, &self.trace.strings);
            let detail = || {
                format!(
                    "`{}` at {} ns, {} ns long, crosses `{}` at {} ns, {} ns long",
                    strings.get(label.name),
                    event.ts,
                    event.dur(),
                    strings.get(slices.name.get(crossed.index())),
                    slices.ts.get(crossed.index()),
                    slices.dur.get(crossed.index()),
                )
            };
            let offset = Some(label.source_row.max(0) as u64);
            self.trace.warnings.add(WarningKind::OverlappingSlice, SourceId(event.source), offset, detail);
        }
        let mut slice = label.slice_row(event, track_id);
        slice.depth = placement.depth;
        slice.parent_id = placement.parent;
        self.trace.slices.push(slice);
        id
    }

    /// Puts a slice on a track of its own kind, where nothing nests.
    pub(super) fn place_on_track(&mut self, track_id: TrackId, event: &Event, label: Label) -> SliceId {
        SliceId::from_index(self.trace.slices.push(label.slice_row(event, track_id)))
    }

    /// The track for moments of a process.
    pub(super) fn instant_track(&mut self, upid: ProcessId) -> TrackId {
        if let Some(&track) = self.instant_tracks.get(&upid) {
            return track;
        }
        let track = self.push_side_track(TrackKind::ProcessInstant, None, upid, None, None);
        self.instant_tracks.insert(upid, track);
        track
    }

    pub(super) fn push_side_track(
        &mut self,
        kind: TrackKind,
        name: Option<StringId>,
        upid: ProcessId,
        track_group_id: Option<u32>,
        unit: Option<StringId>,
    ) -> TrackId {
        TrackId::from_index(self.trace.tracks.push(TrackRow {
            name,
            r#type: kind,
            utid: None,
            upid: Some(upid),
            parent_id: None,
            track_group_id,
            unit,
            arg_set_id: None,
        }))
    }
}

fn new_thread(upid: ProcessId) -> ThreadRow {
    ThreadRow {
        tid: 0,
        name: None,
        start_ts: None,
        end_ts: None,
        upid,
        is_main_thread: false,
        sort_index: None,
        role: Role::Unknown,
        arg_set_id: None,
        priority: None,
    }
}
