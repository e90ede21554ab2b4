-- Wakeups that were not needed; always empty: no source has them.
SELECT
  CAST(NULL AS BIGINT) AS id,
  CAST(NULL AS BIGINT) AS ts,
  CAST(NULL AS BIGINT) AS thread_state_id,
  CAST(NULL AS BIGINT) AS irq_context,
  CAST(NULL AS BIGINT) AS utid,
  CAST(NULL AS BIGINT) AS waker_utid
WHERE 1 = 0
