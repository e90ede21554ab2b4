-- Times in which a thread ran on a CPU, where the source has them.
--
-- end_state: Always null: the state that follows is a row of `thread_state`.
-- priority: Always null: no source tells priorities.
-- ucpu: The same as `cpu`.
SELECT
  id,
  ts,
  dur,
  cpu,
  utid,
  CAST(NULL AS TEXT) AS end_state,
  CAST(NULL AS BIGINT) AS priority,
  cpu AS ucpu
FROM __thread_state
WHERE state = 'Running' AND cpu IS NOT NULL
