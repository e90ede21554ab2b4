-- Operators of PyTorch by what called them: the tree of calls, with calls of the same operator in the same place as one row.

INCLUDE PERFETTO MODULE torch.ops;

-- The tree of calls of operators. Python's frames and annotations are left out.
CREATE PERFETTO VIEW torch_op_tree(
  -- Number of the row.
  id LONG,
  -- Row of the caller; null for operators that no other one called.
  parent_id LONG,
  -- Callers above it.
  depth LONG,
  -- Operator.
  name STRING,
  -- How often it was called here.
  count LONG,
  -- Time in it and not in operators that it called.
  self_dur DURATION,
  -- Time in it and in all that it called.
  dur DURATION,
  -- GPU work launched in it and not in operators that it called.
  num_gpu_ops LONG,
  -- Durations of that work added up.
  gpu_dur DURATION
) AS
WITH
  ops AS (
    SELECT id, parent_id
    FROM __tree_without_nulls(
      (SELECT id, parent_id, depth, iif(category = 'cpu_op', 1, NULL) AS kept FROM slice), 'kept')
  ),
  inner_dur AS (
    SELECT o.parent_id, sum(s.dur) AS dur FROM ops o JOIN slice s ON s.id = o.id WHERE o.parent_id IS NOT NULL GROUP BY o.parent_id
  ),
  frames AS (
    SELECT
      o.id,
      o.parent_id,
      t.name,
      max(0, t.dur - ifnull(i.dur, 0)) AS value,
      1 AS count,
      t.num_gpu_ops,
      t.gpu_dur
    FROM ops o
    JOIN torch_op_time t ON t.id = o.id
    LEFT JOIN inner_dur i ON i.parent_id = o.id
  )
SELECT
  id,
  parent_id,
  depth - 1 AS depth,
  name,
  CAST(count AS INTEGER) AS count,
  self_value AS self_dur,
  cumulative_value AS dur,
  CAST(num_gpu_ops AS INTEGER) AS num_gpu_ops,
  CAST(gpu_dur AS INTEGER) AS gpu_dur
FROM __intrinsic_flamegraph(
  (SELECT * FROM frames), __intrinsic_flamegraph_config('sum', '(count, num_gpu_ops, gpu_dur)'));
