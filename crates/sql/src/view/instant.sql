-- Slices of duration 0.
SELECT
  ts,
  track_id,
  name,
  arg_set_id
FROM __slice
WHERE dur = 0
