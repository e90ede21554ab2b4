-- Macros over lists of tables.

-- A macro for each table of a list, with commas between.
CREATE PERFETTO MACRO _metasql_map_join_table_list(
  -- Tables, in parentheses.
  tables _TableNameList,
  -- Macro of one argument.
  map_macro _Macro
) RETURNS _SqlFragment AS
__intrinsic_token_apply!($map_macro, $tables);

-- The same, where the macro gets further arguments, the same for each table.
CREATE PERFETTO MACRO _metasql_map_join_table_list_with_capture(
  -- Tables, in parentheses.
  tables _TableNameList,
  -- Macro of one argument and the further ones.
  map_macro _Macro,
  -- Further arguments of the macro, in parentheses.
  args _ArgumentList
)
RETURNS _SqlFragment AS
__intrinsic_token_apply_with_capture!($map_macro, $tables, $args);
