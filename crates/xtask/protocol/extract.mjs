// What a gateway's own code says about the wire, as JSON on standard output: the definitions of its schema, its methods
// with their scopes, its events, its scopes, and the codes and versions it exports.
//
//     node extract.mjs FOLDER-OF-THE-PACKAGE
//
// Gateways are published as bundles whose files have random names and export under random letters. So every file of the
// bundle is given, while it is loaded, one more export for each name of interest that it has at its top level.

import { readdirSync } from "node:fs";
import { registerHooks } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const dist = join(process.argv[2], "dist");
const inDist = pathToFileURL(dist).href;

const LISTS = ["CORE_GATEWAY_METHOD_SPEC_LIST", "METHOD_SCOPE_BY_NAME", "NODE_ROLE_METHODS", "GATEWAY_EVENTS",
  "KNOWN_OPERATOR_SCOPES", "ErrorCodes", "ConnectErrorDetailCodes", "PROTOCOL_VERSION", "ProtocolSchemas",
  "GATEWAY_CLIENT_IDS", "GATEWAY_CLIENT_MODES", "GATEWAY_CLIENT_CAPS", "GatewaySharedSchemas"];
const TOP_LEVEL = /^(?:export )?(?:const|let|var) ([A-Za-z][A-Za-z0-9_]*) =/gm;
const PREFIX = "extracted_";
const loaded = new Set();

registerHooks({
  load(url, context, next) {
    const result = next(url, context);
    if (!url.startsWith(inDist) || result.format !== "module") return result;
    const text = String(result.source);
    const wanted = new Set();
    for (const [, name] of text.matchAll(TOP_LEVEL)) {
      if (LISTS.includes(name) || /Schemas?$/.test(name)) wanted.add(name);
    }
    if (wanted.size === 0) return result;
    loaded.add(url);
    const more = [...wanted].map((name) => `${name} as ${PREFIX}${name}`).join(", ");
    return { ...result, source: `${text}\nexport { ${more} };\n`, shortCircuit: true };
  },
});

// The schema, and the files with the lists. What else a bundle loads on the way is looked at as well.
const entries = ["gateway/protocol/index.js"];
const ENTRY = /^(method-scopes|server-methods-list|operator-scopes|client-info|connect-error-details)-.*\.m?js$/;
entries.push(...readdirSync(dist).filter((file) => ENTRY.test(file)));
const protocol = new Set();
for (const [index, entry] of entries.entries()) {
  await import(pathToFileURL(join(dist, entry)).href);
  if (index === 0) loaded.forEach((url) => protocol.add(url));
}

const found = {};
const definitions = {};
const isSchema = (value) => value !== null && typeof value === "object" && !Array.isArray(value);
for (const url of loaded) {
  const module = await import(url);
  for (const [exported, value] of Object.entries(module)) {
    if (!exported.startsWith(PREFIX)) continue;
    const name = exported.slice(PREFIX.length);
    if (LISTS.includes(name)) found[name] ??= value;
    // Other parts of a gateway have schemas as well, of its configuration for example.
    else if (protocol.has(url) && name.endsWith("Schema") && isSchema(value)) definitions[name.slice(0, -6)] ??= value;
  }
}
// The registry of the schema's generator, where a bundle still has it, knows the names best.
Object.assign(definitions, found.ProtocolSchemas ?? {});

const methods = {};
for (const spec of found.CORE_GATEWAY_METHOD_SPEC_LIST ?? []) {
  const { name, scope, since, advertise, startup, controlPlaneWrite } = spec;
  methods[name] = { scope, since, advertise, startup, controlPlaneWrite };
}
for (const [name, scope] of found.METHOD_SCOPE_BY_NAME ?? []) methods[name] ??= { scope };
for (const name of found.NODE_ROLE_METHODS ?? []) methods[name] ??= { scope: "node" };

const list = (values) => [...(values ?? [])].sort();
process.stdout.write(JSON.stringify({
  methods,
  events: list(found.GATEWAY_EVENTS),
  scopes: list(found.KNOWN_OPERATOR_SCOPES),
  constants: {
    protocolVersion: found.PROTOCOL_VERSION,
    errorCodes: list(Object.values(found.ErrorCodes ?? {})),
    connectErrorCodes: list(Object.values(found.ConnectErrorDetailCodes ?? {})),
    clientIds: list(Object.values(found.GATEWAY_CLIENT_IDS ?? {})),
    clientModes: list(Object.values(found.GATEWAY_CLIENT_MODES ?? {})),
    clientCaps: list(Object.values(found.GATEWAY_CLIENT_CAPS ?? {})),
  },
  definitions,
}), () => process.exit(0));
