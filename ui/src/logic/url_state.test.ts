import { expect, it } from "vitest";
import { decodeUrlState, emptyUrlState, encodeUrlState, type UrlState } from "./url_state.ts";

it("carries everything there and back", () => {
  const state: UrlState = {
    trace: "0",
    view: { start: 10, end: 9_007_199_254_740_991 },
    slice: 42,
    area: { start: 1, end: 2, tracks: [3, 14] },
    pins: ["gpu/0/s7", "cpu/1&2=#é"],
    marks: [
      { start: 5, end: null, text: "flag - with dash", isTemporary: false },
      { start: 5, end: 6, text: "", isTemporary: true },
    ],
    folded: [
      ["cpu", true],
      ["cpu/1", false],
    ],
    scroll: 120,
    filter: "stream, main",
    sliceFilter: "nccl",
    thin: ["cpu/1", "cpu/2"],
    workspaces: [
      { name: "GPU = mine", keys: ["gpu/0/s7", "cpu/1&2=#é"] },
      { name: "empty", keys: [] },
    ],
    workspace: "GPU = mine",
    counters: [["gpu/0/counter/sm active", { shows: "rate", scale: "log", height: 96 }]],
    recipes: [
      {
        before: ["create view v as select 1"],
        sql: "select ts,\n dur from slice",
        set: 1,
        ts: "ts",
        dur: null,
        name: "name",
        value: null,
        title: 'a "title"',
      },
    ],
    sqlTabs: [{ title: "Query 1", sql: "select 1;\n\nselect 2" }],
    sqlTab: 0,
    panel: "sql",
  };
  expect(decodeUrlState(`#${encodeUrlState(state)}`)).toEqual(state);
  expect(decodeUrlState(encodeUrlState({ ...state, area: { start: 1, end: 2, tracks: null } })).area!.tracks).toBe(
    null,
  );
});

it("reads tracks of links that name no scripts before them", () => {
  const [recipe] = decodeUrlState(`d=${encodeURIComponent('{"sql":"select ts from slice","ts":"ts"}')}`).recipes;
  expect(recipe).toEqual({
    before: [],
    sql: "select ts from slice",
    set: 0,
    ts: "ts",
    dur: null,
    name: null,
    value: null,
    title: "",
  });
});

it("leaves out what it cannot read", () => {
  expect(
    decodeUrlState("#v=9-3&s=x&a=1&m=oops&f=x&y=-1&w=&c=oops&d={&d=null&d=[]&d={%22sql%22:1}&n=&k=x&unknown=1"),
  ).toEqual(emptyUrlState());
  expect(decodeUrlState("")).toEqual(emptyUrlState());
});
