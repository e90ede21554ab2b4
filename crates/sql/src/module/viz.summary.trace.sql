-- What a timeline has to know of a trace before it shows it.

-- One row: what there is at all, as 1 or 0.
CREATE PERFETTO TABLE _trace_available_info_summary(
  -- Whether there are slices.
  has_slices LONG,
  -- Whether there are counters.
  has_counters LONG,
  -- Whether there are flows.
  has_flows LONG,
  -- Whether there is GPU work.
  has_gpu LONG,
  -- Whether there is scheduler data.
  has_sched LONG
) AS
SELECT
  EXISTS (SELECT 1 FROM slice) AS has_slices,
  EXISTS (SELECT 1 FROM counter) AS has_counters,
  EXISTS (SELECT 1 FROM flow) AS has_flows,
  EXISTS (SELECT 1 FROM gpu_op) AS has_gpu,
  EXISTS (SELECT 1 FROM sched_slice) AS has_sched;
