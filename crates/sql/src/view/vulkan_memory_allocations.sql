-- Allocations by Vulkan; always empty: no source has them.
SELECT
  CAST(NULL AS BIGINT) AS id,
  CAST(NULL AS BIGINT) AS arg_set_id,
  CAST(NULL AS TEXT) AS source,
  CAST(NULL AS TEXT) AS operation,
  CAST(NULL AS BIGINT) AS timestamp,
  CAST(NULL AS BIGINT) AS upid,
  CAST(NULL AS BIGINT) AS device,
  CAST(NULL AS BIGINT) AS device_memory,
  CAST(NULL AS BIGINT) AS memory_type,
  CAST(NULL AS BIGINT) AS heap,
  CAST(NULL AS TEXT) AS function_name,
  CAST(NULL AS BIGINT) AS object_handle,
  CAST(NULL AS BIGINT) AS memory_address,
  CAST(NULL AS BIGINT) AS memory_size,
  CAST(NULL AS TEXT) AS scope
WHERE 1 = 0
