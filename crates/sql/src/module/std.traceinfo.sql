-- What the inputs say of themselves.

-- Every input, with when it was recorded and what rank it is of.
CREATE PERFETTO VIEW _trace_info(
  -- Input; the same as `source.id`.
  trace_id LONG,
  -- Path as given.
  path STRING,
  -- What the content is.
  format STRING,
  -- Bytes of the file.
  file_bytes LONG,
  -- Events found.
  num_events LONG,
  -- Unix time in nanoseconds of the file's time zero; null when the file does not say.
  base_unix_ns LONG,
  -- Rank; null when neither file nor name tells.
  rank LONG,
  -- Host name.
  host STRING
) AS
SELECT s.id AS trace_id, s.path, s.format, s.file_bytes, s.num_events, s.base_unix_ns, r.rank, r.host
FROM source s
LEFT JOIN rank r ON r.id = s.rank_id;
