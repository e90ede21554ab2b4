-- Slices of drawn frames; always empty: no source draws frames.
SELECT
  CAST(NULL AS BIGINT) AS id,
  CAST(NULL AS BIGINT) AS ts,
  CAST(NULL AS BIGINT) AS dur,
  CAST(NULL AS BIGINT) AS track_id,
  CAST(NULL AS TEXT) AS category,
  CAST(NULL AS TEXT) AS name,
  CAST(NULL AS BIGINT) AS depth,
  CAST(NULL AS BIGINT) AS parent_id,
  CAST(NULL AS BIGINT) AS arg_set_id,
  CAST(NULL AS BIGINT) AS frame_number,
  CAST(NULL AS TEXT) AS layer_name,
  CAST(NULL AS BIGINT) AS queue_to_acquire_time,
  CAST(NULL AS BIGINT) AS acquire_to_latch_time,
  CAST(NULL AS BIGINT) AS latch_to_present_time
WHERE 1 = 0
