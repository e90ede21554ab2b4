import { expect, it } from "vitest";
import { createdNames, leavesSomething, neededScripts } from "./sql_scripts.ts";

it("knows the names that a script creates, however it is written", () => {
  expect(createdNames("create view v as select 1; CREATE OR REPLACE PERFETTO TABLE Big AS select 2")).toEqual([
    "v",
    "big",
  ]);
  expect(createdNames("create perfetto function f(x INT) returns INT as select $x")).toEqual(["f"]);
  expect(createdNames("create perfetto macro m(x Expr) returns Expr as $x")).toEqual(["m"]);
  expect(createdNames('create temp table if not exists "t" as select 1')).toEqual(["t"]);
  expect(createdNames("create virtual table s using span_join(a, b)")).toEqual(["s"]);
  expect(createdNames("select create_function('g(x INT)', 'INT', 'select $x')")).toEqual(["g"]);
  expect(createdNames("-- create view no\nselect 'create view no', /* create view no */ 1")).toEqual([]);
});

it("tells what leaves something behind", () => {
  expect(leavesSomething("include perfetto module slices.with_context")).toBe(true);
  expect(leavesSomething("create view v as select 1")).toBe(true);
  expect(leavesSomething("select * from created_view")).toBe(false);
});

it("takes the scripts that lead to what is named, in their order, and modules", () => {
  const a = "create view a as select * from slice";
  const b = "create view b as select * from a";
  const other = "create view other as select 1";
  const module = "include perfetto module gpu.utilization;";
  expect(neededScripts([a, other, module, b], "select ts, dur from b")).toEqual([a, module, b]);
  expect(neededScripts([a, other, b], "select ts from slice")).toEqual([]);
  expect(neededScripts([a, b], "select 'b' from slice -- a")).toEqual([]);
  // Made anew: both are run, as they were.
  expect(neededScripts([a, b, "create or replace view a as select 2"], "select * from A")).toHaveLength(2);
});
