-- Symbols of sampled frames; always empty: no source samples stacks.
SELECT
  CAST(NULL AS BIGINT) AS id,
  CAST(NULL AS BIGINT) AS symbol_set_id,
  CAST(NULL AS TEXT) AS name,
  CAST(NULL AS TEXT) AS source_file,
  CAST(NULL AS BIGINT) AS line_number,
  CAST(NULL AS BIGINT) AS inlined
WHERE 1 = 0
