-- References of a heap dump; always empty: no source has them.
SELECT
  CAST(NULL AS BIGINT) AS id,
  CAST(NULL AS BIGINT) AS reference_set_id,
  CAST(NULL AS BIGINT) AS owner_id,
  CAST(NULL AS BIGINT) AS owned_id,
  CAST(NULL AS TEXT) AS field_name,
  CAST(NULL AS TEXT) AS field_type_name,
  CAST(NULL AS TEXT) AS deobfuscated_field_name
WHERE 1 = 0
