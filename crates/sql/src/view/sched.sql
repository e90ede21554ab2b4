-- The same as `sched_slice`, with the end.
--
-- id: Row number in `thread_state`.
-- ts: Start.
-- dur: Length.
-- cpu: CPU it ran on.
-- utid: Thread.
-- end_state: Always null: the state that follows is a row of `thread_state`.
-- priority: Always null: no source tells priorities.
-- ucpu: The same as `cpu`.
-- ts_end: End.
SELECT
  *,
  ts + dur AS ts_end
FROM sched_slice
