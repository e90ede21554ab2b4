-- When GPUs and their streams were busy, and what the CPU did while they were not.

-- Times in which any stream of a GPU was busy. Work that touches or overlaps is one row.
CREATE PERFETTO VIEW gpu_busy(
  -- Row of `device`.
  device_id JOINID(device.id),
  -- Number of the device on its host.
  device LONG,
  -- Start.
  ts TIMESTAMP,
  -- Length.
  dur DURATION
) AS
SELECT b.device_id, d.ordinal AS device, b.ts, b.dur
FROM __interval_merge_overlapping(
  (SELECT s.ts, s.dur, op.device_id FROM gpu_op op JOIN slice s ON s.id = op.slice_id WHERE s.dur > 0),
  (SELECT 0 AS epsilon),
  '(device_id)') b
JOIN device d ON d.id = b.device_id;

-- Times in which a stream was busy.
CREATE PERFETTO VIEW gpu_stream_busy(
  -- Row of `device`.
  device_id JOINID(device.id),
  -- Number of the device on its host.
  device LONG,
  -- Row of `stream`.
  stream_id JOINID(stream.id),
  -- Stream.
  stream LONG,
  -- Start.
  ts TIMESTAMP,
  -- Length.
  dur DURATION
) AS
SELECT st.device_id, d.ordinal AS device, b.stream_id, st.stream, b.ts, b.dur
FROM __interval_merge_overlapping(
  (SELECT s.ts, s.dur, op.stream_id FROM gpu_op op JOIN slice s ON s.id = op.slice_id WHERE s.dur > 0),
  (SELECT 0 AS epsilon),
  '(stream_id)') b
JOIN stream st ON st.id = b.stream_id
JOIN device d ON d.id = st.device_id;

-- How much of the time between its first and its last work each GPU was busy.
CREATE PERFETTO VIEW gpu_utilization(
  -- Row of `device`.
  device_id JOINID(device.id),
  -- Number of the device on its host.
  device LONG,
  -- Start of the first work.
  ts TIMESTAMP,
  -- From the first start to the last end.
  dur DURATION,
  -- Time in which any stream was busy.
  busy_dur DURATION,
  -- The rest.
  idle_dur DURATION,
  -- Share of the busy time, in percent.
  busy_percent DOUBLE
) AS
SELECT
  device_id,
  device,
  min(ts) AS ts,
  max(ts + dur) - min(ts) AS dur,
  sum(dur) AS busy_dur,
  max(ts + dur) - min(ts) - sum(dur) AS idle_dur,
  100.0 * sum(dur) / (max(ts + dur) - min(ts)) AS busy_percent
FROM gpu_busy
GROUP BY device_id, device;

-- The same for each stream. Its time is that between the first and the last work of its GPU, so that streams can be compared.
CREATE PERFETTO VIEW gpu_stream_utilization(
  -- Row of `stream`.
  stream_id JOINID(stream.id),
  -- Number of the device on its host.
  device LONG,
  -- Stream.
  stream LONG,
  -- Time in which the stream was busy.
  busy_dur DURATION,
  -- The rest of the time between the first and the last work of the GPU.
  idle_dur DURATION,
  -- Share of the busy time, in percent.
  busy_percent DOUBLE
) AS
SELECT
  b.stream_id,
  b.device,
  b.stream,
  sum(b.dur) AS busy_dur,
  u.dur - sum(b.dur) AS idle_dur,
  100.0 * sum(b.dur) / u.dur AS busy_percent
FROM gpu_stream_busy b
JOIN gpu_utilization u ON u.device_id = b.device_id
GROUP BY b.stream_id, b.device, b.stream, u.dur;

-- How busy each GPU was in each period. Periods are counted from time 0; one in which a GPU did nothing has no row.
CREATE PERFETTO FUNCTION gpu_utilization_per_period(
  -- Length of a period, in nanoseconds.
  period LONG
)
RETURNS TABLE(
  -- Number of the device on its host.
  device LONG,
  -- Start of the period.
  ts TIMESTAMP,
  -- Time in which any stream was busy.
  busy_dur DURATION,
  -- Share of the period, in percent.
  busy_percent DOUBLE
) AS
SELECT d.ordinal AS device, p.period_ts AS ts, sum(p.dur) AS busy_dur, 100.0 * sum(p.dur) / $period AS busy_percent
FROM __interval_split((SELECT device_id AS id, ts, dur FROM gpu_busy), (SELECT $period AS period)) p
JOIN device d ON d.id = p.id
GROUP BY d.id, d.ordinal, p.period_ts
ORDER BY d.id, p.period_ts;

