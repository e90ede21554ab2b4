-- Packages of the system; always empty: no source has them.
SELECT
  CAST(NULL AS BIGINT) AS id,
  CAST(NULL AS TEXT) AS package_name,
  CAST(NULL AS BIGINT) AS uid,
  CAST(NULL AS BIGINT) AS debuggable,
  CAST(NULL AS BIGINT) AS profileable_from_shell,
  CAST(NULL AS BIGINT) AS version_code
WHERE 1 = 0
