-- Slices of threads and of processes, with their track, thread and process.
--
-- track_name: Name of the track; null for the rows of threads.
-- thread_name: Name of the thread; null for a slice of a process.
-- tid: Thread id in the file; null for a slice of a process.
-- process_name: Name of the process.
-- pid: Process id in the file.
SELECT
  s.id,
  s.ts,
  s.dur,
  s.category,
  s.name,
  s.track_id,
  t.name AS track_name,
  th.name AS thread_name,
  t.utid,
  th.tid,
  p.name AS process_name,
  t.upid,
  p.pid,
  s.depth,
  s.parent_id,
  s.arg_set_id
FROM __slice s
JOIN __track t ON t.id = s.track_id
LEFT JOIN __thread th ON th.id = t.utid
LEFT JOIN __process p ON p.id = t.upid
WHERE t.type IN ('thread_execution', 'thread_overlapping_slice', 'chrome_process_instant', 'legacy_async_process_slice')
