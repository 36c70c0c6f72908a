// Shows a picture of the server to look into: to be zoomed, moved, and walked through element by element.
// The picture is SVG. It is not put in as it came: its shapes are made anew, of the few kinds that the server draws.

import { button, h, show } from "./dom.js";
import { spaced } from "./words.js";

const SVG = "http://www.w3.org/2000/svg";
const SHAPES = new Set(["svg", "g", "title", "rect", "circle", "ellipse", "path", "line", "polyline", "polygon", "text"]);
const ATTRIBUTES = new Set(
  ("viewBox width height x y x1 y1 x2 y2 cx cy r rx ry d points transform fill fill-rule fill-opacity stroke stroke-width " +
    "stroke-dasharray stroke-linecap stroke-linejoin opacity font-family font-size font-weight font-style text-anchor data-element").split(" "),
);
const ZOOM_MIN = 0.1;
const ZOOM_MAX = 4;
const READABLE = 0.6;
const CLICK_REACH = 4;

/** Return a picture with its tools; `choose` gets the id of an element that is pointed at, or null. */
export function picture(label, choose) {
  const stage = h("div", { class: "stage" });
  let svg = null;
  let size = { width: 1, height: 1 };
  let zoom = 1;
  let shapes = new Map();

  function draw(text, elements, keep) {
    const place = keep && svg ? { left: stage.scrollLeft, top: stage.scrollTop } : null;
    const held = svg?.contains(document.activeElement) ? document.activeElement.dataset.element : null;
    svg = drawn(text);
    size = { width: Number(svg.getAttribute("width")) || 1, height: Number(svg.getAttribute("height")) || 1 };
    svg.setAttribute("role", "group");
    svg.setAttribute("aria-label", label());
    shapes = walkable(svg, elements);
    show(stage, svg);
    if (place) {
      resize(zoom);
      stage.scrollTo(place);
    } else {
      fit(elements);
    }
    if (held) shapes.get(held)?.focus();
  }

  function resize(wanted) {
    zoom = Math.min(ZOOM_MAX, Math.max(ZOOM_MIN, wanted));
    svg.style.width = `${size.width * zoom}px`;
    svg.style.height = `${size.height * zoom}px`;
  }

  /** Zoom so that the point under the pointer, else the middle, stays where it is. */
  function magnify(factor, event) {
    const frame = stage.getBoundingClientRect();
    const [x, y] = event ? [event.clientX - frame.left, event.clientY - frame.top] : [frame.width / 2, frame.height / 2];
    const before = zoom;
    resize(zoom * factor);
    const grown = zoom / before;
    stage.scrollTo((stage.scrollLeft + x) * grown - x, (stage.scrollTop + y) * grown - y);
  }

  /** Show all of it, or as much as can be read, beginning where something stands. */
  function fit(elements) {
    resize(Math.min(1, Math.max(READABLE, (stage.clientWidth - 2) / size.width)));
    const first = elements?.find((each) => each.state === "incident" || each.state === "active");
    if (first && shapes.has(first.element)) centre(shapes.get(first.element));
  }

  /** Scroll the stage, and nothing round it, so that a shape is in the middle. */
  function centre(shape) {
    const [frame, box] = [stage.getBoundingClientRect(), shape.getBoundingClientRect()];
    stage.scrollBy(
      (box.left + box.right - frame.left - frame.right) / 2,
      (box.top + box.bottom - frame.top - frame.bottom) / 2,
    );
  }

  function mark(element) {
    for (const [name, shape] of shapes) shape.setAttribute("aria-pressed", String(name === element));
  }

  /** Go to the next shape in reading order, or the one before. */
  function step(shape, forward) {
    const all = [...shapes.values()];
    const next = all[(all.indexOf(shape) + (forward ? 1 : -1) + all.length) % all.length];
    for (const each of all) each.setAttribute("tabindex", each === next ? "0" : "-1");
    next.focus({ preventScroll: true });
    centre(next);
  }

  function press(event) {
    const shape = event.target.closest?.("[role=button]");
    const move = { ArrowRight: true, ArrowDown: true, ArrowLeft: false, ArrowUp: false }[event.key];
    if (event.key === "+" || event.key === "=") magnify(1.25);
    else if (event.key === "-") magnify(0.8);
    else if (event.key === "0") fit();
    else if (shape && (event.key === "Enter" || event.key === " ")) choose(shape.dataset.element);
    else if (shape && move !== undefined) step(shape, move);
    else if (event.key === "Escape") choose(null);
    else return;
    event.preventDefault();
  }

  stage.addEventListener("keydown", press);
  stage.addEventListener("wheel", (event) => {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    magnify(event.deltaY < 0 ? 1.15 : 1 / 1.15, event);
  }, { passive: false });
  draggable(stage, (target) => {
    const shape = target.closest?.("[data-element]");
    choose(shape && shapes.has(shape.dataset.element) ? shape.dataset.element : null);
  });

  const tools = h("div", { class: "tools", role: "group", "aria-label": "Zoom" },
    button("−", () => magnify(0.8), { "aria-label": "Zoom out" }),
    button("Fit", () => fit(), { "aria-label": "Fit the picture" }),
    button("+", () => magnify(1.25), { "aria-label": "Zoom in" }));
  return { stage, tools, draw, mark };
}

/** Return the picture, made anew of what the server may draw. */
function drawn(text) {
  const read = new DOMParser().parseFromString(text, "image/svg+xml").documentElement;
  if (read.namespaceURI !== SVG || read.localName !== "svg") throw new Error("The picture cannot be read.");
  return copied(read);
}

function copied(node) {
  const made = document.createElementNS(SVG, node.localName);
  for (const { name, value } of node.attributes) {
    if (ATTRIBUTES.has(name) && !/url\s*\(/i.test(value)) made.setAttribute(name, value);
  }
  for (const child of node.childNodes) {
    if (child.nodeType === Node.TEXT_NODE) made.append(child.data);
    else if (child.namespaceURI === SVG && SHAPES.has(child.localName)) made.append(copied(child));
  }
  return made;
}

/** Let the shapes of the elements be reached and named; return them by element. */
function walkable(svg, elements) {
  const drawnShapes = new Map([...svg.querySelectorAll("[data-element]")].map((each) => [each.dataset.element, each]));
  const shapes = new Map();
  for (const { element, name, kind, state } of elements) {
    const shape = drawnShapes.get(element);
    if (!shape) continue;
    shape.setAttribute("role", "button");
    shape.setAttribute("tabindex", shapes.size ? "-1" : "0");
    shape.setAttribute("aria-label", [name, spaced(kind), state].filter(Boolean).join(", "));
    shapes.set(element, shape);
  }
  return shapes;
}

/** Move what scrolls with the mouse; a press that moves nothing is a click. */
function draggable(stage, clicked) {
  let from = null;
  stage.addEventListener("pointerdown", (event) => {
    if (event.button === 0) from = { x: event.clientX, y: event.clientY, left: stage.scrollLeft, top: stage.scrollTop, moved: false };
  });
  stage.addEventListener("pointermove", (event) => {
    if (!from || event.pointerType !== "mouse" || !(event.buttons & 1)) return;
    const [dx, dy] = [event.clientX - from.x, event.clientY - from.y];
    if (!from.moved && Math.hypot(dx, dy) < CLICK_REACH) return;
    if (!from.moved) stage.setPointerCapture(event.pointerId);
    from.moved = true;
    stage.scrollTo(from.left - dx, from.top - dy);
  });
  stage.addEventListener("click", (event) => {
    if (!from?.moved) clicked(event.target);
    from = null;
  });
}
