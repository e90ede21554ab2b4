-- Slices as the times in which they are the innermost.

-- The slices of threads cut into the pieces in which each is the innermost one.
CREATE PERFETTO VIEW _slice_flattened(
  -- Slice.
  slice_id JOINID(slice.id),
  -- Start of the piece.
  ts TIMESTAMP,
  -- Length of the piece.
  dur DURATION,
  -- Outermost slice around it.
  root_id JOINID(slice.id),
  -- Slices around it.
  depth LONG,
  -- Name.
  name STRING,
  -- Track.
  track_id JOINID(track.id),
  -- Thread.
  utid JOINID(thread.id),
  -- Thread id in the file.
  tid LONG,
  -- Name of the thread.
  thread_name STRING,
  -- Process.
  upid JOINID(process.id),
  -- Process id in the file.
  pid LONG,
  -- Name of the process.
  process_name STRING
) AS
SELECT
  f.id AS slice_id, f.ts, f.dur, f.root_id, slice.depth, slice.name, slice.track_id, thread.utid, thread.tid,
  thread.name AS thread_name, process.upid, process.pid, process.name AS process_name
FROM __intervals_flatten((
  SELECT root.id AS root_id, root.ts AS root_ts, root.dur AS root_dur, child.id, child.parent_id, child.ts, child.dur
  FROM slice child
  JOIN __tree_roots((SELECT id, parent_id FROM slice)) r ON r.id = child.id
  JOIN slice root ON root.id = r.root_id
)) f
JOIN slice ON slice.id = f.id
JOIN thread_track ON thread_track.id = slice.track_id
JOIN thread ON thread.utid = thread_track.utid
LEFT JOIN process ON process.upid = thread.upid;
