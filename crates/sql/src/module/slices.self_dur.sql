-- Slices without what they contain.

-- How long each slice ran without what it contains directly.
CREATE PERFETTO VIEW slice_self_dur(
  -- Slice.
  id JOINID(slice.id),
  -- Its length without that of the slices it contains directly.
  self_dur DURATION
) AS
SELECT s.id, s.dur - coalesce(c.dur, 0) AS self_dur
FROM slice s
LEFT JOIN (SELECT parent_id, sum(dur) AS dur FROM slice WHERE parent_id IS NOT NULL GROUP BY parent_id) c
  ON c.parent_id = s.id;
