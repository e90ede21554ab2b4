-- Sampled allocations; always empty: no source has them.
SELECT
  CAST(NULL AS BIGINT) AS id,
  CAST(NULL AS BIGINT) AS ts,
  CAST(NULL AS BIGINT) AS upid,
  CAST(NULL AS TEXT) AS heap_name,
  CAST(NULL AS BIGINT) AS callsite_id,
  CAST(NULL AS BIGINT) AS count,
  CAST(NULL AS BIGINT) AS size
WHERE 1 = 0
