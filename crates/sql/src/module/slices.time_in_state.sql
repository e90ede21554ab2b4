-- What a thread did during a slice: ran, waited for a CPU, slept. There are rows where the source has thread states.

INCLUDE PERFETTO MODULE slices.with_context;

-- Slices of threads with the time that their thread spent in each state.
CREATE PERFETTO VIEW thread_slice_time_in_state(
  -- Slice.
  id JOINID(slice.id),
  -- Name of the slice.
  name STRING,
  -- Thread.
  utid JOINID(thread.id),
  -- Name of the thread.
  thread_name STRING,
  -- Process.
  upid JOINID(process.id),
  -- Name of the process.
  process_name STRING,
  -- State, as in `thread_state`.
  state STRING,
  -- 1 while waiting for input or output, else 0; null when not known.
  io_wait BOOL,
  -- Function of the kernel that the thread waited in.
  blocked_function STRING,
  -- Time in that state during the slice.
  dur DURATION
) AS
SELECT
  s.id, s.name, s.utid, s.thread_name, s.upid, s.process_name, o.state, o.io_wait, o.blocked_function, o.dur
FROM (
  SELECT i.id_0 AS slice_id, t.state, t.io_wait, t.blocked_function, sum(i.dur) AS dur
  FROM __interval_intersect(
    (SELECT id, ts, dur, utid FROM thread_slice WHERE dur > 0),
    (SELECT id, ts, dur, utid FROM thread_state WHERE dur > 0),
    '(utid)') i
  JOIN thread_state t ON t.id = i.id_1
  GROUP BY i.id_0, t.state, t.io_wait, t.blocked_function
) o
JOIN thread_slice s ON s.id = o.slice_id;
