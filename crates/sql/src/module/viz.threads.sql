-- Threads as a page lists them.

-- Threads, and whether the kernel runs them for itself.
CREATE PERFETTO VIEW _threads_with_kernel_flag(
  -- Thread.
  utid JOINID(thread.id),
  -- Process.
  upid JOINID(process.id),
  -- Thread id in the file.
  tid LONG,
  -- Process id in the file.
  pid LONG,
  -- 1 for the process's first thread.
  is_main_thread BOOL,
  -- Name of the thread.
  thread_name STRING,
  -- Name of the process.
  process_name STRING,
  -- Machine; null, as sources do not name machines.
  machine_id LONG,
  -- 1 for threads of the process that Linux keeps its own threads in, pid 2, else 0.
  is_kernel_thread LONG
) AS
SELECT
  t.utid,
  t.upid,
  t.tid,
  p.pid,
  t.is_main_thread,
  t.name AS thread_name,
  p.name AS process_name,
  t.machine_id,
  iif(p.pid = 2 AND p.name = 'kthreadd', 1, 0) AS is_kernel_thread
FROM thread t
LEFT JOIN process p ON p.upid = t.upid;
