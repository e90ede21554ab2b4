-- What of the communication and of the copies of a GPU is hidden behind computation.

INCLUDE PERFETTO MODULE gpu.kernels;

-- Times in which a GPU communicated, computed or moved memory, on whichever streams. Work of one kind that touches or overlaps is
-- one row.
CREATE PERFETTO VIEW gpu_activity(
  -- Row of `device`.
  device_id JOINID(device.id),
  -- Number of the device on its host.
  device LONG,
  -- `communication` for kernels of that class (see `gpu_kernel_class`), `computation` for all others, `memory` for copies and fills.
  activity STRING,
  -- Start.
  ts TIMESTAMP,
  -- Length.
  dur DURATION
) AS
SELECT a.device_id, d.ordinal AS device, a.activity, a.ts, a.dur
FROM __interval_merge_overlapping(
  (SELECT
     s.ts,
     s.dur,
     op.device_id,
     CASE
       WHEN op.kind <> 'kernel' THEN 'memory'
       WHEN gpu_kernel_class(s.name) = 'communication' THEN 'communication'
       ELSE 'computation'
     END AS activity
   FROM gpu_op op
   JOIN slice s ON s.id = op.slice_id
   WHERE s.dur > 0),
  (SELECT 0 AS epsilon),
  '(device_id, activity)') a
JOIN device d ON d.id = a.device_id;

-- The time of each GPU between its first and its last work: what is computation, what communication beside it and what is left.
-- computation + exposed communication + exposed memory + idle is all of it.
CREATE PERFETTO VIEW gpu_overlap(
  -- Row of `device`.
  device_id JOINID(device.id),
  -- Number of the device on its host.
  device LONG,
  -- From the first start to the last end.
  dur DURATION,
  -- Time with computation.
  computation_dur DURATION,
  -- Time with communication.
  communication_dur DURATION,
  -- Time with both.
  overlap_dur DURATION,
  -- Share of the communication that runs beside computation, in percent; null without communication.
  overlap_percent DOUBLE,
  -- Time with communication and without computation.
  exposed_communication_dur DURATION,
  -- Time with copies or fills.
  memory_dur DURATION,
  -- Time with copies or fills and without anything else.
  exposed_memory_dur DURATION,
  -- Time with nothing.
  idle_dur DURATION
) AS
WITH
  both AS (
    SELECT device_id, sum(dur) AS dur
    FROM __interval_intersect(
      (SELECT 0 AS id, ts, dur, device_id FROM gpu_activity WHERE activity = 'communication'),
      (SELECT 0 AS id, ts, dur, device_id FROM gpu_activity WHERE activity = 'computation'),
      '(device_id)')
    GROUP BY device_id
  ),
  kernels AS (
    SELECT device_id, sum(dur) AS dur
    FROM __interval_merge_overlapping(
      (SELECT ts, dur, device_id FROM gpu_activity WHERE activity <> 'memory'), (SELECT 0 AS epsilon), '(device_id)')
    GROUP BY device_id
  ),
  everything AS (
    SELECT device_id, min(ts) AS start, max(ts + dur) AS end_ts, sum(dur) AS dur
    FROM __interval_merge_overlapping((SELECT ts, dur, device_id FROM gpu_activity), (SELECT 0 AS epsilon), '(device_id)')
    GROUP BY device_id
  ),
  sums AS (
    SELECT
      device_id,
      device,
      ifnull(sum(dur) FILTER (WHERE activity = 'computation'), 0) AS computation_dur,
      ifnull(sum(dur) FILTER (WHERE activity = 'communication'), 0) AS communication_dur,
      ifnull(sum(dur) FILTER (WHERE activity = 'memory'), 0) AS memory_dur
    FROM gpu_activity
    GROUP BY device_id, device
  )
SELECT
  s.device_id,
  s.device,
  e.end_ts - e.start AS dur,
  s.computation_dur,
  s.communication_dur,
  ifnull(b.dur, 0) AS overlap_dur,
  iif(s.communication_dur > 0, 100.0 * ifnull(b.dur, 0) / s.communication_dur, NULL) AS overlap_percent,
  s.communication_dur - ifnull(b.dur, 0) AS exposed_communication_dur,
  s.memory_dur,
  e.dur - ifnull(k.dur, 0) AS exposed_memory_dur,
  e.end_ts - e.start - e.dur AS idle_dur
FROM sums s
JOIN everything e ON e.device_id = s.device_id
LEFT JOIN both b ON b.device_id = s.device_id
LEFT JOIN kernels k ON k.device_id = s.device_id;
