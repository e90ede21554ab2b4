-- Classes of a heap dump; always empty: no source has them.
SELECT
  CAST(NULL AS BIGINT) AS id,
  CAST(NULL AS TEXT) AS name,
  CAST(NULL AS TEXT) AS deobfuscated_name,
  CAST(NULL AS TEXT) AS location,
  CAST(NULL AS BIGINT) AS superclass_id,
  CAST(NULL AS BIGINT) AS classloader_id,
  CAST(NULL AS TEXT) AS kind
WHERE 1 = 0
