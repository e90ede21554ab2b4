-- Allocations and releases of memory, where the profiler recorded memory.
--
-- id: The slice; the same as `slice.id`.
-- tid: Thread id in the file.
-- thread_name: Name of the thread.
-- pid: Process id in the file.
-- process_name: Name of the process.
-- address: Address of the block.
-- bytes: Bytes of the block; below 0 when it is released.
-- total_allocated: Bytes in use on the device after the event.
-- total_reserved: Bytes that the allocator holds of the device after the event.
-- device_type: Kind of device: 0 is the CPU, 1 a CUDA GPU.
-- device: Number of the device on its host; -1 for the CPU.
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
  CAST(extract_arg(s.arg_set_id, 'args.Addr') AS BIGINT) AS address,
  CAST(extract_arg(s.arg_set_id, 'args.Bytes') AS BIGINT) AS bytes,
  CAST(extract_arg(s.arg_set_id, 'args.Total Allocated') AS BIGINT) AS total_allocated,
  CAST(extract_arg(s.arg_set_id, 'args.Total Reserved') AS BIGINT) AS total_reserved,
  CAST(extract_arg(s.arg_set_id, 'args.Device Type') AS BIGINT) AS device_type,
  CAST(extract_arg(s.arg_set_id, 'args.Device Id') AS BIGINT) AS device,
  s.depth,
  s.parent_id,
  s.arg_set_id
FROM __slice s
JOIN __track t ON t.id = s.track_id
LEFT JOIN __thread th ON th.id = t.utid
LEFT JOIN __process p ON p.id = t.upid
WHERE s.name = '[memory]'
