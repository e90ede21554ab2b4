-- Samples of what threads did, where a source has them.

INCLUDE PERFETTO MODULE callstacks.stack_profile;

-- Every sample of a call stack.
CREATE PERFETTO VIEW cpu_profiling_samples(
  -- Number of the sample.
  id LONG,
  -- When it was taken.
  ts TIMESTAMP,
  -- Thread.
  utid JOINID(thread.id),
  -- Thread id in the file.
  tid LONG,
  -- Name of the thread.
  thread_name STRING,
  -- CPU that the thread ran on.
  ucpu LONG,
  -- CPU that the thread ran on.
  cpu LONG,
  -- Innermost frame.
  callsite_id JOINID(stack_profile_callsite.id)
) AS
SELECT s.id, s.ts, s.utid, t.tid, t.name AS thread_name, s.cpu AS ucpu, s.cpu, s.callsite_id
FROM perf_sample s
LEFT JOIN thread t ON t.utid = s.utid
UNION ALL
SELECT s.id, s.ts, s.utid, t.tid, t.name AS thread_name, NULL AS ucpu, NULL AS cpu, s.callsite_id
FROM cpu_profile_stack_sample s
LEFT JOIN thread t ON t.utid = s.utid;

-- The frames of all samples, with how many samples they are in.
CREATE PERFETTO VIEW cpu_profiling_summary_tree(
  -- Call site.
  id JOINID(stack_profile_callsite.id),
  -- Call site that called it.
  parent_id JOINID(stack_profile_callsite.id),
  -- Name of the function.
  name STRING,
  -- Name of the library or program.
  mapping_name STRING,
  -- Samples that end in this frame.
  self_count LONG,
  -- Samples that have this frame.
  cumulative_count LONG
) AS
WITH
  samples AS (SELECT callsite_id FROM cpu_profiling_samples WHERE callsite_id IS NOT NULL),
  above AS (
    WITH RECURSIVE way(callsite_id, at) AS (
      SELECT callsite_id, callsite_id FROM samples
      UNION ALL
      SELECT w.callsite_id, c.parent_id
      FROM way w
      JOIN stack_profile_callsite c ON c.id = w.at
      WHERE c.parent_id IS NOT NULL
    )
    SELECT at AS id, count(*) AS cumulative_count, sum(iif(at = callsite_id, 1, 0)) AS self_count
    FROM way
    GROUP BY at
  )
SELECT f.id, f.parent_id, f.name, f.mapping_name, a.self_count, a.cumulative_count
FROM above a
JOIN _callstack_spc_forest f ON f.id = a.id;
