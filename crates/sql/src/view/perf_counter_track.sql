-- Tracks of hardware counters; always empty: no source has them.
SELECT
  CAST(NULL AS BIGINT) AS id,
  CAST(NULL AS TEXT) AS name,
  CAST(NULL AS TEXT) AS type,
  CAST(NULL AS BIGINT) AS parent_id,
  CAST(NULL AS BIGINT) AS source_arg_set_id,
  CAST(NULL AS BIGINT) AS machine_id,
  CAST(NULL AS TEXT) AS unit,
  CAST(NULL AS TEXT) AS description,
  CAST(NULL AS BIGINT) AS perf_session_id,
  CAST(NULL AS BIGINT) AS cpu,
  CAST(NULL AS BIGINT) AS is_timebase
WHERE 1 = 0
