-- What each engine step of vLLM spends its time on, where its scopes are switched on (`VLLM_CUSTOM_SCOPES_FOR_PROFILING=1` or
-- `VLLM_NVTX_SCOPES_FOR_PROFILING=1`).

INCLUDE PERFETTO MODULE vllm.steps;

-- Every scope of the model runner with its step: the last one that had begun on its thread.
CREATE PERFETTO VIEW vllm_phase(
  -- Slice of the scope.
  id JOINID(slice.id),
  -- Start.
  ts TIMESTAMP,
  -- Length.
  dur DURATION,
  -- What is done: `preprocess`, `forward`, `postprocess`, `sample`, `draft`, `bookkeep`, `eplb` and others, in small letters.
  phase STRING,
  -- Slice of the step; null before the first one.
  step_id JOINID(slice.id),
  -- Number of the step on its thread.
  step LONG,
  -- `prefill`, `decode`, `mixed` or `empty`.
  kind STRING,
  -- Thread.
  utid JOINID(thread.id)
) AS
SELECT p.id, p.ts, p.dur, p.phase, p.step_id, v.step, v.kind, p.utid
FROM (
  SELECT
    id,
    ts,
    dur,
    phase,
    utid,
    last_non_null(step_id) OVER (PARTITION BY utid ORDER BY ts, step_id IS NULL, depth, id) AS step_id
  FROM (
    SELECT id AS step_id, NULL AS id, ts, dur, NULL AS phase, utid, 0 AS depth FROM vllm_step
    UNION ALL
    SELECT
      NULL,
      id,
      ts,
      dur,
      lower(CASE
        WHEN name GLOB 'gpu_model_runner: *' THEN substr(name, 19)
        ELSE name
      END),
      utid,
      depth
    FROM track_event
    WHERE (category IN ('user_annotation', 'nvtx'))
      AND (name GLOB 'gpu_model_runner: *' OR name IN ('Preprocess', 'Forward', 'Postprocess', 'Sample', 'Draft', 'Bookkeep', 'EPLB'))
  )
) p
LEFT JOIN vllm_step v ON v.id = p.step_id
WHERE p.id IS NOT NULL;

-- Phases by name and by what their steps were given to do.
CREATE PERFETTO VIEW vllm_phase_summary(
  -- `prefill`, `decode`, `mixed` or `empty`; null before the first step.
  kind STRING,
  -- What is done, see `vllm_phase`.
  phase STRING,
  -- How often.
  count LONG,
  -- Lengths added up.
  sum_dur DURATION,
  -- Mean length.
  mean_dur DOUBLE,
  -- Longest.
  max_dur DURATION
) AS
SELECT kind, phase, count(*) AS count, sum(dur) AS sum_dur, avg(dur) AS mean_dur, max(dur) AS max_dur
FROM vllm_phase
GROUP BY kind, phase;
