-- Changes of the thread that a CPU runs; empty unless the source has scheduler data.
--
-- ts: When the thread begins to run.
-- cpu: CPU.
-- utid: Thread that begins to run.
-- prev_utid: Thread that ran on the CPU before; null for the first.
-- prev_end_ts: When that one had stopped.
SELECT
  ts,
  cpu,
  utid,
  lag(utid) OVER (PARTITION BY cpu ORDER BY ts) AS prev_utid,
  lag(ts + dur) OVER (PARTITION BY cpu ORDER BY ts) AS prev_end_ts
FROM __thread_state
WHERE state = 'Running' AND cpu IS NOT NULL
