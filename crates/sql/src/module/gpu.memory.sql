-- Copies and fills of GPUs, and how fast they are.

-- Copies and fills by kind.
CREATE PERFETTO VIEW gpu_memory_summary(
  -- Number of the device on its host.
  device LONG,
  -- `memcpy` or `memset`.
  kind STRING,
  -- Direction of a copy, as the profiler calls it; null for fills.
  copy_kind STRING,
  -- How many there are.
  count LONG,
  -- Bytes added up, of those whose bytes are known.
  sum_bytes LONG,
  -- Durations added up.
  sum_dur DURATION,
  -- Time in which at least one of them ran.
  busy_dur DURATION,
  -- Bytes over durations, in 10^9 bytes per second, of those whose bytes are known; null when no time passed.
  gigabytes_per_sec DOUBLE,
  -- Slowest.
  min_gigabytes_per_sec DOUBLE,
  -- Fastest.
  max_gigabytes_per_sec DOUBLE
) AS
WITH
  work AS (
    SELECT op.device_id, op.kind, op.copy_kind, op.bytes, s.ts, s.dur
    FROM gpu_op op
    JOIN slice s ON s.id = op.slice_id
    WHERE op.kind IN ('memcpy', 'memset')
  ),
  busy AS (
    SELECT device_id, kind, copy_kind, sum(dur) AS dur
    FROM __interval_merge_overlapping(
      (SELECT ts, dur, device_id, kind, copy_kind FROM work WHERE dur >= 0), (SELECT 0 AS epsilon), '(device_id, kind, copy_kind)')
    GROUP BY device_id, kind, copy_kind
  )
SELECT
  d.ordinal AS device,
  w.kind,
  w.copy_kind,
  w.count,
  w.sum_bytes,
  w.sum_dur,
  b.dur AS busy_dur,
  w.gigabytes_per_sec,
  w.min_gigabytes_per_sec,
  w.max_gigabytes_per_sec
FROM (
  SELECT
    device_id,
    kind,
    copy_kind,
    count(*) AS count,
    sum(bytes) AS sum_bytes,
    sum(dur) AS sum_dur,
    1.0 * sum(iif(bytes IS NULL, NULL, bytes)) / nullif(sum(iif(bytes IS NULL, NULL, dur)), 0) AS gigabytes_per_sec,
    min(1.0 * bytes / nullif(dur, 0)) AS min_gigabytes_per_sec,
    max(1.0 * bytes / nullif(dur, 0)) AS max_gigabytes_per_sec
  FROM work
  GROUP BY device_id, kind, copy_kind
) w
JOIN device d ON d.id = w.device_id
LEFT JOIN busy b ON b.device_id = w.device_id AND b.kind = w.kind AND b.copy_kind IS w.copy_kind;
