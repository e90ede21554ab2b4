-- Frames as shown; always empty: no source draws frames.
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
  CAST(NULL AS BIGINT) AS display_frame_token,
  CAST(NULL AS BIGINT) AS surface_frame_token,
  CAST(NULL AS BIGINT) AS upid,
  CAST(NULL AS TEXT) AS layer_name,
  CAST(NULL AS TEXT) AS present_type,
  CAST(NULL AS BIGINT) AS on_time_finish,
  CAST(NULL AS BIGINT) AS gpu_composition,
  CAST(NULL AS TEXT) AS jank_type,
  CAST(NULL AS TEXT) AS prediction_type,
  CAST(NULL AS TEXT) AS jank_tag
WHERE 1 = 0
