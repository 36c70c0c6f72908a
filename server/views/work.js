// The view of open work: a table of tasks to filter, to sort and to open.

import { button, h, refusal, show } from "./dom.js";
import { openTask } from "./form.js";
import { call, connect, mayCall } from "./host.js";
import { away, counted, day, isPast, moment } from "./words.js";

const FILTERS = [["role", "Role"], ["assignee", "Person"], ["process", "Process"], ["query", "Words"]];
const COLUMNS = [
  ["name", "Task", (each) => each.name],
  ["instance", "Instance", (each) => [each.business_key, each.instance].filter(Boolean).join(" · ")],
  ["who", "For", (each) => who(each)],
  ["due", "Due", (each) => each.due ?? ""],
  ["since", "Open since", (each) => each.since],
  ["priority", "Priority", (each) => each.priority],
];
const PAUSE_MS = 350;

const main = document.getElementById("view");
const board = h("div", null);
const place = h("div", { hidden: true });
const problem = h("div", null);
const counter = h("p", { class: "quiet", role: "status" });
const more = button("More", () => load(true), { class: "plain" });
const table = h("div", { class: "table" });
const inputs = Object.fromEntries(FILTERS.map(([name, label]) => [name, filterInput(name, label)]));
const state = filterState();

let asked = {};
let rows = [];
let total = 0;
let cursor = null;
let order = { column: null, down: false };
let pause = 0;
let round = 0;

/** Take what a call of task_find answered, and show it as a table. */
function begin(given, answer) {
  try {
    const told = answer();
    asked = given;
    for (const [name, input] of Object.entries(inputs)) input.value = given[name] ?? "";
    state.value = given.state ?? "";
    show(board, header(), mayCall() ? filters() : null, problem, sorter(), table, h("div", { class: "bar" }, counter, more));
    show(main, board, place);
    take(told, false);
    if (mayCall()) suggestProcesses();
  } catch (error) {
    show(main, refusal(error));
  }
  main.setAttribute("aria-busy", "false");
}

function header() {
  return h("header", { class: "bar" }, h("h1", null, "Open work"), mayCall() ? button("Refresh", () => load(false), { class: "plain" }) : null);
}

function filters() {
  const fields = FILTERS.map(([name, label]) => captioned(label, inputs[name], h("datalist", { id: `${name}-known` })));
  return h("div", { class: "filters", role: "search", "aria-label": "Filter the tasks" }, ...fields, captioned("State", state));
}

function captioned(label, input, ...beside) {
  return h("label", { class: "field" }, h("span", { class: "label" }, label), input, ...beside);
}

function filterInput(name) {
  return h("input", { type: "search", list: `${name}-known`, autocomplete: "off", oninput: later });
}

function filterState() {
  const options = [["", "any"], ["ready", "ready"], ["reserved", "reserved"], ["suspended", "suspended"]];
  return h("select", { onchange: () => load(false) }, ...options.map(([value, label]) => h("option", { value }, label)));
}

/** Ask again when nothing was written for a moment. */
function later() {
  clearTimeout(pause);
  pause = setTimeout(() => load(false), PAUSE_MS);
}

/** Ask for the tasks that fit the filters, from the beginning or on from where the last page ended. */
async function load(further) {
  round += 1;
  const mine = round;
  const chosen = Object.fromEntries([...Object.entries(inputs), ["state", state]].map(([name, input]) => [name, input.value.trim()]).filter(([, value]) => value));
  const kept = Object.fromEntries(["instance", "performer", "limit"].filter((name) => asked[name]).map((name) => [name, asked[name]]));
  main.setAttribute("aria-busy", "true");
  try {
    const told = await call("task_find", { ...kept, ...chosen, ...(further && cursor ? { cursor } : {}) });
    if (mine === round) {
      show(problem);
      take(told, further);
    }
  } catch (error) {
    if (mine === round) show(problem, refusal(error));
  }
  if (mine === round) main.setAttribute("aria-busy", "false");
}

function take(told, further) {
  rows = further ? [...rows, ...told.items.filter((each) => !rows.some((one) => one.task === each.task))] : told.items;
  total = told.total;
  cursor = told.next_cursor;
  suggest("role", rows.flatMap((each) => each.roles ?? []));
  suggest("assignee", rows.flatMap((each) => [each.assignee, ...(each.users ?? [])]));
  paint();
}

