-- Callsites of sampled stacks; always empty: no source samples stacks.
SELECT
  CAST(NULL AS BIGINT) AS id,
  CAST(NULL AS BIGINT) AS depth,
  CAST(NULL AS BIGINT) AS parent_id,
  CAST(NULL AS BIGINT) AS frame_id
WHERE 1 = 0
