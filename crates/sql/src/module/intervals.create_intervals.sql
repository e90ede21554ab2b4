-- Intervals made from starts and ends.

-- An interval from each start (ts) to the first end (ts) after it.
CREATE PERFETTO MACRO _interval_create(
  -- Starts: `ts`.
  starts_table TableOrSubquery,
  -- Ends: `ts`.
  ends_table TableOrSubquery
)
RETURNS TableOrSubquery AS
(SELECT * FROM __interval_create((SELECT * FROM $starts_table), (SELECT * FROM $ends_table)));
