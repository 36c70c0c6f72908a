// The view of a process or an instance: where it stands, which way it came, where its time went.

import { button, facts, h, note, refusal, show } from "./dom.js";
import { connect, mayCall, query, spread } from "./host.js";
import { picture } from "./picture.js";
import { away, counted, isPast, moment, plain, spaced, span } from "./words.js";

const COLOURS = [["state", "State"], ["time", "Time"], ["passes", "How often"]];
const PAGES_MAX = 100;
const ATTEMPTS_MAX = 3;

const main = document.getElementById("view");
const title = h("h1", null);
const about = h("p", { class: "quiet" });
const problem = h("div", null);
const detail = h("section", { class: "detail", "aria-live": "polite" });
const summary = h("section", { class: "summary" });
const canvas = picture(() => title.textContent, select);
const refresh = button("Refresh", () => load(true), { class: "plain" });
const whole = button("Full screen", toggleSpread, { class: "plain spread" });

let subject = null;
let colours = "state";
let elements = new Map();
let chosen = null;

/** Take what a call of instance_read or process_read answered, and draw what it was about. */
async function begin(asked, answer) {
  try {
    const told = answer();
    subject = told.instance
      ? ["instance_draw", { instance: told.instance, ...(asked.at ? { at: asked.at } : {}) }]
      : ["process_draw", { process: told.process, ...(told.version ? { version: told.version } : { draft: told.draft }) }];
    title.textContent = told.name ?? told.instance ?? told.process;
    show(main, h("header", null, title, about), toolbar(), problem, canvas.stage, detail, summary);
    if (mayCall()) await load(false);
    else bare(told);
  } catch (error) {
    show(main, refusal(error));
  }
  main.removeAttribute("aria-busy");
}

function toolbar() {
  const choice = COLOURS.map(([value, label]) =>
    h("label", null,
      h("input", { type: "radio", name: "colours", value, checked: value === colours, onchange: () => recolour(value) }),
      h("span", null, label)));
  return h("div", { class: "bar" },
    mayCall() ? h("div", { class: "choice", role: "radiogroup", "aria-label": "What the colours tell" }, ...choice) : null,
    canvas.tools, mayCall() ? refresh : null, whole);
}

function recolour(value) {
  colours = value;
  return load(true);
}

/** Ask the server for the picture, and show it; `keep` the place that is looked at. */
async function load(keep) {
  const wanted = colours;
  main.setAttribute("aria-busy", "true");
  try {
    const told = await fetched(wanted);
    if (wanted !== colours) return;
    elements = new Map(told.elements.map((each) => [each.element, each]));
    title.textContent = told.name;
    show(about, ...headline(told));
    canvas.stage.dataset.colours = wanted;
    canvas.draw(told.svg, told.elements, keep);
    show(problem);
    show(summary, ...standing(told));
    select(elements.has(chosen) ? chosen : null);
  } catch (error) {
    show(problem, refusal(error));
  }
  main.removeAttribute("aria-busy");
}

/** Return the whole drawing; its pages belong together unless the process went on meanwhile. */
async function fetched(wanted) {
  const [operation, args] = subject;
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
    const first = await query(operation, { ...args, colours: wanted });
    let { svg, next_cursor: cursor } = first;
    for (let page = 1; cursor && page < PAGES_MAX; page += 1) {
      const more = await query(operation, { ...args, colours: wanted, cursor });
      if (more.digest !== first.digest) break;
      svg += more.svg;
      cursor = more.next_cursor;
    }
    if (!cursor) return { ...first, elements: first.elements ?? [], svg };
  }
  throw new Error("The picture changes faster than it can be read. Refresh it in a while.");
}

/** Without calls there is what the answer holds: a picture if one was asked for, else words. */
function bare(told) {
  const svg = told.diagram ?? (told.view === "svg" ? told.content : null);
  if (svg) canvas.draw(svg, [], false);
  else canvas.stage.hidden = true;
  show(about, ...headline(told));
  show(problem, note("", "The host passes no calls on, so this shows what the answer held."));
  show(summary, ...standing({ elements: [{ waiting: told.waiting, incidents: told.incidents }] }));
}

