-- Memory of PyTorch, where the profiler recorded it (`profile_memory=True`, vLLM's `torch_profiler_with_memory`).

-- Every allocation and release with the operator around it.
CREATE PERFETTO VIEW torch_memory_event(
  -- Slice of the event.
  id JOINID(slice.id),
  -- When it happened.
  ts TIMESTAMP,
  -- Address of the block.
  address LONG,
  -- Bytes of the block; below 0 when it is released.
  bytes LONG,
  -- Bytes in use on the device after the event.
  total_allocated LONG,
  -- Bytes that the allocator holds of the device after the event.
  total_reserved LONG,
  -- Kind of device: 0 is the CPU, 1 a CUDA GPU.
  device_type LONG,
  -- Number of the device on its host; -1 for the CPU.
  device LONG,
  -- Innermost operator around it; null without one.
  op_id JOINID(slice.id),
  -- Name of that operator.
  op_name STRING,
  -- Thread.
  utid JOINID(thread.id),
  -- Process.
  upid JOINID(process.id)
) AS
WITH
  placed AS (
    -- Operators and events, each below the nearest of them: what is between, Python's frames for one, is left out.
    SELECT id, parent_id
    FROM __tree_without_nulls(
      (SELECT id, parent_id, depth, iif(category = 'cpu_op' OR name = '[memory]', 1, NULL) AS kept FROM slice), 'kept')
  )
SELECT
  m.id, m.ts, m.address, m.bytes, m.total_allocated, m.total_reserved, m.device_type, m.device,
  o.id AS op_id, o.name AS op_name, m.utid, m.upid
FROM memory_event m
LEFT JOIN placed p ON p.id = m.id
LEFT JOIN slice o ON o.id = p.parent_id AND o.category = 'cpu_op';

-- The most memory that was in use on each device of each process.
CREATE PERFETTO VIEW torch_memory_peak(
  -- Process.
  upid JOINID(process.id),
  -- Kind of device: 0 is the CPU, 1 a CUDA GPU.
  device_type LONG,
  -- Number of the device on its host; -1 for the CPU.
  device LONG,
  -- Most bytes in use. What was in use before the recording began counts only where the profiler knew of it.
  peak_allocated LONG,
  -- When that was reached first.
  peak_ts TIMESTAMP,
  -- Operator that made the allocation.
  peak_op_name STRING,
  -- Most bytes that the allocator held.
  peak_reserved LONG,
  -- Number of allocations.
  num_allocations LONG,
  -- Bytes of them added up.
  allocated_bytes LONG,
  -- Number of releases.
  num_releases LONG,
  -- Bytes of them added up.
  released_bytes LONG
) AS
SELECT
  a.upid, a.device_type, a.device, a.peak_allocated, f.ts AS peak_ts, f.op_name AS peak_op_name, a.peak_reserved,
  a.num_allocations, a.allocated_bytes, a.num_releases, a.released_bytes
FROM (
  SELECT
    upid,
    device_type,
    device,
    max(total_allocated) AS peak_allocated,
    max(total_reserved) AS peak_reserved,
    sum(iif(bytes > 0, 1, 0)) AS num_allocations,
    sum(iif(bytes > 0, bytes, 0)) AS allocated_bytes,
    sum(iif(bytes < 0, 1, 0)) AS num_releases,
    sum(iif(bytes < 0, -bytes, 0)) AS released_bytes
  FROM torch_memory_event
  GROUP BY upid, device_type, device
) a
JOIN (
  SELECT
    upid, device_type, device, ts, op_name,
    row_number() OVER (PARTITION BY upid, device_type, device ORDER BY total_allocated DESC, ts, id) AS place
  FROM torch_memory_event
) f ON f.upid IS a.upid AND f.device_type IS a.device_type AND f.device IS a.device AND f.place = 1;

-- Allocations and releases by the operator that made them.
CREATE PERFETTO VIEW torch_memory_by_op(
  -- Kind of device: 0 is the CPU, 1 a CUDA GPU.
  device_type LONG,
  -- Number of the device on its host; -1 for the CPU.
  device LONG,
  -- Operator; null for what was done outside of all operators.
  op_name STRING,
  -- Number of allocations.
  num_allocations LONG,
  -- Bytes of them added up.
  allocated_bytes LONG,
  -- Largest of them; null without any.
  max_allocated_bytes LONG,
  -- Number of releases.
  num_releases LONG,
  -- Bytes of them added up.
  released_bytes LONG,
  -- Allocated less released bytes.
  net_bytes LONG
) AS
SELECT
  device_type,
  device,
  op_name,
  sum(iif(bytes > 0, 1, 0)) AS num_allocations,
  sum(iif(bytes > 0, bytes, 0)) AS allocated_bytes,
  max(iif(bytes > 0, bytes, NULL)) AS max_allocated_bytes,
  sum(iif(bytes < 0, 1, 0)) AS num_releases,
  sum(iif(bytes < 0, -bytes, 0)) AS released_bytes,
  sum(bytes) AS net_bytes
FROM torch_memory_event
GROUP BY device_type, device, op_name;
