// The view of one task.

import { refusal, show } from "./dom.js";
import { openTask } from "./form.js";
import { connect } from "./host.js";

const main = document.getElementById("view");

connect("task", (_asked, answer) => {
  try {
    openTask(main, answer());
  } catch (error) {
    show(main, refusal(error));
  }
  main.setAttribute("aria-busy", "false");
});
