-- Counter values, ordered by time.
SELECT
  id,
  ts,
  track_id,
  value,
  arg_set_id
FROM __counter
