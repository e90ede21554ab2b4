import { expect, it } from "vitest";
import { exportTable } from "./export_table.ts";

const cells = [
  ['void f<1, 2>("x")', 5],
  ["a|b", null],
];
const table = { columns: ["name", "dur"], numRows: 2, cell: (row: number, column: number) => cells[row]![column] };

it("quotes what a format needs quoted", () => {
  expect(exportTable(table, "csv")).toBe('name,dur\n"void f<1, 2>(""x"")",5\na|b,\n');
  expect(exportTable(table, "markdown")).toBe(
    '| name | dur |\n| --- | ---: |\n| void f<1, 2>("x") | 5 |\n| a\\|b |  |\n',
  );
  expect(JSON.parse(exportTable(table, "json"))).toEqual([
    { name: 'void f<1, 2>("x")', dur: 5 },
    { name: "a|b", dur: null },
  ]);
  expect(exportTable(table, "tsv")).toBe('name\tdur\nvoid f<1, 2>("x")\t5\na|b\t\n');
});
