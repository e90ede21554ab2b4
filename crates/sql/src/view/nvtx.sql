-- NVTX ranges and marks; empty unless the source recorded them.
--
-- id: The slice; the same as `slice.id`.
-- type: `push_pop`, `start_end`, `mark`; null when the source does not tell.
-- category: Name of the category, when the program gave one.
-- payload: Payload as text.
-- nvtx_id: Row of `__nvtx`, which also has the names of domains, categories and threads.
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
  n.type,
  n.domain,
  n.domain_id,
  n.category,
  n.category_id,
  n.color,
  n.range_id,
  n.end_utid,
  COALESCE(CAST(n.payload_int AS TEXT), CAST(n.payload_real AS TEXT)) AS payload,
  n.json,
  n.id AS nvtx_id
FROM track_event e
LEFT JOIN __nvtx n ON n.slice_id = e.id
WHERE e.category = 'nvtx'
