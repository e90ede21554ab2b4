-- Slices of GPU work, with Perfetto's columns.
--
-- thread_instruction_count: Always null: no source counts instructions.
-- thread_instruction_delta: Always null: no source counts instructions.
-- cat: The same as `category`.
-- slice_id: The same as `id`.
-- context_id: Context.
-- render_target: Always null: compute work has none.
-- render_target_name: Always null: compute work has none.
-- render_pass: Always null: compute work has none.
-- render_pass_name: Always null: compute work has none.
-- command_buffer: Always null: compute work has none.
-- command_buffer_name: Always null: compute work has none.
-- frame_id: Always null: compute work has none.
-- submission_id: Correlation id of the launching call.
-- hw_queue_id: Stream.
-- upid: Process row of the device.
-- render_subpasses: Always null: compute work has none.
-- render_stage_category: Kernel, copy or fill.
SELECT
  s.id,
  s.ts,
  s.dur,
  s.track_id,
  s.category,
  s.name,
  s.depth,
  s.parent_id,
  s.arg_set_id,
  s.thread_ts,
  s.thread_dur,
  CAST(NULL AS BIGINT) AS thread_instruction_count,
  CAST(NULL AS BIGINT) AS thread_instruction_delta,
  s.category AS cat,
  s.id AS slice_id,
  op.context AS context_id,
  CAST(NULL AS BIGINT) AS render_target,
  CAST(NULL AS TEXT) AS render_target_name,
  CAST(NULL AS BIGINT) AS render_pass,
  CAST(NULL AS TEXT) AS render_pass_name,
  CAST(NULL AS BIGINT) AS command_buffer,
  CAST(NULL AS TEXT) AS command_buffer_name,
  CAST(NULL AS BIGINT) AS frame_id,
  op.correlation AS submission_id,
  st.stream AS hw_queue_id,
  d.upid,
  CAST(NULL AS TEXT) AS render_subpasses,
  op.kind AS render_stage_category
FROM gpu_op op
JOIN __slice s ON s.id = op.slice_id
JOIN device d ON d.id = op.device_id
JOIN stream st ON st.id = op.stream_id
