-- Spans that the program itself named: steps, scopes, and their shadows on the GPU's rows.
--
-- id: The slice; the same as `slice.id`.
-- tid: Thread id in the file.
-- thread_name: Name of the thread.
-- pid: Process id in the file.
-- process_name: Name of the process.
-- is_gpu: 1 for the shadow on a GPU row, which spans the work launched inside, else 0.
-- external_id: Id that a span and its shadow share.
SELECT
  s.id,
  s.ts,
  s.dur,
  s.name,
  s.track_id,
  t.utid,
  th.tid,
  th.name AS thread_name,
  t.upid,
  p.pid,
  p.name AS process_name,
  CASE WHEN s.category = 'gpu_user_annotation' THEN 1 ELSE 0 END AS is_gpu,
  CAST(extract_arg(s.arg_set_id, 'args.External id') AS BIGINT) AS external_id,
  s.depth,
  s.parent_id,
  s.arg_set_id
FROM __slice s
JOIN __track t ON t.id = s.track_id
LEFT JOIN __thread th ON th.id = t.utid
LEFT JOIN __process p ON p.id = t.upid
WHERE s.category IN ('user_annotation', 'gpu_user_annotation')
