-- Kernels of collective communication: those whose name has `nccl` in it or whose launch says so.
--
-- id: The slice; the same as `slice.id`.
-- device: Number of the device on its host.
-- collective: Operation, e.g. `allreduce`; null when the profiler does not say.
-- dtype: Type of the elements.
-- in_elements: Elements given by this rank.
-- out_elements: Elements received by this rank.
-- group_size: Ranks that take part.
-- group_name: Name of the process group.
-- group_description: What the process group is for.
-- group_ranks: Ranks of the process group, as the profiler writes them.
-- sequence_number: Number of the operation in its group.
-- gpu_op_id: Row of `gpu_op`.
SELECT
  s.id,
  s.ts,
  s.dur,
  s.name,
  s.track_id,
  d.ordinal AS device,
  st.stream,
  CAST(extract_arg(s.arg_set_id, 'args.Collective name') AS TEXT) AS collective,
  CAST(extract_arg(s.arg_set_id, 'args.dtype') AS TEXT) AS dtype,
  CAST(extract_arg(s.arg_set_id, 'args.In msg nelems') AS BIGINT) AS in_elements,
  CAST(extract_arg(s.arg_set_id, 'args.Out msg nelems') AS BIGINT) AS out_elements,
  CAST(extract_arg(s.arg_set_id, 'args.Group size') AS BIGINT) AS group_size,
  CAST(extract_arg(s.arg_set_id, 'args.Process Group Name') AS TEXT) AS group_name,
  CAST(extract_arg(s.arg_set_id, 'args.Process Group Description') AS TEXT) AS group_description,
  CAST(extract_arg(s.arg_set_id, 'args.Process Group Ranks') AS TEXT) AS group_ranks,
  CAST(extract_arg(s.arg_set_id, 'args.Seq') AS BIGINT) AS sequence_number,
  op.correlation,
  s.arg_set_id,
  op.device_id,
  op.stream_id,
  op.id AS gpu_op_id
FROM gpu_op op
JOIN __slice s ON s.id = op.slice_id
JOIN device d ON d.id = op.device_id
JOIN stream st ON st.id = op.stream_id
WHERE op.kind = 'kernel'
  AND (s.name LIKE '%nccl%' OR extract_arg(s.arg_set_id, 'args.Collective name') IS NOT NULL)