function paint() {
  more.hidden = !cursor || !mayCall();
  const part = rows.length < total ? `${rows.length} of ${counted(total, "task")}${order.column ? ", sorted among these" : ""}` : counted(total, "task");
  counter.textContent = part;
  if (!rows.length) {
    show(table, h("p", { class: "empty" }, "No open task fits."));
    return;
  }
  const heads = COLUMNS.map(([name, label]) =>
    h("th", { scope: "col", "aria-sort": order.column === name ? (order.down ? "descending" : "ascending") : "none" },
      button(label, () => sort(name), { class: "sort" })));
  show(table, h("table", null, h("caption", { class: "hidden" }, "Open tasks"), h("thead", null, h("tr", null, ...heads)), h("tbody", null, ...sorted().map(line))));
}

function line(each) {
  const cells = COLUMNS.slice(1).map(([name, label]) => h("td", { "data-label": label, class: name === "due" && each.due && isPast(each.due) ? "late" : null }, shown(name, each)));
  const name = mayCall() ? button(each.name, () => open(each), { class: "link", "data-task": each.task }) : each.name;
  return h("tr", null, h("th", { scope: "row" }, name, each.state === "ready" ? null : h("span", { class: "badge" }, each.state)), ...cells);
}

function shown(column, each) {
  if (column === "due") return each.due ? [moment(each.due), h("span", { class: "quiet" }, ` ${away(each.due)}`)] : "–";
  if (column === "since") return day(each.since);
  return String(COLUMNS.find(([name]) => name === column)[2](each));
}

function who(each) {
  return each.assignee || [...(each.roles ?? []), ...(each.users ?? [])].join(", ") || "anybody";
}

/** Sort what is loaded: up, then down, then as the server gives it, most urgent first. */
function sort(column) {
  if (order.column !== column) order = { column, down: false };
  else order = order.down ? { column: null, down: false } : { column, down: true };
  paint();
  const names = COLUMNS.map(([name]) => name);
  table.querySelectorAll("thead button")[names.indexOf(column)]?.focus();
}

function sorted() {
  const column = COLUMNS.find(([name]) => name === order.column);
  if (!column) return rows;
  const value = column[2];
  const isEmpty = (each) => value(each) === "";
  const compared = (a, b) => (typeof value(a) === "number" ? value(a) - value(b) : String(value(a)).localeCompare(String(value(b)), undefined, { numeric: true }));
  return [...rows].sort((a, b) => isEmpty(a) - isEmpty(b) || compared(a, b) * (order.down ? -1 : 1));
}

/** Where the heads of the columns have no room, a menu sorts. */
function sorter() {
  const options = COLUMNS.flatMap(([name, label]) => [[`${name} up`, `${label}, rising`], [`${name} down`, `${label}, falling`]]);
  const menu = h("select", { onchange: () => {
    const [column, way] = menu.value.split(" ");
    order = { column: column || null, down: way === "down" };
    paint();
  } }, h("option", { value: "" }, "most urgent first"), ...options.map(([value, label]) => h("option", { value }, label)));
  return h("div", { class: "narrow" }, captioned("Sort by", menu));
}

async function open(each) {
  main.setAttribute("aria-busy", "true");
  try {
    const task = await call("task_read", { task: each.task });
    const back = button("← All open work", () => close(each), { class: "plain back" });
    const form = h("div", null);
    show(place, back, form);
    openTask(form, task);
    board.hidden = true;
    place.hidden = false;
    back.focus();
  } catch (error) {
    show(problem, refusal(error));
  }
  main.setAttribute("aria-busy", "false");
}

/** Go back to the table, to the task one came from or what stands in its place. */
async function close(each) {
  board.hidden = false;
  place.hidden = true;
  await load(false);
  const links = [...table.querySelectorAll("[data-task]")];
  (links.find((link) => link.dataset.task === each.task) ?? links[0] ?? inputs.query).focus();
}

async function suggestProcesses() {
  const told = await call("process_find", { state: "published", limit: 100 }).catch(() => ({ items: [] }));
  suggest("process", told.items.map((each) => each.process));
}

function suggest(name, values) {
  const known = document.getElementById(`${name}-known`);
  if (known) show(known, ...[...new Set(values.filter(Boolean))].sort().map((value) => h("option", { value })));
}

connect("work", begin);
