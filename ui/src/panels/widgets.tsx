// Small parts that several panels share: links to slices, values that copy themselves, tables, exports.
import { useSignal } from "@preact/signals";
import { Virtualizer, elementScroll, observeElementOffset, observeElementRect } from "@tanstack/virtual-core";
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { type ExportFormat, exportTable, type TableData } from "../logic/export_table.ts";
import { formatNanos } from "../base/format.ts";
import * as store from "../state/store.ts";
import { goToSlice } from "./jump.ts";

export function SliceLink({ id, children }: { id: number; children: ComponentChildren }) {
  return (
    <button class="link" onClick={() => void goToSlice(id)} title={`Go to slice ${id}`}>
      {children}
    </button>
  );
}

export function Time({ nanos }: { nanos: number | null }) {
  if (nanos === null) return <span class="faint">never ended</span>;
  return <span class="num">{formatNanos(nanos, store.settings.value.timeFormat)}</span>;
}

export function saveAs(name: string, content: string | ArrayBuffer, type: string): void {
  const url = URL.createObjectURL(new Blob([content], { type }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
}

const EXPORTS: { format: ExportFormat; label: string; type: string; extension: string }[] = [
  { format: "csv", label: "CSV", type: "text/csv", extension: "csv" },
  { format: "json", label: "JSON", type: "application/json", extension: "json" },
  { format: "markdown", label: "Markdown", type: "text/markdown", extension: "md" },
];

export function ExportButtons({ name, table }: { name: string; table: () => TableData }) {
  return (
    <span class="buttons" role="group" aria-label="Export">
      {EXPORTS.map(({ format, label, type, extension }) => (
        <button
          key={format}
          class="small"
          onClick={() => saveAs(`${name}.${extension}`, exportTable(table(), format), type)}
        >
          {label}
        </button>
      ))}
      <button
        class="small"
        onClick={() => {
          const data = table();
          const done = () => store.notify(`${data.numRows} rows copied.`);
          navigator.clipboard.writeText(exportTable(data, "tsv")).then(done, store.reportError);
        }}
      >
        Copy
      </button>
    </span>
  );
}

export interface GridColumn {
  name: string;
  isNumber: boolean;
  /** In pixels. */
  width: number;
  /** Takes what room is left. */
  grows?: boolean;
}
interface GridProps {
  columns: readonly GridColumn[];
  numRows: number;
  cell: (row: number, column: number) => ComponentChildren;
  label: string;
  sort?: { column: number; isDescending: boolean } | null;
  onSort?: (column: number) => void;
  onRow?: (row: number) => void;
}
const ROW_PX = 22;

/** A table of any length: only the rows on the screen exist. */
export function Grid(props: GridProps) {
  const { columns, numRows, cell, label, sort, onSort } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const version = useSignal(0);
  const virtualizer = useRef<Virtualizer<HTMLDivElement, Element> | null>(null);
  const options = {
    count: numRows,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_PX,
    overscan: 8,
    scrollToFn: elementScroll,
    observeElementRect,
    observeElementOffset,
    onChange: () => {
      version.value++;
    },
  };
  if (virtualizer.current === null) virtualizer.current = new Virtualizer(options);
  virtualizer.current.setOptions(options);
  useEffect(() => {
    const cleanup = virtualizer.current!._didMount();
    virtualizer.current!._willUpdate();
    return cleanup;
  }, []);
  useEffect(() => virtualizer.current!._willUpdate());
  void version.value;
  const items = virtualizer.current.getVirtualItems();
  const trackOf = (column: GridColumn) =>
    column.grows === true ? `minmax(${column.width}px, 1fr)` : `${column.width}px`;
  const style = { gridTemplateColumns: columns.map(trackOf).join(" ") };
  const width = columns.reduce((sum, column) => sum + column.width, 0);
  return (
    <div class="grid" ref={scroller} role="table" aria-label={label} aria-rowcount={numRows + 1} tabIndex={0}>
      <div class="grid-head" role="row" style={{ ...style, minWidth: `${width}px` }}>
        {columns.map((column, i) => (
          <div
            key={i}
            role="columnheader"
            class={column.isNumber ? "num" : ""}
            aria-sort={sort?.column === i ? (sort.isDescending ? "descending" : "ascending") : undefined}
          >
            {onSort === undefined ? (
              column.name
            ) : (
              <button onClick={() => onSort(i)}>
                {column.name}
                {sort?.column === i ? (sort.isDescending ? " ↓" : " ↑") : ""}
              </button>
            )}
          </div>
        ))}
      </div>
      <div style={{ height: `${numRows * ROW_PX}px`, position: "relative", minWidth: `${width}px` }}>
        {items.map((item) => (
          <div
            key={item.index}
            role="row"
            class="grid-row"
            aria-rowindex={item.index + 2}
            style={{ ...style, transform: `translateY(${item.start}px)` }}
            onDblClick={() => props.onRow?.(item.index)}
          >
            {columns.map((column, i) => (
              <div key={i} role="cell" class={column.isNumber ? "num" : ""}>
                {cell(item.index, i)}
              </div>
            ))}
          </div>
        ))}
      </div>
    </div>
  );
}
