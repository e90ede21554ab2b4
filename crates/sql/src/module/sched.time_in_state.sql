-- How much time threads spend in each scheduling state.

INCLUDE PERFETTO MODULE sched.states;

-- Each state of each thread, over the whole trace.
CREATE PERFETTO TABLE sched_time_in_state_for_thread(
  -- Thread.
  utid JOINID(thread.id),
  -- Time in all states that are known.
  total_runtime DURATION,
  -- State, as in `thread_state`.
  state STRING,
  -- Time in this state.
  time_in_state DURATION
) AS
SELECT utid, sum(sum(dur)) OVER (PARTITION BY utid) AS total_runtime, state, sum(dur) AS time_in_state
FROM thread_state
WHERE dur > 0
GROUP BY utid, state;

-- Shares of the states of each thread, in percent of the time that is known of it, cut down to whole numbers.
CREATE PERFETTO TABLE sched_percentage_time_in_state(
  -- Thread.
  utid JOINID(thread.id),
  -- Share of running.
  running LONG,
  -- Share of waiting for a CPU after being woken.
  runnable LONG,
  -- Share of waiting for a CPU after losing it.
  runnable_preempted LONG,
  -- Share of sleeping.
  sleeping LONG,
  -- Share of sleeping without a way to be woken.
  uninterruptible_sleep LONG,
  -- Share of all other states.
  other LONG
) AS
SELECT
  utid,
  100 * sum(iif(state = 'Running', dur, 0)) / sum(dur) AS running,
  100 * sum(iif(state = 'R', dur, 0)) / sum(dur) AS runnable,
  100 * sum(iif(state = 'R+', dur, 0)) / sum(dur) AS runnable_preempted,
  100 * sum(iif(state = 'S', dur, 0)) / sum(dur) AS sleeping,
  100 * sum(iif(state IN ('D', 'DK'), dur, 0)) / sum(dur) AS uninterruptible_sleep,
  100 * sum(iif(state IN ('Running', 'R', 'R+', 'S', 'D', 'DK'), 0, dur)) / sum(dur) AS other
FROM thread_state
WHERE dur > 0
GROUP BY utid;

-- What a thread did during an interval.
CREATE PERFETTO FUNCTION sched_time_in_state_for_thread_in_interval(
  -- Start of the interval.
  ts TIMESTAMP,
  -- Length of the interval.
  dur DURATION,
  -- Thread.
  utid JOINID(thread.id)
)
RETURNS TABLE(
  -- State, as in `thread_state`.
  state STRING,
  -- 1 while waiting for input or output, else 0; null when not known.
  io_wait BOOL,
  -- Function of the kernel that the thread waited in.
  blocked_function STRING,
  -- Time in that state.
  dur DURATION
) AS
SELECT state, io_wait, blocked_function, sum(min(ts + dur, $ts + $dur) - max(ts, $ts)) AS dur
FROM thread_state
WHERE utid = $utid AND dur > 0 AND ts < $ts + $dur AND ts + dur > $ts
GROUP BY state, io_wait, blocked_function;

-- What a thread did during an interval, by the CPU that it ran on.
CREATE PERFETTO FUNCTION sched_time_in_state_and_cpu_for_thread_in_interval(
  -- Start of the interval.
  ts TIMESTAMP,
  -- Length of the interval.
  dur DURATION,
  -- Thread.
  utid JOINID(thread.id)
)
RETURNS TABLE(
  -- State, as in `thread_state`.
  state STRING,
  -- 1 while waiting for input or output, else 0; null when not known.
  io_wait BOOL,
  -- CPU; null where the thread did not run.
  cpu LONG,
  -- Function of the kernel that the thread waited in.
  blocked_function STRING,
  -- Time in that state on that CPU.
  dur DURATION
) AS
SELECT state, io_wait, cpu, blocked_function, sum(min(ts + dur, $ts + $dur) - max(ts, $ts)) AS dur
FROM thread_state
WHERE utid = $utid AND dur > 0 AND ts < $ts + $dur AND ts + dur > $ts
GROUP BY state, io_wait, cpu, blocked_function;
