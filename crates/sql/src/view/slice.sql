-- Spans of time on tracks, ordered by start. An instant is a slice of duration 0.
--
-- thread_instruction_count: Always null: no source counts instructions.
-- thread_instruction_delta: Always null: no source counts instructions.
-- cat: The same as `category`.
-- slice_id: The same as `id`.
SELECT
  id,
  ts,
  dur,
  track_id,
  category,
  name,
  depth,
  parent_id,
  arg_set_id,
  thread_ts,
  thread_dur,
  CAST(NULL AS BIGINT) AS thread_instruction_count,
  CAST(NULL AS BIGINT) AS thread_instruction_delta,
  category AS cat,
  id AS slice_id,
  source_offset
FROM __slice
