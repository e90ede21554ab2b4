-- Slices, states and counters drawn as SVG, for reports. Each macro gives one row with one column `svg`; its text is an SVG document
-- that is 1000 units wide, and a tooltip says what a box is.

-- A text as XML has it.
CREATE PERFETTO FUNCTION _svg_text(
  -- Any text.
  value STRING
) RETURNS STRING AS
SELECT replace(replace(replace(replace(ifnull($value, ''), '&', '&amp;'), '<', '&lt;'), '>', '&gt;'), '"', '&quot;');

-- A colour for a name, the same one for the same name.
CREATE PERFETTO FUNCTION _svg_color(
  -- Any name.
  name STRING
) RETURNS STRING AS
SELECT 'hsl(' || ((hash(CAST(ifnull($name, '') AS TEXT)) % 360 + 360) % 360) || ',55%,65%)';

-- A document of some height around what is drawn.
CREATE PERFETTO FUNCTION _svg_document(
  -- Height.
  height LONG,
  -- What is drawn; null for nothing.
  content STRING
) RETURNS STRING AS
SELECT '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1000 ' || $height
  || '" font-family="sans-serif" font-size="11">' || ifnull($content, '') || '</svg>';

-- A box with its name and tooltip.
CREATE PERFETTO FUNCTION _svg_box(
  -- Left edge.
  x DOUBLE,
  -- Upper edge.
  y LONG,
  -- Width.
  width DOUBLE,
  -- Name.
  name STRING,
  -- Length, for the tooltip.
  dur LONG
) RETURNS STRING AS
SELECT printf(
    '<g><title>%s (%d ns)</title><rect x="%.3f" y="%d" width="%.3f" height="18" fill="%s"/>',
    _svg_text($name), $dur, $x, $y, $width, _svg_color($name))
  || iif(
    $width >= 7 * length(ifnull($name, '')) AND $name IS NOT NULL,
    printf('<text x="%.3f" y="%d">%s</text>', $x + 3, $y + 13, _svg_text($name)),
    '')
  || '</g>';

-- Slices as boxes, in a row for each depth.
CREATE PERFETTO MACRO export_slices_to_svg(
  -- Slices: `ts`, `dur`, `depth`, `name`. Those without an end reach to the last end.
  slices TableOrSubquery
)
RETURNS TableOrSubquery AS
(
  SELECT _svg_document(
    20 * (ifnull(max(depth), -1) + 1),
    group_concat(
      _svg_box(
        1000.0 * (ts - first_ts) / max(1, last_ts - first_ts),
        20 * depth,
        max(0.1, 1000.0 * (iif(dur < 0, last_ts - ts, dur)) / max(1, last_ts - first_ts)),
        name,
        dur),
      '' ORDER BY depth, ts)) AS svg
  FROM (
    SELECT
      ts, dur, depth, name,
      min(ts) OVER () AS first_ts,
      max(ts + max(dur, 0)) OVER () AS last_ts
    FROM $slices
  )
);

-- States one after the other, in one row.
CREATE PERFETTO MACRO export_states_to_svg(
  -- States: `ts`, `dur`, `state`.
  states TableOrSubquery
)
RETURNS TableOrSubquery AS
(
  SELECT _svg_document(
    20,
    group_concat(
      _svg_box(
        1000.0 * (ts - first_ts) / max(1, last_ts - first_ts),
        0,
        max(0.1, 1000.0 * (iif(dur < 0, last_ts - ts, dur)) / max(1, last_ts - first_ts)),
        state,
        dur),
      '' ORDER BY ts)) AS svg
  FROM (
    SELECT
      ts, dur, CAST(state AS TEXT) AS state,
      min(ts) OVER () AS first_ts,
      max(ts + max(dur, 0)) OVER () AS last_ts
    FROM $states
  )
);

-- A counter as a bar for each of its values, upwards from its lowest value or from 0, whichever is lower.
CREATE PERFETTO MACRO export_counter_to_svg(
  -- Values with how long each holds: `ts`, `dur`, `value`, as `counter_leading_intervals!` gives them.
  intervals TableOrSubquery
)
RETURNS TableOrSubquery AS
(
  SELECT _svg_document(
    100,
    group_concat(
      printf(
        '<g><title>%s</title><rect x="%.3f" y="%.3f" width="%.3f" height="%.3f" fill="hsl(210,55%%,65%%)"/></g>',
        CAST(value AS TEXT),
        1000.0 * (ts - first_ts) / max(1, last_ts - first_ts),
        100.0 * (highest - value) / span,
        max(0.1, 1000.0 * (iif(dur < 0, last_ts - ts, dur)) / max(1, last_ts - first_ts)),
        100.0 * (value - lowest) / span),
      '' ORDER BY ts)) AS svg
  FROM (
    SELECT
      ts, dur, value, first_ts, last_ts, lowest, highest,
      iif(highest > lowest, highest - lowest, 1.0) AS span
    FROM (
      SELECT
        ts, dur, CAST(value AS DOUBLE) AS value,
        min(ts) OVER () AS first_ts,
        max(ts + max(dur, 0)) OVER () AS last_ts,
        min(0.0, min(CAST(value AS DOUBLE)) OVER ()) AS lowest,
        max(0.0, max(CAST(value AS DOUBLE)) OVER ()) AS highest
      FROM $intervals
    )
  )
);
