// The official TypeScript client.

import { createHash, generateKeyPairSync, sign, createPublicKey } from "node:crypto";

import { GatewayClient } from "@openclaw/gateway-client";
import {
  AgentsListResultSchema,
  ChatEventSchema,
  HelloOkSchema,
  TickEventSchema,
} from "@openclaw/gateway-protocol";
import { Errors } from "typebox/value";

import { Sequence, check, plan, refusal, restart, run, stopAndStart, until, within } from "./common.mjs";

const raw = (pem) => createPublicKey(pem).export({ type: "spki", format: "der" }).subarray(-32);
const base64url = (bytes) => Buffer.from(bytes).toString("base64url");

function newIdentity() {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const publicKeyPem = publicKey.export({ type: "spki", format: "pem" });
  const privateKeyPem = privateKey.export({ type: "pkcs8", format: "pem" });
  return { deviceId: createHash("sha256").update(raw(publicKeyPem)).digest("hex"), publicKeyPem, privateKeyPem };
}

// Members that gateway 2026.9.6 has and the published schema, which is older, has not.
const NEWER = ["controlUiLinkReaders", "modelRuntime", "cpuBreakdown", "method"];

function matches(schema, value, what) {
  const errors = [...Errors(schema, value)]
    .map((error) => ({ ...error, more: error.params?.additionalProperties?.filter((name) => !NEWER.includes(name)) }))
    .filter((error) => error.more === undefined || error.more.length > 0)
    .map((error) => `${error.instancePath} ${error.message} ${error.more ?? ""}`);
  check(errors.length === 0, `${what} is not as published: ${errors.slice(0, 3).join("; ")}`);
}

/** A client that remembers what it was told. */
class Told {
  hellos = [];
  events = [];
  errors = [];
  closes = [];
  paused = [];
  gaps = [];
  tokens = new Map();
  sequence = new Sequence();

  constructor(options) {
    this.client = new GatewayClient({
      url: plan.url,
      scopes: ["operator.read", "operator.write"],
      deviceIdentity: null,
      ...options,
      onHelloOk: (hello) => {
        this.sequence.startOver();
        this.hellos.push(hello);
      },
      onEvent: (event) => {
        this.sequence.see(event);
        this.events.push(event);
      },
      onConnectError: (error) => this.errors.push(error),
      onClose: (code, reason) => this.closes.push({ code, reason }),
      onReconnectPaused: (info) => this.paused.push(info),
      onGap: (gap) => this.gaps.push(gap),
      hostDeps: {
        signDevicePayload: (pem, payload) => base64url(sign(null, Buffer.from(payload, "utf8"), pem)),
        publicKeyRawBase64UrlFromPem: (pem) => base64url(raw(pem)),
        loadDeviceAuthToken: ({ deviceId, role }) => this.tokens.get(deviceId + role) ?? null,
        storeDeviceAuthToken: ({ deviceId, role, token, scopes }) => void this.tokens.set(deviceId + role, { token, scopes }),
        clearDeviceAuthToken: ({ deviceId, role }) => void this.tokens.delete(deviceId + role),
      },
    });
  }

  async connect() {
    const before = this.hellos.length;
    this.client.start();
    return this.nextHello(before);
  }

  async nextHello(before) {
    await until("hello", () => this.hellos.length > before || this.errors.length > 0 || this.paused.length > 0);
    check(this.hellos.length > before, `refused: ${this.errors.at(-1)?.message ?? this.paused.at(-1)?.reason}`);
    return this.hellos.at(-1);
  }

  event(what, test, from = 0) {
    return until(what, () => this.events.slice(from).find(test));
  }
}

/** The gateway is killed and started again, and the client is back without being told. */
async function survives(told) {
  const before = told.hellos.length;
  await restart();
  await told.nextHello(before);
  return "connected again by itself";
}

