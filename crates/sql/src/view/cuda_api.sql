-- Calls of the GPU runtime or driver, with the thread that made them.
--
-- id: The slice; the same as `slice.id`.
-- name: Function.
-- tid: Thread id in the file.
-- thread_name: Name of the thread.
-- pid: Process id in the file.
-- process_name: Name of the process.
-- is_graph_launch: 1 when the call launches a graph, else 0.
-- api_call_id: Row of `api_call`; `launch` says which GPU work it caused.
SELECT
  s.id,
  s.ts,
  s.dur,
  s.name,
  s.track_id,
  t.utid,
  th.tid,
  th.name AS thread_name,
  th.upid,
  p.pid,
  p.name AS process_name,
  a.correlation,
  a.external_id,
  a.cbid,
  a.recorded_name,
  a.return_value,
  CAST(a.is_graph_launch AS BIGINT) AS is_graph_launch,
  s.arg_set_id,
  a.id AS api_call_id
FROM api_call a
JOIN __slice s ON s.id = a.slice_id
LEFT JOIN __track t ON t.id = s.track_id
LEFT JOIN __thread th ON th.id = t.utid
LEFT JOIN __process p ON p.id = th.upid
