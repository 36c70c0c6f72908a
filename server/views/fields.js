// The fields of a form: each asks for one part of a JSON Schema, gives its value, and shows what is wrong with it.
//
// A field is {node, value(), faults(), at(rest), say(text), focus()}. What is not touched keeps its value to the letter.

import { button, freshId, h, show } from "./dom.js";
import { choices, fault, hintOf, labelOf, part } from "./schema.js";

const RADIOS_MAX = 4;
const ROWS_MAX = 200;

/** Return the field of a whole form. */
export function fieldsOf(schema, values) {
  return group("", schema, schema, values ?? {}, { required: true, depth: 0 });
}

function field(name, given, root, initial, { required, depth }) {
  const { kind, schema, nullable } = part(given, root, depth);
  const asked = { name, schema, root, initial: initial ?? schema.default, required, nullable, depth, label: labelOf(name, schema) };
  switch (kind) {
    case "object":
      return group(name, schema, root, asked.initial ?? {}, { required, depth });
    case "list":
      return list(asked);
    case "choice":
      return choice(asked, choices(schema));
    case "choices":
      return several(asked, choices(part(schema.items, root).schema));
    case "boolean":
      return choice(asked, [{ value: true, label: "Yes" }, { value: false, label: "No" }]);
    default:
      return written(asked, kind);
  }
}

/** Fields that belong together; one that is neither asked for nor filled in is left out as a whole. */
function group(name, schema, root, initial, { required, depth }) {
  const needed = new Set(schema.required ?? []);
  const entries = Object.entries(schema.properties ?? {}).map(([key, each]) => [
    key,
    field(key, each, root, own(initial, key), { required: needed.has(key), depth: depth + 1 }),
  ]);
  const nodes = entries.map(([, each]) => each.node);
  const { node, say } = depth === 0 ? loose(nodes) : framed(labelOf(name, schema), required, hintOf(schema), nodes);
  function value() {
    const filled = entries.map(([key, each]) => [key, each.value()]).filter(([, each]) => each !== undefined);
    return filled.length || required ? Object.fromEntries(filled) : undefined;
  }
  return {
    node,
    value,
    say,
    faults: () => (value() === undefined ? [] : entries.flatMap(([, each]) => each.faults())),
    at(rest) {
      const [key, found] = entries.find(([each]) => rest === each || rest.startsWith(`${each}.`)) ?? [];
      return found ? found.at(rest.slice(key.length + 1)) : this;
    },
    focus: () => entries[0]?.[1].focus(),
  };
}

/** As many values of one kind as there are. */
function list(asked) {
  const { schema, root, depth, label, required } = asked;
  const rows = [];
  const place = h("div", { class: "rows" });
  const add = button("Add", () => {
    append(undefined).focus();
    renumber();
  }, { class: "plain", "aria-label": `Add to ${label}` });
  const { node, say } = framed(label, required, hintOf(schema), [place, add]);
  const had = Array.isArray(asked.initial);

  function append(initial) {
    const inner = field("", { ...part(schema.items, root).schema }, root, initial, { required: true, depth: depth + 1 });
    const row = { ...inner, at: (rest) => inner.at(rest) };
    const remove = button("Remove", () => {
      rows.splice(rows.indexOf(row), 1);
      row.holder.remove();
      renumber();
      add.focus();
    }, { class: "plain remove" });
    row.remove = remove;
    row.holder = h("div", { class: "row" }, inner.node, remove);
    rows.push(row);
    place.append(row.holder);
    return row;
  }

  function renumber() {
    add.disabled = rows.length >= (schema.maxItems ?? ROWS_MAX);
    for (const [index, row] of rows.entries()) {
      row.remove.setAttribute("aria-label", `Remove ${label} ${index + 1}`);
      const title = row.holder.querySelector("legend, label, .label");
      if (title) title.textContent = `${label} ${index + 1}`;
    }
  }

  for (const each of (had ? asked.initial : []).slice(0, ROWS_MAX)) append(each);
  renumber();
  function value() {
    return rows.length || had || required ? rows.map((row) => row.value() ?? null) : undefined;
  }
  return {
    node,
    value,
    say,
    faults() {
      const found = value();
      const wrong = found === undefined ? null : fault(schema, found);
      return [...(wrong ? [{ field: this, text: wrong }] : []), ...rows.flatMap((row) => row.faults())];
    },
    at(rest) {
      const [index, ...deeper] = rest.split(".");
      const row = rest ? rows[Number(index)] : undefined;
      return row ? row.at(deeper.join(".")) : this;
    },
    focus: () => (rows[0] ?? { focus: () => add.focus() }).focus(),
  };
}

/** One of a few values: side by side, or from a menu where there are more. */
function choice(asked, options) {
  const { schema, required, initial, nullable, label } = asked;
  const start = options.findIndex((each) => same(each.value, initial));
  const open = !required || start < 0;
  if (options.length > RADIOS_MAX) {
    const entries = options.map((each, place) => h("option", { value: place, selected: place === start }, each.label));
    const input = h("select", null, open ? h("option", { value: "" }, required ? "Choose …" : "No answer") : null, ...entries);
    const { node, say } = labelled(label, required, hintOf(schema), input);
    return single(asked, node, say, input, () => (input.value === "" ? none() : options[Number(input.value)].value));
  }
  const shared = freshId("choice");
  const entry = (text, value, checked) => h("label", null, h("input", { type: "radio", name: shared, value, checked }), h("span", null, text));
  const radios = h("div", { class: "choice" },
    ...options.map((each, place) => entry(each.label, place, place === start)),
    required ? null : entry("No answer", "", start < 0));
  const { node, say } = framed(label, required, hintOf(schema), [radios], "radiogroup");
  function value() {
    const found = radios.querySelector("input:checked");
    return !found || found.value === "" ? none() : options[Number(found.value)].value;
  }
  function none() {
    return start >= 0 ? (nullable || schema.type === undefined ? null : undefined) : undefined;
  }
  return single(asked, node, say, radios.querySelector("input"), value);
}

