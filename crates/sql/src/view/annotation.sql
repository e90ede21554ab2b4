-- Spans that the program itself named: steps, scopes, and their shadows on the GPU's rows.
--
-- id: The slice; the same as `slice.id`.
-- is_gpu: 1 for the shadow on a GPU row, which spans the work launched inside, else 0.
-- external_id: Id that a span and its shadow share.
SELECT
  id,
  ts,
  dur,
  name,
  track_id,
  utid,
  tid,
  thread_name,
  upid,
  pid,
  process_name,
  CASE WHEN category = 'gpu_user_annotation' THEN 1 ELSE 0 END AS is_gpu,
  CAST(extract_arg(arg_set_id, 'args.External id') AS BIGINT) AS external_id,
  depth,
  parent_id,
  arg_set_id
FROM track_event
WHERE category IN ('user_annotation', 'gpu_user_annotation')
