-- Times in nanoseconds from and to other units, as whole numbers.

-- A time in nanoseconds as it is.
CREATE PERFETTO FUNCTION time_from_ns(
  -- Time in nanoseconds.
  value LONG
) RETURNS LONG AS SELECT $value * 1;

-- A time in microseconds as nanoseconds.
CREATE PERFETTO FUNCTION time_from_us(
  -- Time in microseconds.
  value LONG
) RETURNS LONG AS SELECT $value * 1000;

-- A time in milliseconds as nanoseconds.
CREATE PERFETTO FUNCTION time_from_ms(
  -- Time in milliseconds.
  value LONG
) RETURNS LONG AS SELECT $value * 1000000;

-- A time in seconds as nanoseconds.
CREATE PERFETTO FUNCTION time_from_s(
  -- Time in seconds.
  value LONG
) RETURNS LONG AS SELECT $value * 1000000000;

-- A time in minutes as nanoseconds.
CREATE PERFETTO FUNCTION time_from_min(
  -- Time in minutes.
  value LONG
) RETURNS LONG AS SELECT $value * 60000000000;

-- A time in hours as nanoseconds.
CREATE PERFETTO FUNCTION time_from_hours(
  -- Time in hours.
  value LONG
) RETURNS LONG AS SELECT $value * 3600000000000;

-- A time in days as nanoseconds.
CREATE PERFETTO FUNCTION time_from_days(
  -- Time in days.
  value LONG
) RETURNS LONG AS SELECT $value * 86400000000000;

-- A time in nanoseconds as it is.
CREATE PERFETTO FUNCTION time_to_ns(
  -- Time in nanoseconds.
  nanos LONG
) RETURNS LONG AS SELECT $nanos / 1;

-- A time in nanoseconds as whole microseconds, rounded towards 0.
CREATE PERFETTO FUNCTION time_to_us(
  -- Time in nanoseconds.
  nanos LONG
) RETURNS LONG AS SELECT $nanos / 1000;

-- A time in nanoseconds as whole milliseconds, rounded towards 0.
CREATE PERFETTO FUNCTION time_to_ms(
  -- Time in nanoseconds.
  nanos LONG
) RETURNS LONG AS SELECT $nanos / 1000000;

-- A time in nanoseconds as whole seconds, rounded towards 0.
CREATE PERFETTO FUNCTION time_to_s(
  -- Time in nanoseconds.
  nanos LONG
) RETURNS LONG AS SELECT $nanos / 1000000000;

-- A time in nanoseconds as whole minutes, rounded towards 0.
CREATE PERFETTO FUNCTION time_to_min(
  -- Time in nanoseconds.
  nanos LONG
) RETURNS LONG AS SELECT $nanos / 60000000000;

-- A time in nanoseconds as whole hours, rounded towards 0.
CREATE PERFETTO FUNCTION time_to_hours(
  -- Time in nanoseconds.
  nanos LONG
) RETURNS LONG AS SELECT $nanos / 3600000000000;

-- A time in nanoseconds as whole days, rounded towards 0.
CREATE PERFETTO FUNCTION time_to_days(
  -- Time in nanoseconds.
  nanos LONG
) RETURNS LONG AS SELECT $nanos / 86400000000000;
