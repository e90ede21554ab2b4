-- The trace for the Firefox Profiler.

-- A profile of Firefox's format (Gecko, version 29) with every slice of a thread as a marker, as JSON. Write it to a
-- file and open that in the Firefox Profiler. Slices that were never closed are markers of an instant.
CREATE PERFETTO FUNCTION export_to_firefox_profile()
RETURNS STRING AS
WITH
  named AS (
    SELECT
      t.utid,
      s.id,
      s.name,
      (s.ts - trace_start()) / 1e6 AS start_ms,
      (s.ts - trace_start() + max(s.dur, 0)) / 1e6 AS end_ms,
      s.dur,
      s.category,
      dense_rank() OVER (PARTITION BY t.utid ORDER BY s.name) - 1 AS name_index
    FROM slice s
    JOIN thread_track t ON t.id = s.track_id
  ),
  markers AS (
    SELECT
      utid,
      json_group_array(json_array(
        name_index,
        start_ms,
        iif(dur > 0, end_ms, NULL),
        iif(dur > 0, 1, 0),
        0,
        json_object('type', 'Text', 'name', ifnull(category, ''))
      ) ORDER BY id) AS data
    FROM named
    GROUP BY utid
  ),
  texts AS (
    SELECT utid, json_group_array(name ORDER BY name_index) AS data
    FROM (SELECT DISTINCT utid, name_index, name FROM named)
    GROUP BY utid
  ),
  threads AS (
    SELECT json_group_array(json_object(
      'name', ifnull(th.name, 'Thread ' || th.tid),
      'isMainThread', json(iif(th.is_main_thread, 'true', 'false')),
      'processType', 'default',
      'processName', ifnull(p.name, 'Process ' || p.pid),
      'tid', th.tid,
      'pid', p.pid,
      'registerTime', 0,
      'unregisterTime', NULL,
      'markers', json_object(
        'schema', json('{"name":0,"startTime":1,"endTime":2,"phase":3,"category":4,"data":5}'),
        'data', json(m.data)),
      'samples', json('{"schema":{"stack":0,"time":1,"eventDelay":2},"data":[]}'),
      'frameTable', json(
        '{"schema":{"location":0,"relevantForJS":1,"innerWindowID":2,"implementation":3,"line":4,"column":5,"category":6,"subcategory":7},"data":[]}'),
      'stackTable', json('{"schema":{"prefix":0,"frame":1},"data":[]}'),
      'stringTable', json(x.data)
    ) ORDER BY th.utid) AS data
    FROM thread th
    JOIN markers m ON m.utid = th.utid
    JOIN texts x ON x.utid = th.utid
    LEFT JOIN process p ON p.upid = th.upid
  )
SELECT json_object(
  'meta', json(
    '{"version":29,"interval":1,"stackwalk":0,"debug":0,"gcpoison":0,"asyncstack":0,"processType":0,"startTime":0,"shutdownTime":null,"product":"Kinetoscope","presymbolicated":true,"categories":[{"name":"Other","color":"grey","subcategories":["Other"]}],"markerSchema":[{"name":"Text","tableLabel":"{marker.name}","display":["marker-chart","marker-table"],"data":[{"key":"name","label":"Category","format":"string"}]}]}'),
  'libs', json('[]'),
  'pausedRanges', json('[]'),
  'processes', json('[]'),
  'threads', json((SELECT data FROM threads))
);
