// Builds what a view shows. Text is only ever put in as text: there is no way from here to markup.

/** Return an element with properties, listeners (`onclick`), attributes and children; what is null is left out. */
export function h(tag, properties, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else made.setAttribute(name, value === true ? "" : String(value));
  }
  made.append(...present(children));
  return made;
}

/** Show something as all there is in an element. */
export function show(place, ...children) {
  place.replaceChildren(...present(children));
}

/** Return a button. */
export function button(label, onclick, properties) {
  return h("button", { type: "button", onclick, ...properties }, label);
}

/** Return a list of names with what they stand for; those without are left out. */
export function facts(pairs) {
  const told = pairs.filter(([, value]) => value !== null && value !== undefined && value !== "" && value !== false);
  return told.length ? h("dl", null, ...told.map(([name, value]) => h("div", null, h("dt", null, name), h("dd", null, value)))) : null;
}

/** Return a note that is read out: what went wrong, or what was done. */
export function note(kind, ...children) {
  return h("div", { class: `note ${kind}`, role: kind === "bad" ? "alert" : "status" }, ...children);
}

/** Return what a refusal says, and how to mend it. */
export function refusal(error) {
  const fix = error.body?.fix;
  return note("bad", h("p", null, error.message), fix ? h("p", { class: "quiet" }, fix) : null);
}

let ids = 0;

/** Return an id that nothing else on the page has. */
export function freshId(name) {
  ids += 1;
  return `${name}-${ids}`;
}

function present(children) {
  return children.flat().filter((each) => each !== null && each !== undefined && each !== false && each !== "");
}
