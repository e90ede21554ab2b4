-- First start and last end of everything in the trace: one row.
--
-- start_ts: First start.
-- end_ts: Last end.
SELECT
  start_ts,
  end_ts
FROM __trace_bounds
