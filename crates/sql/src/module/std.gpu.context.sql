-- Contexts that programs have made on GPUs.

-- Every context that GPU work names.
CREATE PERFETTO VIEW gpu_context(
  -- Row number.
  id LONG,
  -- Number of the context in its process.
  context_id LONG,
  -- Process id in the file; null where the context's work has no call that launched it.
  pid LONG,
  -- What the context was made with.
  api STRING
) AS
SELECT row_number() OVER (ORDER BY pid, context_id) - 1 AS id, context_id, pid, 'CUDA' AS api
FROM (
  SELECT DISTINCT op.context AS context_id, p.pid
  FROM gpu_op op
  LEFT JOIN launch l ON l.gpu_op_id = op.id
  LEFT JOIN slice s ON s.id = l.api_slice_id
  LEFT JOIN thread_track tt ON tt.id = s.track_id
  LEFT JOIN thread t ON t.utid = tt.utid
  LEFT JOIN process p ON p.upid = t.upid
  WHERE op.context IS NOT NULL
);
