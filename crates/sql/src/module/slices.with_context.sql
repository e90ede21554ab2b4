-- Slices of threads and of processes. `thread_or_process_slice`, which is both, is there without the module.

-- Slices of threads, with their track, thread and process.
CREATE PERFETTO VIEW thread_slice AS
SELECT
  slice.id, slice.ts, slice.dur, slice.category, slice.name,
  slice.track_id, thread_track.name AS track_name,
  thread.name AS thread_name, thread.utid, thread.tid, thread.is_main_thread,
  process.name AS process_name, process.upid, process.pid,
  slice.depth, slice.parent_id, slice.arg_set_id, slice.thread_ts, slice.thread_dur
FROM slice
JOIN thread_track ON slice.track_id = thread_track.id
JOIN thread ON thread.utid = thread_track.utid
LEFT JOIN process ON process.upid = thread.upid;

-- Slices of processes, with their track and process.
CREATE PERFETTO VIEW process_slice AS
SELECT
  slice.id, slice.ts, slice.dur, slice.category, slice.name,
  slice.track_id, process_track.name AS track_name,
  process.name AS process_name, process.upid, process.pid,
  slice.depth, slice.parent_id, slice.arg_set_id
FROM slice
JOIN process_track ON slice.track_id = process_track.id
JOIN process ON process.upid = process_track.upid;
