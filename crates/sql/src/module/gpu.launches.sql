-- From the call of the runtime to the work on the GPU: how long each launch took to arrive.

-- Every piece of GPU work with the call that caused it. A graph launch has a row for each of its pieces.
CREATE PERFETTO VIEW gpu_launch(
  -- Slice of the call.
  api_slice_id JOINID(slice.id),
  -- Slice of the work.
  gpu_slice_id JOINID(slice.id),
  -- Function that was called.
  api_name STRING,
  -- Kernel, copy or fill.
  gpu_name STRING,
  -- `kernel`, `memcpy` or `memset`.
  kind STRING,
  -- Start of the call.
  api_ts TIMESTAMP,
  -- Length of the call.
  api_dur DURATION,
  -- Start of the work.
  gpu_ts TIMESTAMP,
  -- Length of the work.
  gpu_dur DURATION,
  -- From the start of the call to the start of the work; below 0 where the clocks of CPU and GPU disagree.
  launch_delay DURATION,
  -- From the end of the call to the start of the work: how long it was queued; below 0 when it began during the call.
  queue_delay DURATION,
  -- Thread of the call.
  utid JOINID(thread.id),
  -- Number of the device on its host.
  device LONG,
  -- Stream.
  stream LONG,
  -- What links both.
  correlation LONG
) AS
SELECT
  l.api_slice_id,
  l.gpu_slice_id,
  a.name AS api_name,
  g.name AS gpu_name,
  op.kind,
  a.ts AS api_ts,
  a.dur AS api_dur,
  g.ts AS gpu_ts,
  g.dur AS gpu_dur,
  g.ts - a.ts AS launch_delay,
  g.ts - (a.ts + a.dur) AS queue_delay,
  t.utid,
  d.ordinal AS device,
  st.stream,
  op.correlation
FROM launch l
JOIN slice a ON a.id = l.api_slice_id
JOIN slice g ON g.id = l.gpu_slice_id
JOIN gpu_op op ON op.id = l.gpu_op_id
JOIN device d ON d.id = op.device_id
JOIN stream st ON st.id = op.stream_id
JOIN track t ON t.id = a.track_id;
