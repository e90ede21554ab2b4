-- Fills of GPU memory, with size and speed.
--
-- id: The slice; the same as `slice.id`.
-- device: Number of the device on its host.
-- gigabytes_per_sec: Bytes over duration, in 10^9 bytes per second; null for a fill of duration 0.
-- memory_kind: Memory that is written: `Pageable`, `Pinned`, `Device` …; null when the source does not tell.
-- gpu_op_id: Row of `gpu_op`.
SELECT
  s.id,
  s.ts,
  s.dur,
  s.name,
  s.track_id,
  d.ordinal AS device,
  st.stream,
  op.context,
  op.correlation,
  op.external_id,
  op.bytes,
  CASE WHEN s.dur > 0 THEN CAST(op.bytes AS DOUBLE) / s.dur END AS gigabytes_per_sec,
  op.memset_value,
  CASE op.dst_memory_kind
    WHEN 0 THEN 'Pageable' WHEN 1 THEN 'Pinned' WHEN 2 THEN 'Device' WHEN 3 THEN 'Array' WHEN 4 THEN 'Managed'
    WHEN 5 THEN 'Device Static' WHEN 6 THEN 'Managed Static'
  END AS memory_kind,
  op.graph_id,
  op.graph_node_id,
  s.arg_set_id,
  op.device_id,
  op.stream_id,
  op.id AS gpu_op_id
FROM gpu_op op
JOIN __slice s ON s.id = op.slice_id
JOIN device d ON d.id = op.device_id
JOIN stream st ON st.id = op.stream_id
WHERE op.kind = 'memset'
