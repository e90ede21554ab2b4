-- Scheduling states of threads, where the source has them.
--
-- io_wait: 1 while waiting for input or output, else 0; null when not known.
-- waker_utid: Always null: no source tells who wakes.
-- waker_id: Always null: no source tells who wakes.
-- irq_context: Always null.
-- ucpu: The same as `cpu`.
SELECT
  id,
  ts,
  dur,
  cpu,
  utid,
  state,
  CAST(io_wait AS BIGINT) AS io_wait,
  blocked_function,
  CAST(NULL AS BIGINT) AS waker_utid,
  CAST(NULL AS BIGINT) AS waker_id,
  CAST(NULL AS BIGINT) AS irq_context,
  cpu AS ucpu
FROM __thread_state
