-- Operators of the framework on the CPU, with their thread and what they were given.
--
-- id: The slice; the same as `slice.id`.
-- tid: Thread id in the file.
-- thread_name: Name of the thread.
-- pid: Process id in the file.
-- process_name: Name of the process.
-- external_id: Id that the calls and the GPU work of the operator carry too.
-- sequence_number: Id that an operator and its backward one share.
-- input_dims: Shapes of the inputs as JSON; null unless the profiler recorded shapes.
-- input_type: Types of the inputs as JSON; null unless the profiler recorded shapes.
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
  CAST(extract_arg(s.arg_set_id, 'args.External id') AS BIGINT) AS external_id,
  CAST(extract_arg(s.arg_set_id, 'args.Sequence number') AS BIGINT) AS sequence_number,
  json_extract(__intrinsic_arg_set_to_json(s.arg_set_id), '$.args."Input Dims"') AS input_dims,
  json_extract(__intrinsic_arg_set_to_json(s.arg_set_id), '$.args."Input type"') AS input_type,
  s.depth,
  s.parent_id,
  s.arg_set_id
FROM __slice s
JOIN __track t ON t.id = s.track_id
LEFT JOIN __thread th ON th.id = t.utid
LEFT JOIN __process p ON p.id = t.upid
WHERE s.category = 'cpu_op'
