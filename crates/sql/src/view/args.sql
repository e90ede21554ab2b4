-- Arguments of slices, counters, tracks, threads and processes: one row per value.
--
-- id: Rises with the row; not dense.
-- arg_set_id: Set the argument belongs to.
-- flat_key: Key without places in arrays, e.g. `args.grid`.
-- key: Key, e.g. `args.grid[0]`.
-- int_value: Value, when it is a whole number; true and false are 1 and 0.
-- string_value: Value, when it is text.
-- real_value: Value, when it is any other number.
-- value_type: `int`, `uint`, `real`, `string` or `bool`.
-- display_value: Value as text, whatever its type.
SELECT
  id,
  arg_set_id,
  flat_key,
  key,
  int_value,
  string_value,
  real_value,
  value_type,
  display_value
FROM __args
