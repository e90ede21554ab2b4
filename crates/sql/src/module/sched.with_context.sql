-- Scheduling with the names of threads and processes.

-- Times in which a thread ran on a CPU, with its thread and process.
CREATE PERFETTO VIEW sched_with_thread_process(
  -- Row of `sched`.
  id JOINID(sched.id),
  -- Start.
  ts TIMESTAMP,
  -- Length.
  dur DURATION,
  -- CPU.
  cpu LONG,
  -- Thread.
  utid JOINID(thread.id),
  -- Name of the thread.
  thread_name STRING,
  -- Process.
  upid JOINID(process.id),
  -- Name of the process.
  process_name STRING,
  -- State that followed; null, as no source tells it here.
  end_state STRING,
  -- Priority; null, as no source tells it.
  priority LONG
) AS
SELECT
  s.id, s.ts, s.dur, s.cpu, s.utid, t.name AS thread_name, t.upid, p.name AS process_name, s.end_state, s.priority
FROM sched s
LEFT JOIN thread t ON t.utid = s.utid
LEFT JOIN process p ON p.upid = t.upid;
