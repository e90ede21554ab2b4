-- What a timeline has to know of tracks of slices before it draws them.

-- Every track that has slices.
CREATE PERFETTO TABLE _slice_track_summary(
  -- Track.
  id JOINID(track.id),
  -- Number of slices.
  cnt LONG,
  -- Shortest.
  min_dur DURATION,
  -- Longest.
  max_dur DURATION,
  -- Greatest depth.
  max_depth LONG
) AS
SELECT track_id AS id, count(*) AS cnt, min(dur) AS min_dur, max(dur) AS max_dur, max(depth) AS max_depth
FROM slice
GROUP BY track_id;