/** The steps that any operator takes. */
function operator(told, { identity }) {
  const call = (method, params, options) => told.client.request(method, params, options);
  return [
    ["connect", async () => {
      const hello = await told.connect();
      matches(HelloOkSchema, hello, "the hello");
      check(JSON.stringify([...hello.auth.scopes].sort()) === '["operator.read","operator.write"]',
        `granted ${hello.auth.scopes}`);
      return `protocol ${hello.protocol}, ${hello.features.methods.length} methods`;
    }],
    ["call", async () => {
      const health = await call("health", {});
      check(health.ok === true, "health is not ok");
      const agents = await call("agents.list", {});
      matches(AgentsListResultSchema, agents, "agents.list");
      for (const method of ["status", "sessions.list", "models.list", "system-presence"]) {
        check(typeof (await call(method, {})) === "object", `${method} answers no object`);
      }
      return "6 methods";
    }],
    ["many at once", async () => {
      const answers = await Promise.all(Array.from({ length: 200 }, (_, n) => call("echo", { n })));
      check(answers.every((answer, n) => answer.n === n), "an answer went to another call");
      return "200 calls";
    }],
    ["big answer", async () => {
      const blob = await call("blob", { size: 4_000_000 });
      check(blob.data.length === 4_000_000, `${blob.data.length} characters`);
      return "4 MB";
    }],
    ["error", async () => {
      const unknown = await refusal(call("no.such.method", {}));
      check(unknown.gatewayCode === "FORBIDDEN" || unknown.code === "FORBIDDEN", `code ${unknown.gatewayCode ?? unknown.code}`);
      const invalid = await refusal(call("chat.send", { message: 7 }));
      const code = invalid.gatewayCode ?? invalid.code;
      check(code === "INVALID_REQUEST", `code ${code}`);
      check((await call("health", {})).ok, "the connection did not survive");
      return "FORBIDDEN, INVALID_REQUEST";
    }],
    ["events", async () => {
      const tick = await told.event("tick", (event) => event.event === "tick");
      matches(TickEventSchema, tick.payload, "tick");
      const from = told.events.length;
      await until("three heartbeats", () => told.events.slice(from).filter((e) => e.event === "heartbeat").length >= 3);
      check(told.gaps.length === 0 && !told.sequence.gap, `a gap: ${told.sequence.gap ?? JSON.stringify(told.gaps[0])}`);
      return `${told.sequence.count} in sequence`;
    }],
    ["chat", async () => {
      const key = "chat-1";
      const ack = await call("chat.send", { sessionKey: "main", message: "hello", idempotencyKey: key });
      check(ack.runId === key && ack.status === "started", JSON.stringify(ack));
      const last = await told.event("final", (e) => e.event === "chat" && e.payload.runId === key && e.payload.state === "final");
      const chats = told.events.filter((e) => e.event === "chat" && e.payload.runId === key).map((e) => e.payload);
      chats.forEach((payload) => matches(ChatEventSchema, payload, `chat ${payload.state}`));
      check(chats.some((payload) => payload.state === "delta"), "no delta");
      check(last.payload.message.content[0].text.length > 0, "nothing was said");
      return `${chats.length} chat events`;
    }],
    ["two answers", async () => {
      let accepted;
      const params = { message: "hello", sessionKey: "main", idempotencyKey: "agent-1" };
      const final = await call("agent", params, { expectFinal: true, timeoutMs: 10_000, onAccepted: (p) => (accepted = p) });
      check(accepted?.status === "accepted", "no first answer");
      check(final.status === "ok" && final.runId === "agent-1", JSON.stringify(final).slice(0, 200));
      const waited = await call("agent.wait", { runId: "agent-1", timeoutMs: 1000 });
      check(waited.status === "ok", `agent.wait: ${waited.status}`);
      return "accepted, ok";
    }],
    ...(identity ? [["device token", async () => {
      const kept = [...told.tokens.values()][0];
      check(kept?.token?.length === 43, `no device token: ${JSON.stringify(kept)}`);
      check(told.hellos.at(-1).auth.deviceToken === kept.token, "another token");
      const second = new Told(identity);
      second.tokens = told.tokens;
      await second.connect();
      await second.client.stopAndWait();
      return "connects with it alone";
    }]] : []),
    ["kill and restart", async () => {
      const before = told.hellos.length;
      const underWay = refusal(call("slow", { ms: 20_000 }));
      await restart();
      check(/closed/.test((await within(10_000, "the call under way", underWay)).message), "the call under way");
      await told.nextHello(before);
      check(told.closes.at(-1).code === 1006, `closed with ${told.closes.at(-1).code}`);
      check((await call("echo", { again: true })).again === true, "no answer after the restart");
      const from = told.events.length;
      await told.event("heartbeat", (event) => event.event === "heartbeat", from);
      return "connected again by itself";
    }],
    ["stop and start", async () => {
      const before = told.hellos.length;
      const from = told.events.length;
      await stopAndStart();
      await told.nextHello(before);
      const close = told.closes.at(-1);
      check(close.code === 1012 && close.reason === "service restart", `closed with ${close.code} ${close.reason}`);
      check(told.events.slice(from).some((event) => event.event === "shutdown"), "no shutdown event");
      check((await call("health", {})).ok, "no answer after the start");
      return "shutdown, 1012, connected again";
    }],
    ["wrong token", async () => {
      const wrong = new Told({ token: plan.badToken });
      wrong.client.start();
      await until("a pause", () => wrong.paused.length > 0);
      check(wrong.paused[0].detailCode === "AUTH_TOKEN_MISMATCH", `paused with ${wrong.paused[0].detailCode}`);
      check(wrong.closes.at(-1).code === 1008, `closed with ${wrong.closes.at(-1).code}`);
      await wrong.client.stopAndWait();
      return "AUTH_TOKEN_MISMATCH, pauses";
    }],
    ["close", async () => {
      await told.client.stopAndWait();
      check((await refusal(told.client.request("health", {}))) instanceof Error, "answers after its end");
      return "";
    }],
  ];
}

