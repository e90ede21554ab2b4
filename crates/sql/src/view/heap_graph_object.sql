-- Objects of a heap dump; always empty: no source has them.
SELECT
  CAST(NULL AS BIGINT) AS id,
  CAST(NULL AS BIGINT) AS upid,
  CAST(NULL AS BIGINT) AS graph_sample_ts,
  CAST(NULL AS BIGINT) AS self_size,
  CAST(NULL AS BIGINT) AS native_size,
  CAST(NULL AS BIGINT) AS reference_set_id,
  CAST(NULL AS BIGINT) AS reachable,
  CAST(NULL AS BIGINT) AS type_id,
  CAST(NULL AS TEXT) AS root_type,
  CAST(NULL AS BIGINT) AS root_distance
WHERE 1 = 0
