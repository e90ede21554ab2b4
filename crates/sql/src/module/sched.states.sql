-- Names of scheduling states.

-- A state of `thread_state` in words. Linux's letters and what several of them together mean are known; any other state is
-- given as it is.
CREATE PERFETTO FUNCTION sched_state_to_human_readable_string(
  -- State, as in `thread_state`.
  sched_state STRING
) RETURNS STRING AS
SELECT CASE $sched_state
  WHEN 'Running' THEN 'Running'
  WHEN 'R' THEN 'Runnable'
  WHEN 'R+' THEN 'Runnable (Preempted)'
  WHEN 'S' THEN 'Sleeping'
  WHEN 'D' THEN 'Uninterruptible Sleep'
  WHEN 'T' THEN 'Stopped'
  WHEN 't' THEN 'Traced'
  WHEN 'X' THEN 'Exit (Dead)'
  WHEN 'x' THEN 'Task Dead'
  WHEN 'Z' THEN 'Exit (Zombie)'
  WHEN 'I' THEN 'Idle'
  WHEN 'K' THEN 'Wake Kill'
  WHEN 'W' THEN 'Waking'
  WHEN 'P' THEN 'Parked'
  WHEN 'N' THEN 'No Load'
  WHEN 'DK' THEN 'Uninterruptible Sleep + Wake Kill'
  ELSE $sched_state
END;

-- A state in words, with whether an uninterruptible sleep waits for input or output.
CREATE PERFETTO FUNCTION sched_state_io_to_human_readable_string(
  -- State, as in `thread_state`.
  sched_state STRING,
  -- 1 while waiting for input or output, else 0; null when not known.
  io_wait BOOL
) RETURNS STRING AS
SELECT sched_state_to_human_readable_string($sched_state)
  || CASE WHEN $sched_state NOT IN ('D', 'DK') OR $io_wait IS NULL THEN '' WHEN $io_wait THEN ' (IO)' ELSE ' (non-IO)' END;
