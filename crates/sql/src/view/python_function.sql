-- Calls of Python functions, where the profiler recorded stacks.
--
-- id: The slice; the same as `slice.id`.
-- tid: Thread id in the file.
-- thread_name: Name of the thread.
-- pid: Process id in the file.
-- process_name: Name of the process.
-- python_id: Number of the call.
-- python_parent_id: Number of the call around it.
-- python_module_id: Number of the module object, for calls of modules.
SELECT
  s.id,
  s.ts,
  s.dur,
  s.name,
  s.track_id,
  t.utid,
  th.tid,
  th.name AS thread_name,
  t.upid,
  p.pid,
  p.name AS process_name,
  CAST(extract_arg(s.arg_set_id, 'args.Python id') AS BIGINT) AS python_id,
  CAST(extract_arg(s.arg_set_id, 'args.Python parent id') AS BIGINT) AS python_parent_id,
  CAST(extract_arg(s.arg_set_id, 'args.Python module id') AS BIGINT) AS python_module_id,
  s.depth,
  s.parent_id,
  s.arg_set_id
FROM __slice s
JOIN __track t ON t.id = s.track_id
LEFT JOIN __thread th ON th.id = t.utid
LEFT JOIN __process p ON p.id = t.upid
WHERE s.category = 'python_function'
