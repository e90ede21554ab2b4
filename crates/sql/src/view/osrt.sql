-- Calls of the operating system's runtime; empty unless the source recorded them.
--
-- id: The slice; the same as `slice.id`.
-- callsite_id: Stack of the call: row of `stack_profile_callsite`.
SELECT
  e.id,
  e.ts,
  e.dur,
  e.name,
  e.track_id,
  e.utid,
  e.tid,
  e.thread_name,
  e.upid,
  e.pid,
  e.process_name,
  e.depth,
  e.parent_id,
  e.arg_set_id,
  o.return_value,
  o.nesting_level,
  o.callsite_id
FROM track_event e
LEFT JOIN __osrt o ON o.slice_id = e.id
WHERE e.category = 'osrt'
