// Writes a table in the forms that people paste elsewhere. All rows, all digits.

export type ExportFormat = "csv" | "json" | "markdown" | "tsv";
export interface TableData {
  columns: readonly string[];
  numRows: number;
  cell: (row: number, column: number) => unknown;
}

const plain = (value: unknown): string =>
  value === null || value === undefined
    ? ""
    : value instanceof Uint8Array
      ? `0x${[...value].map((byte) => byte.toString(16).padStart(2, "0")).join("")}`
      : String(value);

const csvField = (text: string): string => (/[",\n\r]/.test(text) ? `"${text.replace(/"/g, '""')}"` : text);

export function exportTable(table: TableData, format: ExportFormat): string {
  const rows = Array.from({ length: table.numRows }, (_, row) =>
    table.columns.map((_, column) => table.cell(row, column)),
  );
  switch (format) {
    case "csv":
      return [table.columns, ...rows]
        .map((row) => row.map((value) => csvField(plain(value))).join(",") + "\n")
        .join("");
    case "tsv":
      return [table.columns, ...rows]
        .map((row) => row.map((value) => plain(value).replace(/[\t\n]/g, " ")).join("\t") + "\n")
        .join("");
    case "json": {
      const value = (cell: unknown) =>
        typeof cell === "bigint" || cell instanceof Uint8Array ? plain(cell) : (cell ?? null);
      return `${JSON.stringify(
        rows.map((row) => Object.fromEntries(table.columns.map((name, i) => [name, value(row[i])]))),
        null,
        1,
      )}\n`;
    }
    case "markdown": {
      const line = (cells: readonly unknown[]) =>
        `| ${cells.map((cell) => plain(cell).replace(/\|/g, "\\|").replace(/\n/g, " ")).join(" | ")} |\n`;
      const rule = rows[0] ?? [];
      return (
        line(table.columns) +
        line(table.columns.map((_, i) => (typeof rule[i] === "number" ? "---:" : "---"))) +
        rows.map(line).join("")
      );
    }
  }
}
