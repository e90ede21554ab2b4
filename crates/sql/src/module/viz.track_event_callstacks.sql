-- Slices that carry a call stack of their own. No source here has such stacks, so there are no rows; the frames of Python that
-- PyTorch's profiler records are slices, see `python_function`.

-- Call stacks of slices.
CREATE PERFETTO VIEW _track_event_callstacks(
  -- Slice.
  id JOINID(slice.id),
  -- Start of the slice.
  ts TIMESTAMP,
  -- Length of the slice.
  dur DURATION,
  -- Track of the slice.
  track_id JOINID(track.id),
  -- Innermost frame at the start.
  callsite_id JOINID(stack_profile_callsite.id),
  -- Innermost frame at the end.
  end_callsite_id JOINID(stack_profile_callsite.id)
) AS
SELECT
  s.id, s.ts, s.dur, s.track_id,
  CAST(extract_arg(s.arg_set_id, 'callsite_id') AS INTEGER) AS callsite_id,
  CAST(extract_arg(s.arg_set_id, 'end_callsite_id') AS INTEGER) AS end_callsite_id
FROM slice s
WHERE extract_arg(s.arg_set_id, 'callsite_id') IS NOT NULL OR extract_arg(s.arg_set_id, 'end_callsite_id') IS NOT NULL;
