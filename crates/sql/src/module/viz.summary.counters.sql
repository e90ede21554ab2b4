-- What a timeline has to know of tracks of counters before it draws them.

-- Every track that has values.
CREATE PERFETTO TABLE _counter_track_summary(
  -- Track.
  id JOINID(track.id)
) AS
SELECT DISTINCT track_id AS id FROM counter;