function headline(told) {
  const of = told.instances_total > told.instances ? `the newest ${told.instances} of ${told.instances_total}` : counted(told.instances ?? 0, "instance");
  return [
    told.status ? h("span", { class: `badge ${told.status}` }, told.status) : null,
    " ",
    [told.instance, told.business_key, told.version && `version ${told.version}`, told.draft && `draft ${told.draft}`, told.instance ? "" : of]
      .filter(Boolean).join(" · "),
  ];
}

/** Return what stands still, in words: they are read where a picture is not. */
function standing(told) {
  const waiting = told.elements.flatMap((each) => each.waiting ?? []);
  const stopped = told.elements.flatMap((each) => each.incidents ?? []);
  const crowded = told.instance ? [] : told.elements.filter((each) => each.tokens);
  return [
    section("Incidents", stopped, (each) => [link(each.element, nameOf(each)), ` ${each.message}`]),
    section("Waits for", waiting, (each) => [link(each.element, each.name), ` ${what(each)}`, due(each)]),
    section("Where instances stand", crowded, (each) => [link(each.element, each.name), ` ${counted(each.tokens, "token")}`]),
  ];
}

function section(heading, entries, line) {
  return entries.length ? h("div", null, h("h2", null, heading), h("ul", null, ...entries.map((each) => h("li", null, ...line(each))))) : null;
}

function link(element, name) {
  return button(name, () => select(element, true), { class: "link" });
}

function nameOf(incident) {
  return elements.get(incident.element)?.name ?? incident.element;
}

/** Show what there is to say of an element. */
function select(element, reveal) {
  chosen = element;
  canvas.mark(element);
  const found = elements.get(element);
  if (!found) {
    show(detail, elements.size ? h("p", { class: "quiet" }, "Choose an element to see more of it.") : null);
    return;
  }
  show(detail,
    h("h2", null, found.name),
    facts([
      ["Kind", spaced(found.kind)],
      ["State", found.state],
      ["Tokens", found.tokens > 1 || (found.tokens && subject[0] === "process_draw") ? plain(found.tokens) : null],
      ["Entered", found.passed ? counted(found.passed, "time") : null],
      ["Time spent", span(found.took)],
      ...(found.waiting ?? []).map((each) => ["Waits for", h("span", null, what(each), due(each))]),
      ...(found.incidents ?? []).map((each) => ["Incident", `${each.message} (${each.code}, ${counted(each.attempts, "attempt")}, since ${moment(each.since)})`]),
      ["Incidents", found.incidents_total > (found.incidents ?? []).length ? plain(found.incidents_total) : null],
    ]));
  if (reveal) detail.scrollIntoView({ block: "nearest" });
}

/** Return what a wait is for. */
function what(wait) {
  const people = wait.assignee || (wait.roles ?? []).join(", ");
  const texts = {
    user_task: people ? `a person: ${people}` : "a person",
    job: `work of type ${wait.type}`,
    message: `the message ${wait.message}${wait.correlation_key ? ` with the key ${wait.correlation_key}` : ""}`,
    signal: `the signal ${wait.message}`,
    condition: `the condition ${wait.message}`,
    child: `the instance ${wait.child}`,
    timer: "its time",
    join: "other tokens",
  };
  return texts[wait.kind] ?? spaced(wait.kind);
}

function due(wait) {
  if (!wait.due) return ` since ${moment(wait.since)}`;
  return h("span", { class: isPast(wait.due) ? "late" : null }, `, due ${moment(wait.due)} (${away(wait.due)})`);
}

async function toggleSpread() {
  const isWhole = document.documentElement.dataset.mode === "fullscreen";
  try {
    await spread(isWhole ? "inline" : "fullscreen");
    whole.textContent = document.documentElement.dataset.mode === "fullscreen" ? "Smaller" : "Full screen";
  } catch (error) {
    show(problem, refusal(error));
  }
}

connect("diagram", begin);
