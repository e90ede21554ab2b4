-- Operators of the framework on the CPU, with their thread and what they were given.
--
-- id: The slice; the same as `slice.id`.
-- external_id: Id that the calls and the GPU work of the operator carry too.
-- sequence_number: Id that an operator and its backward one share.
-- input_dims: Shapes of the inputs as JSON; null unless the profiler recorded shapes.
-- input_type: Types of the inputs as JSON; null unless the profiler recorded shapes.
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
  CAST(extract_arg(arg_set_id, 'args.External id') AS BIGINT) AS external_id,
  CAST(extract_arg(arg_set_id, 'args.Sequence number') AS BIGINT) AS sequence_number,
  json_extract(__intrinsic_arg_set_to_json(arg_set_id), '$.args."Input Dims"') AS input_dims,
  json_extract(__intrinsic_arg_set_to_json(arg_set_id), '$.args."Input type"') AS input_type,
  depth,
  parent_id,
  arg_set_id
FROM track_event
WHERE category = 'cpu_op'
