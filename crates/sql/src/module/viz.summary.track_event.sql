-- What a timeline has to know of tracks that belong to no thread before it draws them.

INCLUDE PERFETTO MODULE viz.summary.slices;

-- Every track of slices or counters that belongs to no thread. Tracks that hold concurrent slices of one async group are
-- one row.
CREATE PERFETTO TABLE _track_event_tracks_summary(
  -- Process; null for tracks of the whole trace.
  upid JOINID(process.id),
  -- Name.
  name STRING,
  -- Tracks, with commas between them.
  track_ids STRING,
  -- How many these are.
  track_count LONG,
  -- Number of slices on them.
  slice_count LONG
) AS
SELECT
  t.upid,
  t.name,
  group_concat(t.id, ',' ORDER BY t.id) AS track_ids,
  count(*) AS track_count,
  ifnull(sum(s.cnt), 0) AS slice_count
FROM (SELECT id, upid, name, ifnull(track_group_id, -1 - id) AS grp FROM track WHERE utid IS NULL) t
LEFT JOIN _slice_track_summary s ON s.id = t.id
GROUP BY t.upid, t.name, t.grp;
