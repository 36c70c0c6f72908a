// Reads the JSON Schema of a form: what kind of field each part is, what it is called, and what it asks for.

import { plain } from "./words.js";

const DEPTH_MAX = 3;
const LONG_TEXT = 200;
const FORMATS = { date: "date", time: "time", "date-time": "datetime", email: "email" };

/** Return how a part of a form is asked for: its kind, and its schema without references and `null`. */
export function part(given, root, depth = 0) {
  const { schema, nullable } = bare(given, root);
  return { kind: kindOf(schema, root, depth), schema, nullable };
}

/** Return the values that may be chosen with their labels, or nothing if any value may be given. */
export function choices(schema) {
  const named = schema.oneOf ?? schema.anyOf;
  if (Array.isArray(named) && named.length && named.every((each) => each && "const" in each)) {
    return named.map((each) => ({ value: each.const, label: each.title ?? plain(each.const) }));
  }
  const labels = Array.isArray(schema.enumNames) ? schema.enumNames : [];
  return schema.enum?.map((value, place) => ({ value, label: labels[place] ?? plain(value) }));
}

/** Return what a field is called: its title, else its name as words. */
export function labelOf(name, schema) {
  if (typeof schema.title === "string" && schema.title.trim()) return schema.title;
  const words = String(name).replace(/([a-z])([A-Z])/g, "$1 $2").replace(/_/g, " ").trim();
  return words.charAt(0).toLocaleUpperCase() + words.slice(1);
}

/** Return what a field asks for, in words. */
export function hintOf(schema) {
  const low = schema.minimum ?? schema.exclusiveMinimum;
  const high = schema.maximum ?? schema.exclusiveMaximum;
  const bounds = [
    low !== undefined ? `${schema.minimum === undefined ? "more than" : "at least"} ${plain(low)}` : "",
    high !== undefined ? `${schema.maximum === undefined ? "less than" : "at most"} ${plain(high)}` : "",
    schema.minLength > 1 ? `at least ${schema.minLength} characters` : "",
    schema.maxLength ? `at most ${schema.maxLength} characters` : "",
    schema.minItems ? `at least ${schema.minItems}` : "",
    schema.maxItems ? `at most ${schema.maxItems}` : "",
    schema.type === "integer" ? "a whole number" : "",
    schema.format === "duration" ? "a duration such as P3D or PT4H" : "",
  ].filter(Boolean).join(", ");
  return [schema.description, bounds].filter(Boolean).join(" · ");
}

/** Return what is wrong with one value, or nothing; the server judges again, and judges what is not known here. */
export function fault(schema, value) {
  if (typeof value === "number") {
    if (Number.isNaN(value)) return "This is not a number.";
    if (schema.type === "integer" && !Number.isInteger(value)) return "A whole number is needed.";
    if (value < schema.minimum) return `At least ${plain(schema.minimum)} is needed.`;
    if (value > schema.maximum) return `At most ${plain(schema.maximum)} is allowed.`;
    if (value <= schema.exclusiveMinimum) return `More than ${plain(schema.exclusiveMinimum)} is needed.`;
    if (value >= schema.exclusiveMaximum) return `Less than ${plain(schema.exclusiveMaximum)} is needed.`;
  }
  if (typeof value === "string") {
    if (value.length < schema.minLength) return `At least ${schema.minLength} characters are needed.`;
    if (value.length > schema.maxLength) return `At most ${schema.maxLength} characters are allowed.`;
    if (schema.pattern && !matches(schema.pattern, value)) return `The form ${schema.pattern} is needed.`;
  }
  if (Array.isArray(value)) {
    if (value.length < schema.minItems) return `At least ${schema.minItems} are needed.`;
    if (value.length > schema.maxItems) return `At most ${schema.maxItems} are allowed.`;
  }
  return null;
}

/** Follow references, and set apart that a value may be null. */
function bare(given, root) {
  let schema = given && typeof given === "object" ? given : {};
  for (let step = 0; step < 10 && typeof schema.$ref === "string"; step += 1) {
    const { $ref, ...beside } = schema;
    const found = $ref.startsWith("#/") ? $ref.slice(2).split("/").reduce((at, key) => at?.[key], root) : null;
    schema = { ...(found ?? {}), ...beside };
  }
  if (Array.isArray(schema.type)) {
    const types = schema.type.filter((each) => each !== "null");
    const nullable = types.length < schema.type.length;
    return { schema: { ...schema, type: types.length === 1 ? types[0] : undefined }, nullable };
  }
  const several = schema.anyOf ?? schema.oneOf;
  const others = several?.filter((each) => each?.type !== "null");
  if (others?.length === 1 && several.length === 2) {
    const { anyOf, oneOf, ...beside } = schema;
    return { schema: { ...bare(others[0], root).schema, ...beside }, nullable: true };
  }
  return { schema, nullable: schema.type === undefined };
}

function kindOf(schema, root, depth) {
  if (choices(schema)) return "choice";
  switch (schema.type) {
    case "boolean":
      return "boolean";
    case "number":
    case "integer":
      return "number";
    case "string":
      return FORMATS[schema.format] ?? (schema.maxLength > LONG_TEXT || schema.contentMediaType === "text/plain" ? "long" : "text");
    case "object":
      return schema.properties && depth < DEPTH_MAX ? "object" : "json";
    case "array": {
      const item = bare(schema.items, root).schema;
      if (choices(item)) return "choices";
      return item.type && depth < DEPTH_MAX && item.type !== "array" ? "list" : "json";
    }
    default:
      return schema.properties && depth < DEPTH_MAX ? "object" : "any";
  }
}

function matches(pattern, value) {
  try {
    return new RegExp(pattern, "u").test(value);
  } catch {
    return true;
  }
}
