-- Engine steps of vLLM: what each was given to do and how long its GPU work took.

-- Steps, by the annotation that the worker writes around each forward pass. Two forms of its name are known:
-- `execute_context_1(8)_generation_2(2)`, which tells tokens, and `execute_new_1_cached_2` of older versions.
CREATE PERFETTO VIEW vllm_step(
  -- Slice of the annotation.
  id JOINID(slice.id),
  -- Start.
  ts TIMESTAMP,
  -- Length of the annotation, which ends with the forward pass; sampling comes after it.
  dur DURATION,
  -- Name of the annotation.
  name STRING,
  -- Number of the step on its thread, from 0.
  step LONG,
  -- From the start of this step to the start of the next one on the thread; null for the last.
  step_dur DURATION,
  -- Requests in prefill; in the older form those that are new.
  context_requests LONG,
  -- Tokens of those; null in the older form.
  context_tokens LONG,
  -- Requests in decode; in the older form those that go on.
  generation_requests LONG,
  -- Tokens of those; null in the older form.
  generation_tokens LONG,
  -- `prefill`, `decode`, `mixed`, or `empty` for a step without requests.
  kind STRING,
  -- Thread.
  utid JOINID(thread.id),
  -- Process.
  upid JOINID(process.id)
) AS
SELECT
  id,
  ts,
  dur,
  name,
  row_number() OVER (PARTITION BY utid ORDER BY ts) - 1 AS step,
  lead(ts) OVER (PARTITION BY utid ORDER BY ts) - ts AS step_dur,
  context_requests,
  context_tokens,
  generation_requests,
  generation_tokens,
  CASE
    WHEN context_requests > 0 AND generation_requests > 0 THEN 'mixed'
    WHEN context_requests > 0 THEN 'prefill'
    WHEN generation_requests > 0 THEN 'decode'
    ELSE 'empty'
  END AS kind,
  utid,
  upid
FROM (
  SELECT
    id,
    ts,
    dur,
    name,
    CAST(coalesce(
      regexp_extract(name, '_context_(\d+)'), regexp_extract(name, '^execute_new_(\d+)')) AS INTEGER) AS context_requests,
    CAST(regexp_extract(name, '_context_\d+\((?:sq)?(\d+)') AS INTEGER) AS context_tokens,
    CAST(coalesce(
      regexp_extract(name, '_generation_(\d+)'), regexp_extract(name, '_cached_(\d+)$')) AS INTEGER)
      AS generation_requests,
    CAST(regexp_extract(name, '_generation_\d+\((?:sq)?(\d+)') AS INTEGER) AS generation_tokens,
    utid,
    upid
  FROM annotation
  WHERE is_gpu = 0 AND regexp('^execute_(\d+_)?(context_\d+\(.*\)_generation_\d+\(.*\)|new_\d+_cached_\d+)$', name)
);

-- GPU work of each step: that whose call was made on the step's thread between its start and the start of the next one,
-- so that sampling counts too.
CREATE PERFETTO VIEW vllm_step_gpu_time(
  -- Slice of the annotation.
  id JOINID(slice.id),
  -- Number of the step on its thread, from 0.
  step LONG,
  -- `prefill`, `decode`, `mixed` or `empty`.
  kind STRING,
  -- Pieces of GPU work.
  num_gpu_ops LONG,
  -- Kernels among them.
  num_kernels LONG,
  -- Durations of the kernels added up.
  kernel_dur DURATION,
  -- Durations of copies and fills added up.
  memory_dur DURATION,
  -- Durations of kernels that communicate added up.
  communication_dur DURATION,
  -- From the first start to the last end of the work; null without work.
  gpu_span DURATION
) AS
WITH
  calls AS (
    -- Each call with the last step that began before it on its thread.
    SELECT
      call_id,
      last_non_null(step_id) OVER (PARTITION BY utid ORDER BY ts, call_id IS NOT NULL) AS step_id
    FROM (
      SELECT ts, utid, id AS step_id, NULL AS call_id FROM vllm_step
      UNION ALL
      SELECT ts, utid, NULL, api_call_id FROM cuda_api
    )
  ),
  work AS (
    SELECT c.step_id, op.kind, s.ts, s.dur, s.name
    FROM calls c
    JOIN launch l ON l.api_call_id = c.call_id
    JOIN gpu_op op ON op.id = l.gpu_op_id
    JOIN slice s ON s.id = op.slice_id
  )
SELECT
  v.id,
  v.step,
  v.kind,
  count(w.step_id) AS num_gpu_ops,
  count(w.step_id) FILTER (WHERE w.kind = 'kernel') AS num_kernels,
  ifnull(sum(w.dur) FILTER (WHERE w.kind = 'kernel'), 0) AS kernel_dur,
  ifnull(sum(w.dur) FILTER (WHERE w.kind <> 'kernel'), 0) AS memory_dur,
  ifnull(sum(w.dur) FILTER (WHERE w.name LIKE '%nccl%'), 0) AS communication_dur,
  max(w.ts + w.dur) - min(w.ts) AS gpu_span
FROM vllm_step v
LEFT JOIN work w ON w.step_id = v.id
GROUP BY v.id, v.step, v.kind;
