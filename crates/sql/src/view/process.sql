-- Processes, GPUs among them: a Kineto trace writes each GPU as a process.
--
-- upid: The same as `id`; process ids repeat between ranks, this does not.
-- parent_upid: Always null: no source tells parents.
-- uid: Always null: no source tells users.
-- android_appid: Always null.
-- android_user_id: Always null.
-- cmdline: Always null: no source tells command lines.
-- machine_id: Always null: sources do not name machines.
SELECT
  id,
  id AS upid,
  pid,
  name,
  start_ts,
  end_ts,
  CAST(NULL AS BIGINT) AS parent_upid,
  CAST(NULL AS BIGINT) AS uid,
  CAST(NULL AS BIGINT) AS android_appid,
  CAST(NULL AS BIGINT) AS android_user_id,
  CAST(NULL AS TEXT) AS cmdline,
  arg_set_id,
  CAST(NULL AS BIGINT) AS machine_id,
  sort_index,
  labels,
  role,
  device_id,
  source_id
FROM __process
