-- Counter values with the name and unit of their track.
--
-- name: Name of the counter.
SELECT
  c.id,
  c.ts,
  c.track_id,
  c.value,
  c.arg_set_id,
  t.name,
  t.unit
FROM __counter c
JOIN __track t ON t.id = c.track_id
