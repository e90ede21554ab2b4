-- Warnings by kind: what was lost, mended or guessed while reading.
--
-- key: Always null: no kind is split further.
-- idx: Always null: no kind is split further.
-- source: Always `analysis`: counted while reading, not recorded in the file.
-- machine_id: Always null: sources do not name machines.
-- trace_id: Always null: the count is of all sources.
SELECT
  id,
  name,
  CAST(NULL AS TEXT) AS key,
  CAST(NULL AS BIGINT) AS idx,
  severity,
  'analysis' AS source,
  value,
  description,
  CAST(NULL AS BIGINT) AS machine_id,
  CAST(NULL AS BIGINT) AS trace_id
FROM __stats
