-- How much of the CPUs is used over time, where the source has scheduler data.

-- The share of the CPUs that is in use in each period. Periods are counted from time 0; one in which nothing ran has no row.
CREATE PERFETTO FUNCTION sched_system_utilization_per_period(
  -- Length of a period, in nanoseconds.
  interval LONG
)
RETURNS TABLE(
  -- Start of the period.
  ts TIMESTAMP,
  -- Share of all CPUs that anything of the trace ran on, from 0 to 1.
  utilization DOUBLE,
  -- Number of CPUs in use on average.
  unnormalized_utilization DOUBLE
) AS
SELECT
  period_ts AS ts,
  1.0 * sum(dur) / $interval / max(1, (SELECT count(DISTINCT cpu) FROM sched)) AS utilization,
  1.0 * sum(dur) / $interval AS unnormalized_utilization
FROM __interval_split((SELECT id, ts, dur FROM sched WHERE dur > 0), (SELECT $interval AS period))
GROUP BY period_ts
ORDER BY period_ts;

-- The same for periods of a second.
CREATE PERFETTO FUNCTION sched_system_utilization_per_second()
RETURNS TABLE(
  -- Start of the period.
  ts TIMESTAMP,
  -- Share of all CPUs that anything of the trace ran on, from 0 to 1.
  utilization DOUBLE,
  -- Number of CPUs in use on average.
  unnormalized_utilization DOUBLE
) AS
SELECT ts, utilization, unnormalized_utilization FROM sched_system_utilization_per_period(1000000000);
