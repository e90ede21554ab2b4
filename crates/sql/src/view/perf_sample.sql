-- CPU samples with their stacks; empty unless the source samples CPUs.
--
-- cpu_mode: Always null: `__stack_profile_frame.is_kernel` says which frames are of the kernel.
-- unwind_error: Always null: sources do not say.
-- perf_session_id: Always null: sources do not say.
SELECT
  id,
  ts,
  utid,
  cpu,
  CAST(NULL AS TEXT) AS cpu_mode,
  callsite_id,
  CAST(NULL AS TEXT) AS unwind_error,
  CAST(NULL AS BIGINT) AS perf_session_id
FROM __perf_sample
