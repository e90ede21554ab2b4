-- Mapped files of sampled processes; always empty: no source samples stacks.
SELECT
  CAST(NULL AS BIGINT) AS id,
  CAST(NULL AS TEXT) AS build_id,
  CAST(NULL AS BIGINT) AS exact_offset,
  CAST(NULL AS BIGINT) AS start_offset,
  CAST(NULL AS BIGINT) AS start,
  CAST(NULL AS BIGINT) AS "end",
  CAST(NULL AS BIGINT) AS load_bias,
  CAST(NULL AS TEXT) AS name
WHERE 1 = 0
