-- NVTX ranges and marks; empty unless the source recorded them.
--
-- id: The slice; the same as `slice.id`.
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
  depth,
  parent_id,
  arg_set_id
FROM track_event
WHERE category = 'nvtx'