-- Times in which a GPU was idle (`gpu_gap`), with why. A gap has the cause `host` when the call that launched the next work began
-- after the gap did: the CPU was late. It is `short` when the work was there and the gap is below 30 microseconds, which is what
-- passes between two kernels, and else `other`: the GPU waited for another stream, an event or a copy, or the call is not known.
CREATE PERFETTO VIEW gpu_idle(
  -- Row of `device`.
  device_id JOINID(device.id),
  -- Number of the device on its host.
  device LONG,
  -- Start: the work before had ended.
  ts TIMESTAMP,
  -- Length: until the next work begins.
  dur DURATION,
  -- `host`, `short` or `other`.
  cause STRING,
  -- Slice of the call that launched the next work; null when it is not known.
  api_slice_id JOINID(slice.id),
  -- Track of that call.
  track_id JOINID(track.id),
  -- Thread of that call.
  utid JOINID(thread.id),
  -- Name of the work before.
  previous_name STRING,
  -- Name of the work after.
  next_name STRING,
  -- Slice of the work after.
  next_slice_id JOINID(slice.id)
) AS
SELECT
  g.device_id,
  g.device,
  g.ts,
  g.dur,
  CASE WHEN a.ts > g.ts THEN 'host' WHEN a.ts IS NOT NULL AND g.dur < 30000 THEN 'short' ELSE 'other' END AS cause,
  l.api_slice_id,
  a.track_id,
  t.utid,
  g.previous_name,
  g.next_name,
  g.next_slice_id
FROM gpu_gap g
LEFT JOIN launch l ON l.gpu_op_id = g.next_gpu_op_id
LEFT JOIN slice a ON a.id = l.api_slice_id
LEFT JOIN track t ON t.id = a.track_id;

-- Idle time of each GPU by its cause.
CREATE PERFETTO VIEW gpu_idle_summary(
  -- Number of the device on its host.
  device LONG,
  -- `host`, `short` or `other`, see `gpu_idle`.
  cause STRING,
  -- Number of gaps.
  count LONG,
  -- Lengths added up.
  sum_dur DURATION,
  -- Longest.
  max_dur DURATION,
  -- Share of the GPU's idle time, in percent.
  percent DOUBLE
) AS
SELECT
  device,
  cause,
  count(*) AS count,
  sum(dur) AS sum_dur,
  max(dur) AS max_dur,
  100.0 * sum(dur) / sum(sum(dur)) OVER (PARTITION BY device_id) AS percent
FROM gpu_idle
GROUP BY device_id, device, cause;

-- What the thread that launched the next work did during each gap of a GPU: the slices that were innermost on the track of the
-- launching call, each with its share.
CREATE PERFETTO VIEW gpu_idle_cpu_activity(
  -- Number of the device on its host.
  device LONG,
  -- Start of the gap.
  gap_ts TIMESTAMP,
  -- Length of the gap.
  gap_dur DURATION,
  -- `host`, `short` or `other`, see `gpu_idle`.
  cause STRING,
  -- Slice after the gap, by which a gap is told from others.
  next_slice_id JOINID(slice.id),
  -- Thread that launched the next work.
  utid JOINID(thread.id),
  -- Slice of that thread; null for the time without any.
  slice_id JOINID(slice.id),
  -- Name of that slice.
  name STRING,
  -- Category of that slice.
  category STRING,
  -- How long it was the innermost one during the gap.
  dur DURATION
) AS
WITH
  innermost AS (
    SELECT f.id, f.ts, f.dur, s.track_id
    FROM __intervals_flatten((
      SELECT r.id AS root_id, r.ts AS root_ts, r.dur AS root_dur, c.id, c.parent_id, c.ts, c.dur
      FROM slice c
      JOIN __tree_roots((SELECT id, parent_id FROM slice)) n ON n.id = c.id
      JOIN slice r ON r.id = n.root_id
      WHERE r.dur > 0 AND c.dur >= 0
    )) f
    JOIN slice s ON s.id = f.id
    WHERE s.track_id IN (SELECT track_id FROM gpu_idle)
  ),
  during AS (
    SELECT id_0 AS next_slice_id, id_1 AS slice_id, sum(dur) AS dur
    FROM __interval_intersect(
      (SELECT next_slice_id AS id, ts, dur, track_id FROM gpu_idle WHERE track_id IS NOT NULL),
      (SELECT id, ts, dur, track_id FROM innermost WHERE dur > 0),
      '(track_id)')
    GROUP BY id_0, id_1
  ),
  all_times AS (
    SELECT next_slice_id, slice_id, dur FROM during
    UNION ALL
    SELECT g.next_slice_id, NULL, g.dur - ifnull(d.dur, 0)
    FROM gpu_idle g
    LEFT JOIN (SELECT next_slice_id, sum(dur) AS dur FROM during GROUP BY next_slice_id) d
      ON d.next_slice_id = g.next_slice_id
    WHERE g.track_id IS NOT NULL AND g.dur > ifnull(d.dur, 0)
  )
SELECT g.device, g.ts AS gap_ts, g.dur AS gap_dur, g.cause, g.next_slice_id, g.utid, a.slice_id, s.name, s.category, a.dur
FROM all_times a
JOIN gpu_idle g ON g.next_slice_id = a.next_slice_id
LEFT JOIN slice s ON s.id = a.slice_id;
