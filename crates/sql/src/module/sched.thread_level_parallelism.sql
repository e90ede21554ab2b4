-- How many threads run or want to run at a time.

INCLUDE PERFETTO MODULE intervals.overlap;

-- Threads that wait for a CPU, at each time at which their number may change.
CREATE PERFETTO TABLE sched_runnable_thread_count(
  -- Time from which the number holds.
  ts TIMESTAMP,
  -- Number of threads that wait for a CPU.
  runnable_thread_count LONG
) AS
SELECT ts, value AS runnable_thread_count
FROM intervals_overlap_count!((SELECT ts, dur FROM thread_state WHERE state IN ('R', 'R+')), ts, dur)
ORDER BY ts;

-- Threads that sleep without a way to be woken, at each time at which their number may change.
CREATE PERFETTO TABLE sched_uninterruptible_sleep_thread_count(
  -- Time from which the number holds.
  ts TIMESTAMP,
  -- Number of threads in such a sleep.
  uninterruptible_sleep_thread_count LONG
) AS
SELECT ts, value AS uninterruptible_sleep_thread_count
FROM intervals_overlap_count!((SELECT ts, dur FROM thread_state WHERE state IN ('D', 'DK')), ts, dur)
ORDER BY ts;

-- CPUs on which a thread runs, at each time at which their number may change.
CREATE PERFETTO TABLE sched_active_cpu_count(
  -- Time from which the number holds.
  ts TIMESTAMP,
  -- Number of CPUs in use.
  active_cpu_count LONG
) AS
SELECT ts, value AS active_cpu_count
FROM intervals_overlap_count!((SELECT ts, dur FROM sched), ts, dur)
ORDER BY ts;
