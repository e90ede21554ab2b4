-- Arrows between slices: launch to work, forward to backward, async hand-over.
--
-- arg_set_id: Always null: category and name of a flow are columns.
SELECT
  id,
  slice_out,
  slice_in,
  trace_id,
  CAST(NULL AS BIGINT) AS arg_set_id,
  category,
  name
FROM __flow
