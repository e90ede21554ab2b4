-- Samples of call stacks; always empty: no source has them.
SELECT
  CAST(NULL AS BIGINT) AS id,
  CAST(NULL AS BIGINT) AS ts,
  CAST(NULL AS BIGINT) AS utid,
  CAST(NULL AS BIGINT) AS cpu,
  CAST(NULL AS BIGINT) AS callsite_id,
  CAST(NULL AS TEXT) AS unwind_error,
  CAST(NULL AS BIGINT) AS session_id
WHERE 1 = 0
