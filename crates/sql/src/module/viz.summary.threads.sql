-- What a timeline has to know of threads before it lists them.

INCLUDE PERFETTO MODULE viz.summary.slices;

-- Every thread, with what there is to show of it.
CREATE PERFETTO TABLE _thread_available_info_summary(
  -- Thread.
  utid JOINID(thread.id),
  -- Process.
  upid JOINID(process.id),
  -- Number of its slices.
  slice_count LONG,
  -- Time that it ran, where the source has scheduler data.
  sum_running_dur DURATION
) AS
SELECT
  t.utid,
  t.upid,
  ifnull(s.cnt, 0) AS slice_count,
  ifnull(r.dur, 0) AS sum_running_dur
FROM thread t
LEFT JOIN (
  SELECT tt.utid, sum(ts.cnt) AS cnt
  FROM thread_track tt
  JOIN _slice_track_summary ts ON ts.id = tt.id
  GROUP BY tt.utid
) s ON s.utid = t.utid
LEFT JOIN (SELECT utid, sum(dur) AS dur FROM sched_slice GROUP BY utid) r ON r.utid = t.utid;
