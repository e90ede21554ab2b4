-- Threads with their processes.

-- Every thread with its process.
CREATE PERFETTO VIEW _thread_with_process(
  -- Thread.
  utid JOINID(thread.id),
  -- Thread id in the file.
  tid LONG,
  -- Name of the thread.
  thread_name STRING,
  -- 1 for the process's first thread.
  is_main_thread BOOL,
  -- Process.
  upid JOINID(process.id),
  -- Process id in the file.
  pid LONG,
  -- Name of the process.
  process_name STRING
) AS
SELECT t.utid, t.tid, t.name AS thread_name, t.is_main_thread, p.upid, p.pid, p.name AS process_name
FROM thread t
LEFT JOIN process p ON p.upid = t.upid;
