-- Machines; always empty: sources do not name them.
SELECT
  CAST(NULL AS BIGINT) AS id,
  CAST(NULL AS BIGINT) AS raw_id,
  CAST(NULL AS TEXT) AS name,
  CAST(NULL AS TEXT) AS sysname,
  CAST(NULL AS TEXT) AS release,
  CAST(NULL AS TEXT) AS version,
  CAST(NULL AS TEXT) AS arch,
  CAST(NULL AS BIGINT) AS num_cpus,
  CAST(NULL AS TEXT) AS android_build_fingerprint,
  CAST(NULL AS TEXT) AS android_device_manufacturer,
  CAST(NULL AS BIGINT) AS android_sdk_version,
  CAST(NULL AS BIGINT) AS system_ram_bytes,
  CAST(NULL AS BIGINT) AS system_ram_gb
WHERE 1 = 0
