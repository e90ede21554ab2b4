-- How long threads that could run waited for a CPU.

-- For each state of a thread in which it ran: the times right before in which it waited for a CPU.
CREATE PERFETTO TABLE sched_previous_runnable_on_thread(
  -- State in which the thread ran.
  id JOINID(thread_state.id),
  -- Last state before it on the thread in which the thread could have run.
  prev_runnable_id JOINID(thread_state.id),
  -- The last of those that did not follow on running: the thread had been woken.
  prev_wakeup_runnable_id JOINID(thread_state.id)
) AS
SELECT id, prev_runnable_id, prev_wakeup_runnable_id
FROM (
  SELECT
    id,
    state,
    last_non_null(iif(state IN ('R', 'R+'), id, NULL)) OVER (PARTITION BY utid ORDER BY ts, id) AS prev_runnable_id,
    last_non_null(iif(state = 'R' AND ifnull(before, '') <> 'Running', id, NULL))
      OVER (PARTITION BY utid ORDER BY ts, id) AS prev_wakeup_runnable_id
  FROM (
    SELECT id, utid, ts, state, lag(state) OVER (PARTITION BY utid ORDER BY ts, id) AS before FROM thread_state
  )
)
WHERE state = 'Running';
