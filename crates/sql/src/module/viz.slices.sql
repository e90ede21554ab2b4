-- Slices as a page shows them.

-- Slices with the names of their track, thread and process.
CREATE PERFETTO VIEW _viz_slices_for_ui_table(
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
  s.id, s.ts, s.dur, s.category, s.name, s.track_id, t.name AS track_name,
  th.name AS thread_name, th.utid, th.tid, p.name AS process_name, p.upid, p.pid,
  s.depth, s.parent_id, s.arg_set_id
FROM slice s
LEFT JOIN track t ON t.id = s.track_id
LEFT JOIN thread_track tt ON tt.id = s.track_id
LEFT JOIN process_track pt ON pt.id = s.track_id
LEFT JOIN thread th ON th.utid = tt.utid
LEFT JOIN process p ON p.upid = ifnull(th.upid, pt.upid);

-- Some slices with everything above them, each with what it is worth by itself: for a flame graph of slices.
-- Columns: `id`, `parent_id`, `name`, `self_dur` (its length without its children that are in the result), `self_count` (1 for a
-- slice of `inits`, else 0), `simple_count` (1).
CREATE PERFETTO MACRO _viz_slice_ancestor_agg(
  -- Slices to begin with: `id` and `dur`, which may be shorter than the slice.
  inits TableOrSubquery,
  -- All slices that may be above those: `id`, `parent_id`, `name` and `dur`.
  nodes TableOrSubquery
)
RETURNS TableOrSubquery AS
(
  SELECT
    __n.id,
    __n.parent_id,
    __n.name,
    max(0, coalesce(__i.dur, __n.dur) - coalesce(__c.dur, 0)) AS self_dur,
    iif(__i.id IS NULL, 0, 1) AS self_count,
    1 AS simple_count
  FROM __graph_reachable(
    (SELECT id AS source_node_id, parent_id AS dest_node_id FROM $nodes),
    (SELECT id AS node_id FROM $inits),
    'dfs') __r
  JOIN (SELECT id, parent_id, name, dur FROM $nodes) __n ON __n.id = __r.node_id
  LEFT JOIN (SELECT id, dur FROM $inits) __i ON __i.id = __n.id
  LEFT JOIN (
    SELECT __d.parent_id, sum(coalesce(__j.dur, __d.dur)) AS dur
    FROM __graph_reachable(
      (SELECT id AS source_node_id, parent_id AS dest_node_id FROM $nodes),
      (SELECT id AS node_id FROM $inits),
      'dfs') __q
    JOIN (SELECT id, parent_id, dur FROM $nodes) __d ON __d.id = __q.node_id
    LEFT JOIN (SELECT id, dur FROM $inits) __j ON __j.id = __d.id
    GROUP BY __d.parent_id
  ) __c ON __c.parent_id = __n.id
);
