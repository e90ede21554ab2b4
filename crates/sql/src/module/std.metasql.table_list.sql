-- Macros over lists of tables.

-- A macro for each table of a list, with commas between.
CREATE PERFETTO MACRO _metasql_map_join_table_list(tables _TableNameList, map_macro _Macro) RETURNS _SqlFragment AS
__intrinsic_token_apply!($map_macro, $tables);

-- The same, where the macro gets further arguments, the same for each table.
CREATE PERFETTO MACRO _metasql_map_join_table_list_with_capture(
  tables _TableNameList, map_macro _Macro, args _ArgumentList)
RETURNS _SqlFragment AS
__intrinsic_token_apply_with_capture!($map_macro, $tables, $args);
