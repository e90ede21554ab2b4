-- How long a thread ran on a CPU during a slice. There are rows where the source has scheduler data (`sched`).

INCLUDE PERFETTO MODULE slices.with_context;

-- Slices of threads with the time that their thread ran on a CPU. A slice in which it never ran has no row.
CREATE PERFETTO VIEW thread_slice_cpu_time(
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
  -- Time on any CPU.
  cpu_time DURATION
) AS
SELECT
  s.id, s.name, s.utid, s.thread_name, s.upid, s.process_name, o.cpu_time
FROM (
  SELECT id_0 AS slice_id, sum(dur) AS cpu_time
  FROM __interval_intersect(
    (SELECT id, ts, dur, utid FROM thread_slice WHERE dur > 0),
    (SELECT id, ts, dur, utid FROM sched WHERE dur > 0),
    '(utid)')
  GROUP BY id_0
) o
JOIN thread_slice s ON s.id = o.slice_id;
