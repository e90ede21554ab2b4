-- Times in which nothing ran on any stream of a GPU, between its first and its last work. Work of no length ends a gap.
--
-- ts: Start: when the work before had ended.
-- dur: Length: until the next work begins.
-- device: Number of the device on its host.
-- previous_slice_id: Work that ended last before the gap; of several the one that began last.
-- previous_name: Name of that work.
-- next_slice_id: Work that ends the gap.
-- next_name: Name of that work.
-- next_correlation: Correlation id of the call that launched it.
-- next_gpu_op_id: Row of `gpu_op` of that work.
SELECT
  g.device_id,
  d.ordinal AS device,
  g.busy_until AS ts,
  g.ts - g.busy_until AS dur,
  g.previous_slice_id,
  p.name AS previous_name,
  g.slice_id AS next_slice_id,
  n.name AS next_name,
  g.correlation AS next_correlation,
  g.gpu_op_id AS next_gpu_op_id
FROM (
  SELECT
    o.*,
    last_value(CASE WHEN o.busy_until IS NULL OR o.end_ts >= o.busy_until THEN o.slice_id END) IGNORE NULLS
      OVER (PARTITION BY o.device_id ORDER BY o.ts, o.slice_id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
      AS previous_slice_id
  FROM (
    SELECT
      op.id AS gpu_op_id,
      op.slice_id,
      op.device_id,
      op.correlation,
      s.ts,
      s.ts + max(s.dur, 0) AS end_ts,
      max(s.ts + max(s.dur, 0))
        OVER (PARTITION BY op.device_id ORDER BY s.ts, op.slice_id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
        AS busy_until
    FROM gpu_op op
    JOIN __slice s ON s.id = op.slice_id
  ) o
) g
JOIN device d ON d.id = g.device_id
JOIN __slice p ON p.id = g.previous_slice_id
JOIN __slice n ON n.id = g.slice_id
WHERE g.ts > g.busy_until
