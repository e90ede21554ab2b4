-- Slices with the names of their track, thread and process.
--
-- track_name: Name of the track; null for the rows of threads.
-- tid: Thread id in the file.
-- thread_name: Name of the thread.
-- pid: Process id in the file.
-- process_name: Name of the process.
SELECT
  s.id,
  s.ts,
  s.dur,
  s.category,
  s.name,
  s.track_id,
  t.name AS track_name,
  t.utid,
  th.tid,
  th.name AS thread_name,
  t.upid,
  p.pid,
  p.name AS process_name,
  s.depth,
  s.parent_id,
  s.arg_set_id
FROM __slice s
JOIN __track t ON t.id = s.track_id
LEFT JOIN __thread th ON th.id = t.utid
LEFT JOIN __process p ON p.id = t.upid
