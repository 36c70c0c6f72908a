// A task with its form: to be read, filled in, saved, claimed and completed.

import { button, facts, h, note, refusal, show } from "./dom.js";
import { fieldsOf } from "./fields.js";
import { call, inform, mayCall } from "./host.js";
import { away, isPast, moment, plain, spaced } from "./words.js";

const FORMLESS = { type: "object", properties: {} };

/** Show a task in a place; `after` gets the task as each action left it. */
export function openTask(place, given, after) {
  let task = given;
  const form = fieldsOf(given.form ?? FORMLESS, given.values);
  const head = h("header", null);
  const said = h("div", null);
  const bar = h("div", { class: "bar actions" });
  const person = h("input", { type: "text", id: "as-user", autocomplete: "off", "aria-describedby": "as-user-wrong" });
  const personWrong = h("p", { class: "wrong", id: "as-user-wrong", hidden: true });
  const comment = h("textarea", { rows: 2, id: "comment" });
  const more = h("details", { class: "more" }, h("summary", null, "In whose name, and a comment"),
    h("div", { class: "field" }, h("label", { class: "label", for: "as-user" }, "Acting as", h("span", { class: "quiet" }, " (optional)")), person, personWrong),
    h("div", { class: "field" }, h("label", { class: "label", for: "comment" }, "Comment", h("span", { class: "quiet" }, " (optional)")), comment));

  function renew() {
    show(head, h("h1", null, task.name), about(task));
    show(bar, ...actions(task).map(([action, label, kind]) => button(label, () => act(action), { class: kind })));
  }

  function clear() {
    for (const each of place.querySelectorAll("[aria-invalid]")) each.removeAttribute("aria-invalid");
    for (const each of place.querySelectorAll(".wrong")) {
      show(each);
      each.hidden = true;
    }
    show(said);
  }

  /** Show what is wrong where it is wrong, and go to the first. */
  function complain(faults) {
    for (const { field, text } of faults) field.say(text);
    faults[0].field.focus();
  }

  async function act(action) {
    clear();
    if (action === "complete") {
      const faults = form.faults();
      if (faults.length) {
        complain(faults);
        show(said, note("bad", h("p", null, faults.length === 1 ? "One answer is not right yet." : `${faults.length} answers are not right yet.`)));
        return;
      }
    }
    const answers = ["complete", "save_draft"].includes(action) ? form.value() : undefined;
    busy(true);
    try {
      const told = await call("task_act", {
        task: task.task,
        action,
        ...(answers ? { variables: answers } : {}),
        ...(person.value.trim() ? { as_user: person.value.trim() } : {}),
        ...(comment.value.trim() ? { comment: comment.value.trim() } : {}),
        idempotency_key: key(),
      });
      busy(false);
      done(action, told, answers);
    } catch (error) {
      busy(false);
      refused(error);
    }
  }

  function busy(is) {
    place.setAttribute("aria-busy", String(is));
    for (const each of bar.querySelectorAll("button")) each.disabled = is;
  }

  function refused(error) {
    const path = error.body?.path ?? "";
    show(said, refusal(error));
    if (path === "as_user") {
      more.open = true;
      personWrong.textContent = error.message;
      personWrong.hidden = false;
      person.setAttribute("aria-invalid", "true");
      person.focus();
    } else if (path.startsWith("variables.")) {
      const field = form.at(path.slice("variables.".length));
      if (field !== form) complain([{ field, text: error.message }]);
    }
  }

  function done(action, told, answers) {
    comment.value = "";
    if (told.state === "completed") {
      show(place, completed(told, place, after));
      inform(`The person completed the task ${JSON.stringify(told.name)} (${told.task}) in the form with ${JSON.stringify(answers)}.`);
    } else {
      task = { ...task, ...told };
      renew();
      show(said, note("good", h("p", null, DONE[action] ?? "Done.")));
    }
    after?.(told);
  }

  renew();
  const asks = Object.keys(given.form?.properties ?? {}).length > 0;
  show(place, head, known(task), asks ? form.node : h("p", { class: "quiet" }, "This task asks for no values."), checks(task), mayCall() ? more : note("", "The host passes no calls on: this form can only be read."), said, bar);
}

const DONE = { claim: "The task is yours.", release: "The task is open to others again.", save_draft: "The draft is saved.", resume: "The task is open again." };

/** Return what can be done with a task in its state: the action, its label and its look. */
function actions(task) {
  if (!mayCall()) return [];
  switch (task.state) {
    case "ready":
      return [["complete", "Complete", "main"], ["save_draft", "Save draft", ""], ["claim", "Claim", ""]];
    case "reserved":
      return [["complete", "Complete", "main"], ["save_draft", "Save draft", ""], ["release", "Release", ""]];
    case "suspended":
      return [["resume", "Resume", "main"]];
    default:
      return [];
  }
}

function about(task) {
  return facts([
    ["Instance", [task.instance, task.business_key].filter(Boolean).join(" · ")],
    ["State", task.state],
    ["Held by", task.assignee],
    ["For", [...(task.roles ?? []), ...(task.users ?? [])].join(", ")],
    ["Not for", (task.excluded ?? []).join(", ")],
    ["Due", task.due ? h("span", { class: isPast(task.due) ? "late" : null }, `${moment(task.due)} (${away(task.due)})`) : null],
    ["Open since", moment(task.since)],
  ]);
}

/** Return what the task can see beside its own fields, and on request what happened before. */
function known(task) {
  const fields = task.form?.properties ?? {};
  const seen = Object.entries(task.data ?? {}).filter(([name]) => !(name in fields));
  const story = h("div", { class: "story" });
  const box = h("details", { class: "more" }, h("summary", null, "What is known"), facts(seen.map(([name, value]) => [name, plain(value)])), story);
  box.addEventListener("toggle", async () => {
    if (!box.open || story.childNodes.length || !mayCall()) return;
    try {
      const told = await call("task_read", { task: task.task, detail: ["briefing", "comments"] });
      const comments = (told.comments ?? []).map((each) => `${each.by}: ${each.data?.comment}`);
      show(story, h("ul", null, ...[...(told.briefing ?? []), ...comments].map((each) => h("li", null, each))));
    } catch (error) {
      show(story, refusal(error));
    }
  });
  return box;
}

function checks(task) {
  const told = task.checks ?? [];
  return told.length ? h("div", { class: "checks" }, h("h2", null, "What is checked"), h("ul", null, ...told.map((each) => h("li", null, each.message)))) : null;
}

/** Return what is to be said when a task is done: how its instance goes on, and the next task of it. */
function completed(told, place, after) {
  const waiting = told.waiting ?? [];
  const next = waiting.find((each) => each.task);
  const problem = h("div", null);
  async function go() {
    try {
      openTask(place, await call("task_read", { task: next.task }), after);
    } catch (error) {
      show(problem, refusal(error));
    }
  }
  return h("div", { tabindex: "-1", class: "done" },
    note("good", h("h1", null, `Done: ${told.name}`)),
    h("p", null, `${told.instance} is ${told.status || "under way"}${told.settling ? " and still moving" : ""}.`),
    waiting.length ? h("p", null, "It waits for: ", waiting.map((each) => `${each.name} (${spaced(each.kind)})`).join(", "), ".") : null,
    next && mayCall() ? button(`Open ${next.name}`, go, { class: "main" }) : null,
    problem);
}

/** Return a key under which an action happens once, however often the host sends it. */
function key() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((each) => each.toString(16).padStart(2, "0")).join("");
}
