-- Steps of PyTorch's profiler, and what in them loads data and what optimises.

-- Every step that the profiler marked (`ProfilerStep#7`).
CREATE PERFETTO VIEW torch_step(
  -- Slice of the step.
  id JOINID(slice.id),
  -- Number of the step, from its name.
  step LONG,
  -- Start.
  ts TIMESTAMP,
  -- Length.
  dur DURATION,
  -- Time in which a data loader was waited for (`enumerate(DataLoader)…`).
  data_loader_dur DURATION,
  -- Time in which an optimiser ran (`Optimizer.step…`, `Optimizer.zero_grad…`).
  optimizer_dur DURATION,
  -- GPU work launched by the process during the step.
  num_gpu_ops LONG,
  -- Durations of that work added up.
  gpu_dur DURATION,
  -- Thread.
  utid JOINID(thread.id),
  -- Process.
  upid JOINID(process.id)
) AS
WITH
  steps AS (
    SELECT id, CAST(substr(name, 14) AS INTEGER) AS step, ts, dur, utid, upid
    FROM track_event
    WHERE name GLOB 'ProfilerStep#[0-9]*' AND (category IS NULL OR category <> 'gpu_user_annotation') AND dur > 0
  ),
  scopes AS (
    SELECT
      ts,
      dur,
      upid,
      CASE WHEN name GLOB 'enumerate(DataLoader)*' THEN 'data_loader' ELSE 'optimizer' END AS kind
    FROM track_event
    WHERE (category IS NULL OR category <> 'gpu_user_annotation') AND dur > 0
      AND (name GLOB 'enumerate(DataLoader)*' OR name GLOB 'Optimizer.step*' OR name GLOB 'Optimizer.zero_grad*')
  ),
  in_scopes AS (
    -- Scopes that contain each other count once.
    SELECT id_0 AS id, kind, sum(dur) AS dur
    FROM (
      SELECT i.id_0, i.dur, m.kind
      FROM __interval_intersect(
        (SELECT id, ts, dur, upid FROM steps),
        (SELECT 0 AS id, ts, dur, upid, kind FROM __interval_merge_overlapping(
           (SELECT ts, dur, upid, kind FROM scopes WHERE kind = 'data_loader'), (SELECT 0 AS epsilon), '(upid, kind)')),
        '(upid)') i
      CROSS JOIN (SELECT 'data_loader' AS kind) m
      UNION ALL
      SELECT i.id_0, i.dur, m.kind
      FROM __interval_intersect(
        (SELECT id, ts, dur, upid FROM steps),
        (SELECT 0 AS id, ts, dur, upid, kind FROM __interval_merge_overlapping(
           (SELECT ts, dur, upid, kind FROM scopes WHERE kind = 'optimizer'), (SELECT 0 AS epsilon), '(upid, kind)')),
        '(upid)') i
      CROSS JOIN (SELECT 'optimizer' AS kind) m
    )
    GROUP BY id_0, kind
  ),
  work AS (
    SELECT p.id, count(*) AS num_gpu_ops, sum(g.dur) AS gpu_dur
    FROM steps p
    JOIN cuda_api a ON a.upid = p.upid AND a.ts >= p.ts AND a.ts < p.ts + p.dur
    JOIN launch l ON l.api_slice_id = a.id
    JOIN slice g ON g.id = l.gpu_slice_id
    GROUP BY p.id
  )
SELECT
  p.id,
  p.step,
  p.ts,
  p.dur,
  ifnull(d.dur, 0) AS data_loader_dur,
  ifnull(o.dur, 0) AS optimizer_dur,
  ifnull(w.num_gpu_ops, 0) AS num_gpu_ops,
  ifnull(w.gpu_dur, 0) AS gpu_dur,
  p.utid,
  p.upid
FROM steps p
LEFT JOIN in_scopes d ON d.id = p.id AND d.kind = 'data_loader'
LEFT JOIN in_scopes o ON o.id = p.id AND o.kind = 'optimizer'
LEFT JOIN work w ON w.id = p.id;
