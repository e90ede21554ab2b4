// One browser and one server for a file of journeys. KINETOSCOPE_URL names a running server; without it, the mock
// is started. Every journey gets a fresh context, fails on any error of the page, and on any request to another host.
import assert from "node:assert/strict";
import { test } from "node:test";
import { chromium } from "playwright-core";
import { startMock } from "./mock_server.mjs";
import { STEP } from "./mock_trace.mjs";

const ARGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** A view of the second and third step of the made trace. */
export const TWO_STEPS = `t=0&v=${STEP}-${3 * STEP}`;

/** Declares journeys over the made trace, which are skipped where another one is served; `harness` gives the running one. */
export function onMadeTrace(harness) {
  return (name, body, options) =>
    test(name, async (t) => {
      if (!harness().isMock) return t.skip("the expectations are those of the made trace");
      await harness().journey(async (page, raw) => {
        await page.ready();
        await body(page, raw);
      }, options);
    });
}

/** What goes wrong in a page, as it happens: its errors, and requests that are not to what `isOwn` says is its own. */
function problemsOf(page, isOwn) {
  const problems = [];
  page.on("pageerror", (error) => problems.push(`error in the page: ${error.message}`));
  page.on("console", (message) => message.type() === "error" && problems.push(`console: ${message.text()}`));
  page.on("request", (request) => {
    const to = request.url();
    if (!isOwn(to) && !/^(data|blob):/.test(to)) problems.push(`request to another place: ${to}`);
  });
  return problems;
}

export async function startHarness(options = {}) {
  const given = options.url ?? (options.mode === undefined ? process.env.KINETOSCOPE_URL : undefined);
  const mock = given === undefined ? await startMock(options) : null;
  const url = given ?? mock.url;
  const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
  const browser = await chromium.launch({ executablePath, headless: true, args: ARGS });
  const origin = new URL(url).origin;

  /** Opens the page in a context of its own and runs a journey; `fragment` is the part of the address after #. */
  async function journey(body, { fragment = "", ...context } = {}) {
    const opened = await browser.newContext({ viewport: { width: 1440, height: 900 }, ...context });
    await opened.grantPermissions(["clipboard-read", "clipboard-write"], { origin });
    const page = await opened.newPage();
    const problems = problemsOf(page, (to) => to.startsWith(origin));
    try {
      await page.goto(url + (fragment === "" ? "" : `#${fragment}`));
      await body(makePage(page), page);
      assert.deepEqual(
        problems.filter((problem) => !(options.expected ?? /$^/).test(problem)),
        [],
      );
    } finally {
      await opened.close();
    }
  }
  /** The same for a file, which may ask for nothing at all but itself. */
  async function fileJourney(address, body) {
    const opened = await browser.newContext({ viewport: { width: 1440, height: 900 }, offline: true });
    const page = await opened.newPage();
    const problems = problemsOf(page, (to) => to.split("#")[0] === address);
    try {
      await page.goto(address);
      await body(makePage(page), page);
      assert.deepEqual(problems, []);
    } finally {
      await opened.close();
    }
  }
  const stop = async () => {
    await browser.close();
    await mock?.stop();
  };
  return { url, mock, isMock: mock !== null, journey, fileJourney, stop };
}

/** What journeys do with a page, in words. */
function makePage(page) {
  const idle = () => page.evaluate(() => window.kinetoscopeIdle());
  const state = (name) => page.evaluate((key) => window.kinetoscope[key](), name);
  const canvas = page.locator(".track-canvas");
  return {
    page,
    idle,
    state,
    ready: async () => {
      await canvas.waitFor();
      await idle();
    },
    press: async (key) => {
      await page.keyboard.press(key);
      await idle();
    },
    /** Holds a key for some frames, as a person does. */
    hold: async (key, millis = 250) => {
      await page.keyboard.down(key);
      await page.waitForTimeout(millis);
      await page.keyboard.up(key);
      await idle();
    },
    box: () => canvas.boundingBox(),
    /** The place on the screen of a time in a row, by the row's name; `depth` counts from the top. */
    placeOf: async (rowName, nanos, depth = 0) => {
      const box = await canvas.boundingBox();
      const at = await page.evaluate(
        ([name, time]) => {
          const { start, end } = window.kinetoscope.view();
          const row = window.kinetoscope.rows().find((each) => each.name === name);
          return { share: (time - start) / (end - start), y: row.y - window.kinetoscope.scrollTop() };
        },
        [rowName, nanos],
      );
      return { x: box.x + at.share * box.width, y: box.y + at.y + 11 + depth * 18 };
    },
    click: async ({ x, y }, options = {}) => {
      await page.mouse.move(x, y);
      await page.mouse.click(x, y, options);
      await idle();
    },
    drag: async (from, to) => {
      await page.mouse.move(from.x, from.y);
      await page.mouse.down();
      await page.mouse.move((from.x + to.x) / 2, (from.y + to.y) / 2, { steps: 4 });
      await page.mouse.move(to.x, to.y, { steps: 4 });
      await page.mouse.up();
      await idle();
    },
    wheel: async ({ x, y }, dx, dy) => {
      await page.mouse.move(x, y);
      await page.mouse.wheel(dx, dy);
      await page.waitForTimeout(50);
      await idle();
    },
    text: (selector) => page.locator(selector).first().innerText(),
  };
}
