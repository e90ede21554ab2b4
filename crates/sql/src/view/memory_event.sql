-- Allocations and releases of memory, where the profiler recorded memory.
--
-- id: The slice; the same as `slice.id`.
-- address: Address of the block.
-- bytes: Bytes of the block; below 0 when it is released.
-- total_allocated: Bytes in use on the device after the event.
-- total_reserved: Bytes that the allocator holds of the device after the event.
-- device_type: Kind of device: 0 is the CPU, 1 a CUDA GPU.
-- device: Number of the device on its host; -1 for the CPU.
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
  CAST(extract_arg(arg_set_id, 'args.Addr') AS BIGINT) AS address,
  CAST(extract_arg(arg_set_id, 'args.Bytes') AS BIGINT) AS bytes,
  CAST(extract_arg(arg_set_id, 'args.Total Allocated') AS BIGINT) AS total_allocated,
  CAST(extract_arg(arg_set_id, 'args.Total Reserved') AS BIGINT) AS total_reserved,
  CAST(extract_arg(arg_set_id, 'args.Device Type') AS BIGINT) AS device_type,
  CAST(extract_arg(arg_set_id, 'args.Device Id') AS BIGINT) AS device,
  depth,
  parent_id,
  arg_set_id
FROM track_event
WHERE name = '[memory]'
