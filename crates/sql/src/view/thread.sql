-- Threads, GPU streams among them: a Kineto trace writes each stream as a thread of its GPU.
--
-- utid: The same as `id`; thread ids repeat between processes, this does not.
-- is_main_thread: 1 for the process's first thread, else 0.
-- is_idle: Always 0: no source has idle threads.
-- machine_id: Always null: sources do not name machines.
SELECT
  id,
  id AS utid,
  tid,
  name,
  start_ts,
  end_ts,
  upid,
  CAST(is_main_thread AS BIGINT) AS is_main_thread,
  CAST(0 AS BIGINT) AS is_idle,
  CAST(NULL AS BIGINT) AS machine_id,
  arg_set_id,
  sort_index,
  role
FROM __thread