/** Any of a few values. */
function several(asked, options) {
  const { schema, required, initial, label } = asked;
  const had = Array.isArray(initial);
  const boxes = options.map((each) =>
    h("label", null,
      h("input", { type: "checkbox", checked: had && initial.some((one) => same(one, each.value)) }),
      h("span", null, each.label)));
  const { node, say } = framed(label, required, hintOf(schema), [h("div", { class: "choice" }, ...boxes)]);
  function value() {
    const chosen = options.filter((_, place) => boxes[place].firstChild.checked).map((each) => each.value);
    return chosen.length || had || required ? chosen : undefined;
  }
  return single(asked, node, say, boxes[0]?.firstChild, value);
}

const TYPES = { number: "number", date: "date", time: "time", datetime: "datetime-local", email: "email" };

/** What is written: a text, a number, a date, or a value as JSON. */
function written(asked, kind) {
  const { schema, required, initial, nullable, label } = asked;
  const isLong = kind === "long" || kind === "json";
  const shown = shownAs(kind, initial);
  const type = TYPES[kind] ?? "text";
  const input = isLong
    ? h("textarea", { rows: 4, spellcheck: kind === "long" ? "true" : "false" }, shown)
    : h("input", { type, value: shown, step: { number: "any", time: "1", datetime: "1" }[kind], inputmode: kind === "number" ? "decimal" : null });
  const hint = [hintOf(schema), kind === "json" ? "as JSON" : ""].filter(Boolean).join(" · ");
  const { node, say } = labelled(label, required, hint, input);
  const untouched = input.value;
  function value() {
    if (input.validity.badInput) return Number.NaN;
    if (input.value === untouched) return initial;
    if (input.value === "") return initial === undefined ? undefined : nullable || schema.type !== "string" ? null : "";
    return meant(kind, input.value);
  }
  return single(asked, node, say, input, value);
}

/** Return a field without parts of its own. */
function single(asked, node, say, input, value) {
  return {
    node,
    value,
    say,
    faults() {
      const found = value();
      const isMissing = asked.required && (found === undefined || found === "" || (found === null && !asked.nullable));
      const wrong = isMissing ? "An answer is needed." : found === undefined || found === null ? null : fault(asked.schema, found);
      return wrong ? [{ field: this, text: wrong }] : [];
    },
    at() {
      return this;
    },
    focus: () => input?.focus(),
  };
}

/** Return how a value stands in its field. */
function shownAs(kind, value) {
  if (value === undefined || value === null) return "";
  if (kind === "datetime") {
    const at = new Date(value);
    if (Number.isNaN(at.getTime())) return "";
    return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
  }
  if (kind === "date") return String(value).slice(0, 10);
  if (kind === "time") return String(value).slice(0, 8);
  return typeof value === "object" ? JSON.stringify(value, null, 2) : String(value);
}

/** Return the value that was written. */
function meant(kind, text) {
  if (kind === "number") return Number(text);
  if (kind === "datetime") return new Date(text).toISOString().replace(/\.\d+Z$/, "Z");
  if (kind === "time" && text.length === 5) return `${text}:00`;
  if (kind !== "json" && kind !== "any") return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** Return what a value holds under a name of its own; a field may be called like what all objects have. */
function own(values, name) {
  return values && Object.hasOwn(values, name) ? values[name] : undefined;
}

function same(one, other) {
  return JSON.stringify(one) === JSON.stringify(other);
}

/** Put a label above a field, and below it what it asks for and what is wrong. */
function labelled(label, required, hint, input) {
  const id = freshId("field");
  input.id = id;
  if (required) input.setAttribute("aria-required", "true");
  const below = told(hint, input);
  return { node: h("div", { class: "field" }, h("label", { class: "label", for: id }, label, optional(required)), input, below.node), say: below.say };
}

/** Put a frame with a title round fields that belong together. */
function framed(label, required, hint, nodes, role) {
  const frame = h("fieldset", role ? { role } : null, h("legend", null, label, optional(required)), ...nodes);
  const below = told(hint, frame);
  frame.append(below.node);
  return { node: frame, say: below.say };
}

/** The fields of the form itself need no frame. */
function loose(nodes) {
  const wrong = h("div", { class: "wrong" });
  return { node: h("div", { class: "fields" }, ...nodes, wrong), say: (text) => show(wrong, text) };
}

function optional(required) {
  return required ? null : h("span", { class: "quiet" }, " (optional)");
}

/** Return the lines below a field, and how to say there what is wrong. */
function told(hint, described) {
  const hints = h("p", { class: "hint", id: freshId("hint"), hidden: !hint }, hint);
  const wrong = h("p", { class: "wrong", id: freshId("wrong"), hidden: true });
  described.setAttribute("aria-describedby", `${hints.id} ${wrong.id}`);
  function say(text) {
    show(wrong, text);
    wrong.hidden = !text;
    if (text) described.setAttribute("aria-invalid", "true");
    else described.removeAttribute("aria-invalid");
  }
  return { node: h("div", null, hints, wrong), say };
}
