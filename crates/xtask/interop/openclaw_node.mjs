// The third-party client openclaw-node.

import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";

import { OpenClawClient } from "openclaw-node";

import { Sequence, check, plan, refusal, restart, run, stopAndStart, until, within } from "./common.mjs";

const identity = join(plan.state, "device-identity.json");
// It warns of a token over ws://, which on loopback is as it should be.
process.removeAllListeners("warning");

const kept = () => JSON.parse(readFileSync(identity, "utf8"));

function make(options) {
  const client = new OpenClawClient({ url: plan.url, token: plan.token, deviceIdentityPath: identity, ...options });
  const told = { client, events: [], hellos: [], errors: [], sequence: new Sequence() };
  client.on("event", (event) => {
    told.sequence.see(event);
    told.events.push(event);
  });
  client.on("connected", (hello) => {
    told.sequence.startOver();
    told.hellos.push(hello);
  });
  client.on("error", (error) => told.errors.push(error));
  return told;
}

const told = make({});
const { client } = told;

const comesBack = async (before) => {
  await until("a new hello", () => told.hellos.length > before);
  check(client.isConnected, "not connected");
};

await run([
  ["connect", async () => {
    const hello = await client.connect();
    check(hello.auth.scopes.includes("operator.write"), `granted ${hello.auth.scopes}`);
    return `protocol ${hello.protocol}, ${client.availableMethods.length} methods`;
  }],
  ["call", async () => {
    check((await client.health()).ok === true, "health is not ok");
    check((await client.agents.list()).defaultId === "main", "agents.list");
    check(Array.isArray((await client.sessions.list()).sessions), "sessions.list");
    check(client.hasMethod("chat.send") && !client.hasMethod("no.such.method"), "the methods of the hello");
    return "3 methods";
  }],
  ["many at once", async () => {
    const answers = await Promise.all(Array.from({ length: 200 }, (_, n) => client.request("echo", { n })));
    check(answers.every((answer, n) => answer.ok && answer.payload.n === n), "an answer went to another call");
    return "200 calls";
  }],
  ["big answer", async () => {
    // Its own limit is 5 MiB.
    const { payload } = await client.request("blob", { size: 4_000_000 });
    check(payload.data.length === 4_000_000, `${payload.data.length} characters`);
    return "4 MB";
  }],
  ["error", async () => {
    const error = await refusal(client.request("no.such.method"));
    check(/missing scope: operator.admin/.test(error.message), error.message);
    check((await client.health()).ok, "the connection did not survive");
    return error.message;
  }],
  ["events", async () => {
    await until("tick", () => told.events.some((event) => event.event === "tick"));
    const from = told.events.length;
    await until("three heartbeats", () => told.events.slice(from).filter((e) => e.event === "heartbeat").length >= 3);
    check(!told.sequence.gap, `a gap: ${told.sequence.gap}`);
    return `${told.sequence.count} in sequence`;
  }],
  ["chat", async () => {
    const kinds = [];
    let text = "";
    for await (const chunk of client.chat("hello", { sessionKey: "main" })) {
      kinds.push(chunk.type);
      if (chunk.type === "text") text += chunk.text;
      check(chunk.type !== "error", chunk.text);
    }
    check(text.length > 0, "nothing was said");
    check(kinds.includes("agent_start") && kinds.at(-1) === "done", kinds.join(" "));
    return `${kinds.length} chunks`;
  }],
  ["device token", async () => {
    // It always says it is a backend, and a backend gets none, neither here nor from real gateways.
    check(/^[0-9a-f]{64}$/.test(kept().deviceId) && kept().deviceToken === undefined, JSON.stringify(kept()));
    return "signs, and is given none";
  }],
  ["kill and restart", async () => {
    const before = told.hellos.length;
    const underWay = refusal(client.request("slow", { ms: 20_000 }));
    await restart();
    check(/Not connected/.test((await within(10_000, "the call under way", underWay)).message), "the call under way");
    await comesBack(before);
    check((await client.request("echo", { again: true })).payload.again === true, "no answer after the restart");
    const from = told.events.length;
    await until("heartbeat", () => told.events.slice(from).some((event) => event.event === "heartbeat"));
    return "connected again by itself";
  }],
  ["stop and start", async () => {
    const before = told.hellos.length;
    const from = told.events.length;
    await stopAndStart();
    await comesBack(before);
    check(told.events.slice(from).some((event) => event.event === "shutdown"), "no shutdown event");
    check((await client.health()).ok, "no answer after the start");
    return "shutdown, connected again";
  }],
  ["wrong token", async () => {
    const wrong = make({ token: plan.badToken, deviceIdentityPath: join(plan.state, "wrong.json"), autoReconnect: false });
    const error = await refusal(wrong.client.connect());
    rmSync(join(plan.state, "wrong.json"), { force: true });
    return error.message;
  }],
  ["close", async () => {
    await client.disconnect();
    check(!client.isConnected, "still connected");
    return "";
  }],
]);
