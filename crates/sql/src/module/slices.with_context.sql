-- Slices of threads and of processes. `thread_or_process_slice`, which is both, is there without the module.

-- Slices of threads, with their track, thread and process.
CREATE PERFETTO VIEW thread_slice(
  -- Slice.
  id JOINID(slice.id),
  -- Start.
  ts TIMESTAMP,
  -- Length.
  dur DURATION,
  -- Category.
  category STRING,
  -- Name.
  name STRING,
  -- Track.
  track_id JOINID(track.id),
  -- Name of the track.
  track_name STRING,
  -- Name of the thread.
  thread_name STRING,
  -- Thread.
  utid JOINID(thread.id),
  -- Thread id in the file.
  tid LONG,
  -- 1 for the process's first thread.
  is_main_thread BOOL,
  -- Name of the process.
  process_name STRING,
  -- Process.
  upid JOINID(process.id),
  -- Process id in the file.
  pid LONG,
  -- Slices of the track around this one.
  depth LONG,
  -- Innermost slice around this one.
  parent_id JOINID(slice.id),
  -- Arguments.
  arg_set_id ARGSETID,
  -- Thread clock at the start.
  thread_ts LONG,
  -- Thread clock between start and end.
  thread_dur LONG
) AS
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
CREATE PERFETTO VIEW process_slice(
  -- Slice.
  id JOINID(slice.id),
  -- Start.
  ts TIMESTAMP,
  -- Length.
  dur DURATION,
  -- Category.
  category STRING,
  -- Name.
  name STRING,
  -- Track.
  track_id JOINID(track.id),
  -- Name of the track.
  track_name STRING,
  -- Name of the process.
  process_name STRING,
  -- Process.
  upid JOINID(process.id),
  -- Process id in the file.
  pid LONG,
  -- Slices of the track around this one.
  depth LONG,
  -- Innermost slice around this one.
  parent_id JOINID(slice.id),
  -- Arguments.
  arg_set_id ARGSETID
) AS
SELECT
  slice.id, slice.ts, slice.dur, slice.category, slice.name,
  slice.track_id, process_track.name AS track_name,
  process.name AS process_name, process.upid, process.pid,
  slice.depth, slice.parent_id, slice.arg_set_id
FROM slice
JOIN process_track ON slice.track_id = process_track.id
JOIN process ON process.upid = process_track.upid;
