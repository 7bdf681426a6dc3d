// What the drivers of all clients share: steps with a deadline, told on standard output, one JSON object per line, and
// the talk with the runner, which restarts the gateway when asked to.

import { createInterface } from "node:readline";

const STEP_LIMIT_MS = 30_000;

/** What the runner wants tested: {url, token, badToken, state}. */
export const plan = JSON.parse(process.argv[2]);

const tell = (line) => process.stdout.write(JSON.stringify(line) + "\n");

const answers = [];
const waiting = [];
createInterface({ input: process.stdin }).on("line", (line) => {
  const next = waiting.shift();
  if (next) next(line);
  else answers.push(line);
});
const answer = () => (answers.length ? Promise.resolve(answers.shift()) : new Promise((resolve) => waiting.push(resolve)));

/** Has the runner kill the gateway and start it again on the same port; the promise is kept when it serves. */
export async function restart() {
  tell({ want: "restart" });
  check((await answer()) === "restarted", "the gateway is not back");
}

/** Has the runner ask the gateway to end, as an operator does, and start it again. */
export async function stopAndStart() {
  tell({ want: "stop" });
  check((await answer()) === "restarted", "the gateway is not back");
}

export function check(good, what) {
  if (!good) throw new Error(what);
}

/** The error of a call that has to be refused. */
export async function refusal(promise) {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error("answered, not refused");
}

export function within(ms, what, promise) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: nothing within ${ms} ms`)), ms);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** Waits until `test` gives something true. */
export async function until(what, test, ms = STEP_LIMIT_MS) {
  const end = performance.now() + ms;
  for (;;) {
    const found = test();
    if (found) return found;
    check(performance.now() < end, `${what}: not within ${ms} ms`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** The sequence numbers of events have no gap: whoever counts them finds the next one, or the first. */
export class Sequence {
  last = undefined;
  count = 0;
  gap = undefined;

  see(event) {
    if (event.seq === undefined) return;
    if (this.last !== undefined && event.seq !== this.last + 1) this.gap ??= `${this.last} then ${event.seq}`;
    this.last = event.seq;
    this.count += 1;
  }

  startOver() {
    this.last = undefined;
  }
}

/** Runs all steps in order, whatever becomes of the others. A step's text is shown in the table. */
export async function run(steps) {
  for (const [step, act] of steps) {
    try {
      const detail = await within(STEP_LIMIT_MS, step, Promise.resolve().then(act));
      tell({ step, ok: true, detail: detail ?? "" });
    } catch (error) {
      tell({ step, ok: false, detail: String(error?.message ?? error) });
    }
  }
  tell({ done: true });
  process.exit(0);
}
