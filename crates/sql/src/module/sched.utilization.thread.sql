-- How much of the CPUs a thread uses over time, where the source has scheduler data.

-- The share of the CPUs that a thread uses in each period. Periods are counted from time 0; one in which it never ran has no row.
CREATE PERFETTO FUNCTION sched_thread_utilization_per_period(
  -- Length of a period, in nanoseconds.
  interval LONG,
  -- Thread.
  utid JOINID(thread.id)
)
RETURNS TABLE(
  -- Start of the period.
  ts TIMESTAMP,
  -- Share of all CPUs that anything of the trace ran on, from 0 to 1.
  utilization DOUBLE,
  -- Share of one CPU: 2 is two CPUs in use all the time.
  unnormalized_utilization DOUBLE
) AS
SELECT
  period_ts AS ts,
  1.0 * sum(dur) / $interval / max(1, (SELECT count(DISTINCT cpu) FROM sched)) AS utilization,
  1.0 * sum(dur) / $interval AS unnormalized_utilization
FROM __interval_split(
  (SELECT id, ts, dur FROM sched WHERE utid = $utid AND dur > 0),
  (SELECT $interval AS period))
GROUP BY period_ts
ORDER BY period_ts;

-- The same for periods of a second.
CREATE PERFETTO FUNCTION sched_thread_utilization_per_second(
  -- Thread.
  utid JOINID(thread.id)
)
RETURNS TABLE(
  -- Start of the period.
  ts TIMESTAMP,
  -- Share of all CPUs that anything of the trace ran on, from 0 to 1.
  utilization DOUBLE,
  -- Share of one CPU: 2 is two CPUs in use all the time.
  unnormalized_utilization DOUBLE
) AS
SELECT ts, utilization, unnormalized_utilization FROM sched_thread_utilization_per_period(1000000000, $utid);
