-- How long a thread waited for a CPU before it ran.

-- Each time in which a thread ran, with the wait for the CPU right before it.
CREATE PERFETTO TABLE sched_latency_for_running_interval(
  -- State in which the thread ran.
  thread_state_id JOINID(thread_state.id),
  -- The same in `sched`.
  sched_id JOINID(sched.id),
  -- Thread.
  utid JOINID(thread.id),
  -- State in which the thread waited for the CPU.
  runnable_latency_id JOINID(thread_state.id),
  -- Length of that state.
  latency_dur DURATION
) AS
SELECT id AS thread_state_id, iif(cpu IS NULL, NULL, id) AS sched_id, utid, before_id AS runnable_latency_id, before_dur AS latency_dur
FROM (
  SELECT
    id,
    utid,
    cpu,
    state,
    lag(id) OVER (PARTITION BY utid ORDER BY ts, id) AS before_id,
    lag(dur) OVER (PARTITION BY utid ORDER BY ts, id) AS before_dur,
    lag(state) OVER (PARTITION BY utid ORDER BY ts, id) AS before
  FROM thread_state
)
WHERE state = 'Running' AND before IN ('R', 'R+');
