-- Samples of stacks, as `perf_sample`; empty unless the source samples CPUs.
--
-- process_priority: Always null: sources do not say.
SELECT
  id,
  ts,
  callsite_id,
  utid,
  CAST(NULL AS BIGINT) AS process_priority
FROM __perf_sample
