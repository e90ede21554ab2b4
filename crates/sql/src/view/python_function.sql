-- Calls of Python functions, where the profiler recorded stacks.
--
-- id: The slice; the same as `slice.id`.
-- python_id: Number of the call.
-- python_parent_id: Number of the call around it.
-- python_module_id: Number of the module object, for calls of modules.
SELECT
  id,
  ts,
  dur,
  name,
  track_id,
  utid,
  tid,
  thread_name,
  upid,
  pid,
  process_name,
  CAST(extract_arg(arg_set_id, 'args.Python id') AS BIGINT) AS python_id,
  CAST(extract_arg(arg_set_id, 'args.Python parent id') AS BIGINT) AS python_parent_id,
  CAST(extract_arg(arg_set_id, 'args.Python module id') AS BIGINT) AS python_module_id,
  depth,
  parent_id,
  arg_set_id
FROM track_event
WHERE category = 'python_function'
