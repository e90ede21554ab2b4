-- What a timeline has to know of processes before it lists them.

INCLUDE PERFETTO MODULE viz.summary.threads;

-- Every process, with what there is to show of it.
CREATE PERFETTO TABLE _process_available_info_summary(
  -- Process.
  upid JOINID(process.id),
  -- Number of its threads.
  thread_count LONG,
  -- Number of slices of its threads.
  thread_slice_count LONG,
  -- Number of slices on tracks of its own.
  process_slice_count LONG,
  -- Time that its threads ran, where the source has scheduler data.
  sum_running_dur DURATION
) AS
SELECT
  p.upid,
  ifnull(t.threads, 0) AS thread_count,
  ifnull(t.slices, 0) AS thread_slice_count,
  ifnull(s.cnt, 0) AS process_slice_count,
  ifnull(t.dur, 0) AS sum_running_dur
FROM process p
LEFT JOIN (
  SELECT upid, count(*) AS threads, sum(slice_count) AS slices, sum(sum_running_dur) AS dur
  FROM _thread_available_info_summary
  GROUP BY upid
) t ON t.upid = p.upid
LEFT JOIN (
  SELECT pt.upid, sum(ts.cnt) AS cnt
  FROM process_track pt
  JOIN _slice_track_summary ts ON ts.id = pt.id
  GROUP BY pt.upid
) s ON s.upid = p.upid;
