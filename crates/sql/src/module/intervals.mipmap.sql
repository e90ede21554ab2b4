-- Times as buckets of one length: what a timeline of some width needs of intervals.

-- The start of the bucket that a time is in, buckets being counted from time 0.
CREATE PERFETTO MACRO _mipmap_bucket(
  -- Time.
  ts Expr,
  -- Length of a bucket, above 0.
  bucket_dur Expr
)
RETURNS Expr AS
(($ts) - (($ts) % ($bucket_dur) + ($bucket_dur)) % ($bucket_dur));

-- Intervals cut at the bounds of buckets: `id`, `ts`, `dur`, `bucket_ts`.
CREATE PERFETTO MACRO _mipmap_buckets(
  -- Intervals: `id`, `ts`, `dur`.
  intervals TableOrSubquery,
  -- Length of a bucket, above 0.
  bucket_dur Expr
)
RETURNS TableOrSubquery AS
(SELECT id, ts, dur, period_ts AS bucket_ts FROM __interval_split((SELECT * FROM $intervals), (SELECT $bucket_dur AS period)));

-- How much of each bucket intervals take, which may be more than the bucket where they overlap: `bucket_ts`, `dur`, `count`.
CREATE PERFETTO MACRO _mipmap_bucket_durations(
  -- Intervals: `id`, `ts`, `dur`.
  intervals TableOrSubquery,
  -- Length of a bucket, above 0.
  bucket_dur Expr
)
RETURNS TableOrSubquery AS
(SELECT period_ts AS bucket_ts, sum(dur) AS dur, count(*) AS count
 FROM __interval_split((SELECT * FROM $intervals), (SELECT $bucket_dur AS period))
 GROUP BY period_ts);
