-- GPU kernels, with what the runtime says of their launch.
--
-- id: The slice; the same as `slice.id`.
-- device: Number of the device on its host.
-- gpu_op_id: Row of `gpu_op`.
SELECT
  s.id,
  s.ts,
  s.dur,
  s.name,
  s.track_id,
  d.ordinal AS device,
  st.stream,
  op.context,
  op.correlation,
  op.external_id,
  op.grid_x,
  op.grid_y,
  op.grid_z,
  op.block_x,
  op.block_y,
  op.block_z,
  op.registers_per_thread,
  op.shared_memory,
  op.static_shared_memory,
  op.dynamic_shared_memory,
  op.occupancy,
  op.blocks_per_sm,
  op.warps_per_sm,
  op.graph_id,
  op.graph_node_id,
  op.short_name,
  op.mangled_name,
  s.arg_set_id,
  op.device_id,
  op.stream_id,
  op.id AS gpu_op_id
FROM gpu_op op
JOIN __slice s ON s.id = op.slice_id
JOIN device d ON d.id = op.device_id
JOIN stream st ON st.id = op.stream_id
WHERE op.kind = 'kernel'
