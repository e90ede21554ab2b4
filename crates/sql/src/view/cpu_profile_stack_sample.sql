-- Stacks that programs sample of themselves; always empty: sources have samples of CPUs, which are in `perf_sample`.
SELECT
  CAST(NULL AS BIGINT) AS id,
  CAST(NULL AS BIGINT) AS ts,
  CAST(NULL AS BIGINT) AS callsite_id,
  CAST(NULL AS BIGINT) AS utid,
  CAST(NULL AS BIGINT) AS process_priority
WHERE 1 = 0
