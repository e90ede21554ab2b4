// The real command as a process, for journeys that need traces of their own: KINETOSCOPE_BIN names it.
import { spawn } from "node:child_process";

export const BINARY = process.env.KINETOSCOPE_BIN;
export const skip = BINARY === undefined && "needs the real command";

/** Starts `open` or `serve` and waits for its address. */
export async function startCommand(args) {
  const child = spawn(BINARY, [...args, "--no-browser", "--port", "0"], { stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  const url = await new Promise((done, fail) => {
    child.stderr.on("data", (bytes) => (said += bytes));
    child.stdout.on("data", (bytes) => {
      const address = /http:\/\/\S+\n/.exec(bytes.toString());
      if (address !== null) done(address[0].trim());
    });
    child.on("exit", (code) => fail(new Error(`\`${args.join(" ")}\` ended with ${code}: ${said}`)));
  });
  const stop = () =>
    new Promise((done) => {
      child.on("exit", done);
      child.kill("SIGINT");
    });
  return { url, stop };
}
