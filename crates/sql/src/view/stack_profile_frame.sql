-- Frames of sampled stacks; always empty: no source samples stacks.
SELECT
  CAST(NULL AS BIGINT) AS id,
  CAST(NULL AS TEXT) AS name,
  CAST(NULL AS BIGINT) AS mapping,
  CAST(NULL AS BIGINT) AS rel_pc,
  CAST(NULL AS BIGINT) AS symbol_set_id,
  CAST(NULL AS TEXT) AS deobfuscated_name
WHERE 1 = 0
