-- Operators of PyTorch with the time that they take on the CPU and on the GPU.

-- Every operator with the GPU work that was launched directly in it, not in an operator inside it.
CREATE PERFETTO VIEW torch_op_time(
  -- Slice of the operator.
  id JOINID(slice.id),
  -- Name.
  name STRING,
  -- Start.
  ts TIMESTAMP,
  -- Length.
  dur DURATION,
  -- Length without what the operator contains directly.
  self_dur DURATION,
  -- Pieces of GPU work launched in it.
  num_gpu_ops LONG,
  -- Durations of that work added up.
  gpu_dur DURATION,
  -- Thread.
  utid JOINID(thread.id)
) AS
WITH
  inner_dur AS (
    SELECT parent_id, sum(dur) AS dur FROM slice WHERE parent_id IS NOT NULL GROUP BY parent_id
  ),
  work AS (
    -- A call is a slice right inside of the operator that made it.
    SELECT a.parent_id AS op_id, count(*) AS num_gpu_ops, sum(g.dur) AS gpu_dur
    FROM launch l
    JOIN slice a ON a.id = l.api_slice_id
    JOIN slice g ON g.id = l.gpu_slice_id
    GROUP BY a.parent_id
  )
SELECT
  o.id,
  o.name,
  o.ts,
  o.dur,
  o.dur - ifnull(i.dur, 0) AS self_dur,
  ifnull(w.num_gpu_ops, 0) AS num_gpu_ops,
  ifnull(w.gpu_dur, 0) AS gpu_dur,
  o.utid
FROM cpu_op o
LEFT JOIN inner_dur i ON i.parent_id = o.id
LEFT JOIN work w ON w.op_id = o.id;

-- The same by name.
CREATE PERFETTO VIEW torch_op_summary(
  -- Name.
  name STRING,
  -- How often it was called.
  count LONG,
  -- Durations added up. Operators that contain themselves count at every level.
  sum_dur DURATION,
  -- Durations without what they contain added up.
  sum_self_dur DURATION,
  -- Pieces of GPU work launched directly in them.
  num_gpu_ops LONG,
  -- Durations of that work added up.
  gpu_dur DURATION
) AS
SELECT
  name,
  count(*) AS count,
  sum(dur) AS sum_dur,
  sum(self_dur) AS sum_self_dur,
  sum(num_gpu_ops) AS num_gpu_ops,
  sum(gpu_dur) AS gpu_dur
FROM torch_op_time
GROUP BY name;
