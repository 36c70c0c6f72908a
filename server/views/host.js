// Speaks with the host of an MCP App: JSON-RPC over postMessage, the host alone on the other end.
// A view reaches nothing else. Every call of a tool goes through the host, which may refuse it.

import { speak } from "./words.js";

const VERSION = "2026-01-26";
const SECONDS_MAX = 60;

const pending = new Map();
const hearers = new Map();
let calls = 0;
let capabilities = {};

/** What a tool refused: the message, and the body with code, path and fix. */
export class Refusal extends Error {
  constructor(body) {
    super(body.message ?? "The call was refused.");
    this.body = body;
  }
}

/** Begin to speak with the host. `hear` gets the arguments of the call that the view shows, then its result. */
export async function connect(name, hear) {
  addEventListener("message", listen);
  let given = {};
  on("ui/notifications/tool-input", (params) => (given = params.arguments ?? {}));
  on("ui/notifications/tool-result", (params) => hear(given, read(params)));
  on("ui/notifications/tool-cancelled", () => hear(given, () => {
    throw new Error("The call was cancelled.");
  }));
  on("ui/notifications/host-context-changed", dress);
  const told = await ask("ui/initialize", {
    protocolVersion: VERSION,
    appInfo: { name: `flowmaster-${name}`, version: "1" },
    appCapabilities: { availableDisplayModes: ["inline", "fullscreen"] },
  });
  capabilities = told.hostCapabilities ?? {};
  const preferred = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  dress({ ...told.hostContext, theme: told.hostContext?.theme ?? preferred });
  tell("ui/notifications/initialized", {});
  new ResizeObserver(fit).observe(document.body);
}

/** Whether the host passes calls on to the server. */
export function mayCall() {
  return Boolean(capabilities.serverTools);
}

/** Call a tool through the host and return its structured answer. */
export async function call(name, args) {
  return read(await ask("tools/call", { name, arguments: args }))();
}

/** Ask a read-only operation that stands in no tool list. */
export function query(operation, args) {
  return call("operation_query", { operation, arguments: args });
}

/** Let the model know what happened here, where the host takes it. */
export async function inform(text) {
  if (capabilities.updateModelContext) {
    await ask("ui/update-model-context", { content: [{ type: "text", text }] }).catch(() => undefined);
  }
}

/** Ask the host for all the room there is, or for the place in the conversation again. */
export async function spread(mode) {
  dress({ displayMode: (await ask("ui/request-display-mode", { mode })).mode });
}

function listen(event) {
  if (event.source !== parent || event.data?.jsonrpc !== "2.0") return;
  const { id, method, params, result, error } = event.data;
  if (method !== undefined && id !== undefined) {
    const known = method === "ping" || method === "ui/resource-teardown";
    post(known ? { id, result: {} } : { id, error: { code: -32601, message: "Unknown method." } });
  } else if (method !== undefined) {
    hearers.get(method)?.(params ?? {});
  } else if (pending.has(id)) {
    const { resolve, reject, timer } = pending.get(id);
    pending.delete(id);
    clearTimeout(timer);
    if (error) reject(new Error(error.message ?? "The host refused."));
    else resolve(result ?? {});
  }
}

function ask(method, params) {
  calls += 1;
  const id = calls;
  return new Promise((resolve, reject) => {
    const late = () => pending.delete(id) && reject(new Error("The host does not answer."));
    pending.set(id, { resolve, reject, timer: setTimeout(late, SECONDS_MAX * 1000) });
    post({ id, method, params });
  });
}

function tell(method, params) {
  post({ method, params });
}

function on(method, hearer) {
  hearers.set(method, hearer);
}

function post(message) {
  parent.postMessage({ jsonrpc: "2.0", ...message }, "*");
}

/** Return a function that gives the answer of a tool, or throws its refusal. */
function read(told) {
  return () => {
    const text = (told.content ?? []).find((each) => each.type === "text")?.text;
    if (told.isError) throw new Refusal(parsed(text) ?? { message: text });
    const answer = told.structuredContent ?? parsed(text);
    if (!answer) throw new Error("The answer holds nothing to show.");
    return answer;
  };
}

function parsed(text) {
  try {
    const value = JSON.parse(text);
    return value && typeof value === "object" ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Look and speak as the host does. */
function dress(context) {
  const root = document.documentElement;
  if (context.theme === "light" || context.theme === "dark") {
    root.dataset.theme = context.theme;
    root.style.colorScheme = context.theme;
  }
  for (const [name, value] of Object.entries(context.styles?.variables ?? {})) {
    if (name.startsWith("--") && typeof value === "string") root.style.setProperty(name, value);
  }
  if (context.displayMode) root.dataset.mode = context.displayMode;
  if (context.availableDisplayModes) root.dataset.spreads = context.availableDisplayModes.includes("fullscreen");
  if (context.locale || context.timeZone) speak(context);
  for (const side of ["top", "right", "bottom", "left"]) {
    const inset = context.safeAreaInsets?.[side];
    if (inset) document.body.style.setProperty(`padding-${side}`, `${12 + inset}px`);
  }
}

function fit() {
  if (document.documentElement.dataset.mode !== "fullscreen") {
    tell("ui/notifications/size-changed", { height: Math.ceil(document.body.getBoundingClientRect().height) });
  }
}
