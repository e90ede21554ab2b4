-- Values of counters as intervals.

-- How long counters (id, ts, track_id, value) keep each value; the last one lasts to the end of the trace.
CREATE PERFETTO MACRO counter_leading_intervals(
  -- Values of counters: `id`, `ts`, `track_id`, `value`.
  counter_table TableOrSubquery
)
RETURNS TableOrSubquery AS
(SELECT * FROM __counter_leading_intervals((SELECT * FROM $counter_table), (SELECT trace_end() AS ts)));
