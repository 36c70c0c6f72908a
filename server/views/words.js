// Says times, spans and kinds in the words and the zone of whoever reads.

const DURATION = /^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:([\d.]+)S)?)?$/;
const STEPS = [["day", 86_400_000], ["hour", 3_600_000], ["minute", 60_000]];

let locale;
let zone;

/** Speak from now on in the language and the time zone that the host names. */
export function speak(context) {
  locale = usable(context.locale, (each) => new Intl.DateTimeFormat(each));
  zone = usable(context.timeZone, (each) => new Intl.DateTimeFormat(undefined, { timeZone: each }));
}

/** Return an instant as people write it. */
export function moment(text) {
  const at = new Date(text);
  if (Number.isNaN(at.getTime())) return text;
  return new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short", timeZone: zone }).format(at);
}

/** Return the day of an instant. */
export function day(text) {
  const at = new Date(text);
  if (Number.isNaN(at.getTime())) return text;
  return new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeZone: zone }).format(at);
}

/** Return how far an instant is away: in 2 days, 3 hours ago. No day is called tomorrow, which depends on the zone. */
export function away(text, now = Date.now()) {
  const distance = new Date(text).getTime() - now;
  if (Number.isNaN(distance)) return "";
  const [unit, size] = STEPS.find(([, each]) => Math.abs(distance) >= each) ?? STEPS.at(-1);
  return new Intl.RelativeTimeFormat(locale, { numeric: "always" }).format(Math.round(distance / size), unit);
}

/** Whether an instant has passed. */
export function isPast(text) {
  return new Date(text).getTime() < Date.now();
}

/** Return a span of time with its two largest units: 2 d 3 h. */
export function span(text) {
  const found = DURATION.exec(text ?? "");
  if (!found) return text ?? "";
  const parts = [[found[1], "d"], [found[2], "h"], [found[3], "min"], [found[4], "s"]];
  return parts.filter(([value]) => value).slice(0, 2).map(([value, unit]) => `${Number(value).toLocaleString(locale, { maximumFractionDigits: 1 })} ${unit}`).join(" ");
}

/** Return a number, a yes or no, a text or whatever else as people read it. */
export function plain(value) {
  if (typeof value === "number") return value.toLocaleString(locale, { maximumFractionDigits: 20 });
  if (typeof value === "boolean") return value ? "yes" : "no";
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** Return a name of code as words: userTask, third_party. */
export function spaced(name) {
  return name.replace(/([a-z])([A-Z])/g, "$1 $2").replace(/_/g, " ").toLowerCase();
}

/** Return how many there are of something. */
export function counted(count, one, several = `${one}s`) {
  return `${count.toLocaleString(locale)} ${count === 1 ? one : several}`;
}

function usable(given, attempt) {
  if (typeof given !== "string") return undefined;
  try {
    attempt(given);
    return given;
  } catch {
    return undefined;
  }
}