const kinds = {
  operator: () => operator(new Told({ token: plan.token }), {}),
  device: () => {
    const device = newIdentity();
    // A backend gets no device token, neither here nor from real gateways.
    const identity = { deviceIdentity: device, clientName: "cli", mode: "cli" };
    return operator(new Told({ token: plan.token, ...identity }), { identity });
  },
  // The only kinds of connection by which this client still speaks wire 3.
  probe: () => {
    const told = new Told({ token: plan.token, mode: "probe", clientName: "openclaw-probe", scopes: ["operator.read"] });
    return [
      ["connect", async () => `protocol ${(await told.connect()).protocol}`],
      ["events", async () => void (await told.event("tick", (event) => event.event === "tick"))],
      ["error", async () => {
        const error = await refusal(told.client.request("status", {}));
        return String(error.gatewayCode ?? error.code);
      }],
      ["kill and restart", () => survives(told)],
      ["close", () => told.client.stopAndWait()],
    ];
  },
  node: () => {
    const options = { token: plan.token, role: "node", mode: "node", clientName: "node-host", scopes: [] };
    const told = new Told({ ...options, deviceIdentity: newIdentity(), caps: ["lab"], commands: ["lab.echo"] });
    return [
      ["connect", async () => {
        const hello = await told.connect();
        check(hello.auth.role === "node", `role ${hello.auth.role}`);
        return `protocol ${hello.protocol}`;
      }],
      ["call", async () => void check((await told.client.request("health", {})).ok, "health is not ok")],
      ["error", async () => {
        const error = await refusal(told.client.request("sessions.list", {}));
        check(/unauthorized role/.test(error.message), error.message);
        return error.message;
      }],
      ["events", async () => void (await told.event("tick", (event) => event.event === "tick"))],
      ["device token", async () => {
        check([...told.tokens.values()][0]?.token?.length === 43, "no device token");
        return "";
      }],
      ["kill and restart", () => survives(told)],
      ["close", () => told.client.stopAndWait()],
    ];
  },
};

await run(kinds[plan.kind]());
