// A host of MCP Apps in one page: the official client and the official AppBridge, and a view in a sandboxed frame.

import { AppBridge, PostMessageTransport, getToolUiResourceUri } from "@modelcontextprotocol/ext-apps/app-bridge";
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";

const MIME_TYPE = "text/html;profile=mcp-app";
const frame = document.querySelector("iframe");

const client = new Client(
  { name: "test-host", version: "1" },
  { capabilities: { extensions: { "io.modelcontextprotocol/ui": { mimeTypes: [MIME_TYPE] } } } },
);
await client.connect(new StreamableHTTPClientTransport(new URL("/mcp", location.href)));
const request = client.request.bind(client);
client.request = (message, ...rest) => {
  if (message.method === "tools/call") host.calls.push(message.params);
  return request(message, ...rest);
};
const { tools } = await client.listTools();

const host = {
  capabilities: client.getServerCapabilities(),
  calls: [],
  informed: [],
  modes: [],
  bridge: null,
  tool: (name) => tools.find((each) => each.name === name),
  resource: async (uri) => (await client.readResource({ uri })).contents[0],
  show,
};

/** Call a tool as a model would, and show its answer in the view that the tool names. */
async function show(name, args, { context = {}, passesCalls = true, way = "write", answer = null } = {}) {
  await host.bridge?.close();
  Object.assign(host, { calls: [], informed: [], modes: [] });
  frame.classList.remove("whole");
  const page = await host.resource(getToolUiResourceUri(host.tool(name)));
  await sandboxed(page._meta.ui.csp, way);
  const bridge = new AppBridge(
    passesCalls ? client : null,
    { name: "test-host", version: "1" },
    { ...(passesCalls ? { serverTools: {} } : {}), updateModelContext: { text: {} } },
    { hostContext: { displayMode: "inline", availableDisplayModes: ["inline", "fullscreen"], ...context } },
  );
  host.bridge = bridge;
  const initialized = new Promise((done) => (bridge.oninitialized = done));
  bridge.onsizechange = ({ height }) => {
    if (height) frame.style.height = `${height}px`;
  };
  bridge.onupdatemodelcontext = async ({ content }) => {
    host.informed.push(content[0].text);
    return {};
  };
  bridge.onrequestdisplaymode = async ({ mode }) => {
    host.modes.push(mode);
    frame.classList.toggle("whole", mode === "fullscreen");
    return { mode };
  };
  await bridge.connect(new PostMessageTransport(frame.contentWindow, frame.contentWindow));
  await bridge.sendSandboxResourceReady({ html: page.text, csp: page._meta.ui.csp });
  await initialized;
  await bridge.sendToolInput({ arguments: args });
  await bridge.sendToolResult(answer ?? (await request({ method: "tools/call", params: { name, arguments: args } })));
}

/** Load the sandbox with the policy that a host makes of what the page asks for. */
async function sandboxed(csp, way) {
  const ready = new Promise((resolve) => {
    addEventListener("message", function hear(event) {
      if (event.source !== frame.contentWindow || event.data?.method !== "ui/notifications/sandbox-proxy-ready") return;
      removeEventListener("message", hear);
      resolve();
    });
  });
  frame.src = `http://localhost:${location.port}/sandbox?way=${way}&csp=${encodeURIComponent(JSON.stringify(csp))}`;
  await ready;
}

globalThis.host = host;
document.body.dataset.ready = "yes";
