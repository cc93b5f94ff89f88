// A return: its slots worked through by keys. The page waits for no answer; the next return is fetched beforehand.

import { Card, same, slotUrl, told, worthText } from "./card.js";
import { command } from "./keys.js";
import { Menu } from "./menu.js";
import { Outbox } from "./outbox.js";
import { Roster } from "./roster.js";
import { Viewer } from "./viewer.js";

const POLL = 10_000;
// A page fetched beforehand is shown if it is no older; the poll brings what has changed since.
const FRESH = 120_000;
const PATH = /^\/returns\/(\d+-\d+)$/;
const PROBLEMS = "problems";

const desk = document.getElementById("desk");
const texts = JSON.parse(desk.dataset.texts);
const me = desk.dataset.who;
const get = (id) => document.getElementById(id);

const fetched = new Map();
let model = null;
let hand = null;
// While another return is fetched keys are not taken: what is typed must not go into a slot that nobody has seen.
let onTheWay = false;
let onlyFlagged = sessionStorage.getItem("kuohao.only") !== "no";

const card = new Card(get("dock").firstElementChild, texts, { decide, onward: () => goOn() });
const viewer = new Viewer(get("stage"), { picked: (path) => take(slotAt(path)), seen: markPage });
const outbox = new Outbox(answered, waiting);
const roster = new Roster(card);
const menu = new Menu(get("decisions"), texts, { key: () => model.key, slot: () => hand, slots: () => model.slots, settled: refresh });

const slotAt = (path) => model.slots.find((slot) => slot.path === path);
const isOpen = (slot) => slot.open || Boolean(slot.failed);
const openSlots = () => model.slots.filter(isOpen);

adopt();
take(first(new URLSearchParams(location.search).get("slot") ?? decodeURIComponent(location.hash.slice(1))));
outbox.run();
setInterval(poll, POLL);

// --- a return and its slots

/** Make the page's model our own, with what has not been sent yet put on top. */
function adopt() {
  model = JSON.parse(get("model").dataset.model);
  outbox.of(model.key).forEach((item) => {
    const slot = slotAt(item.path);
    if (slot) Object.assign(slot, { ...item.body, version: slot.version, open: false, who: me, pending: true });
  });
  hand = null;
  card.slot = null;
  model.slots.forEach(paint);
  tabs();
  showOnly();
  // The next one's pictures come after this one's: one process draws them all.
  show().then(() => fetchBeforehand(model.next));
}

/** The slot to begin with. */
function first(path = "") {
  return slotAt(path) ?? openSlots()[0] ?? (model.problems.length ? null : model.slots.find((slot) => slot.flagged)) ?? (model.problems.length ? null : model.slots[0]);
}

/** Take a slot in hand: field, picture and form follow; null is the return's problems. */
function take(slot, { focus = true } = {}) {
  const before = hand;
  if (before && before !== slot) card.leave();
  hand = slot;
  if (before) paint(before);
  if (slot) {
    get("dock").classList.remove("about-problems");
    card.load(slot, place(slot));
    roster.offer(slot);
    viewer.follow(slot);
  } else askProblems();
  if (slot) paint(slot);
  viewer.mark(model.slots, slot);
  left();
  const element = slot ? placeOf(slot.path) : get("problems");
  element?.scrollIntoView({ block: "center", behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth" });
  if (focus) card.focus();
}

/** What is wrong with the return as a whole stands in the dock like a slot: the last thing to confirm. */
function askProblems() {
  const element = get("dock");
  element.classList.add("about-problems");
  card.slot = null;
  card.part("number").textContent = "!";
  card.part("context").textContent = "";
  card.part("before").textContent = told(texts, "problem", { problems: model.problems.join("；") });
  card.part("after").textContent = "";
  card.part("count").textContent = "";
  card.part("read").replaceChildren();
  card.choices([]);
  card.set({ state: "value", value: "" });
  card.tell(model.unplaced ? texts.place : texts.settle, "warn");
}

function place(slot) {
  const flagged = model.slots.filter((each) => each.flagged);
  const at = flagged.indexOf(slot);
  return at < 0 ? "" : `${at + 1} / ${flagged.length}`;
}

function left() {
  const flagged = model.slots.filter((slot) => slot.flagged || slot.failed).length;
  const open = openSlots().length;
  get("left").textContent = flagged ? told(texts, "left", { open, all: flagged }) : texts.none_left;
  get("left").classList.toggle("flag", open > 0);
}

function placeOf(path) {
  return document.querySelector(`.place[data-path="${CSS.escape(path)}"]`);
}

/** Show in the form what a slot is worth, and whether it is open, decided or the machine's. */
function paint(slot) {
  const element = placeOf(slot.path);
  if (!element) return;
  const shown = slot === hand && card.slot === slot ? (card.entry ?? { state: null }) : (slot.draft ?? slot);
  const state = shown.state === null ? "nothing" : shown.state;
  const standing = isOpen(slot) ? "open" : slot.who ? "decided" : "accepted";
  element.className = `place is-${state} ${standing}${slot === hand ? " in-hand" : ""}${slot.pending ? " pending" : ""}${slot.failed ? " failed" : ""}${slot.draft ? " draft" : ""}`;
  const isEmptyBox = slot.kind === "tick" && state === "blank";
  element.textContent = state === "nothing" ? "？" : isEmptyBox ? "\u00a0" : worthText(texts, shown.state, shown.value, slot.kind);
  element.title = [slot.number, slot.who && told(texts, "by", { who: slot.who, value: worthText(texts, slot.state, slot.value, slot.kind) }), slot.flagged && slot.reasons.join("；")].filter(Boolean).join(" · ");
}

function showOnly() {
  get("sheet").classList.toggle("only-flagged", onlyFlagged);
  const button = get("only");
  button.setAttribute("aria-pressed", String(onlyFlagged));
}

// --- deciding

function decide(slot, entry) {
  const previous = { state: slot.state, value: slot.value, open: slot.open, who: slot.who };
  const item = { url: slotUrl(slot), body: { state: entry.state, value: entry.value, seen: slot.version, mode: "return" }, slot: `${slot.key} ${slot.path}`, key: slot.key, path: slot.path, number: slot.number || slot.before, previous };
  Object.assign(slot, entry, { open: false, who: me, pending: true, failed: "", news: "" });
  outbox.push(item);
  paint(slot);
  goOn(slot);
}

/** To the next open slot, round to those left behind; then the problems; then the next return. */
function goOn(from = hand) {
  const at = model.slots.indexOf(from);
  const rest = [...model.slots.slice(at + 1), ...model.slots.slice(0, Math.max(at, 0))];
  const next = rest.find(isOpen);
  if (next) take(next);
  else if (model.problems.length && hand) take(null);
  else goToNext();
}

function step(by) {
  const shown = onlyFlagged ? model.slots.filter((slot) => slot.flagged || slot.failed || slot === hand) : model.slots;
  if (!shown.length) return;
  const at = shown.indexOf(hand);
  take(shown[(at + by + shown.length) % shown.length] ?? shown[0]);
}

async function settle() {
  // That its values are right does not say where it belongs.
  if (model.unplaced) return menu.open("collection");
  const result = await window.kuohao.post(`/returns/${model.key}/decisions`, { kind: "settled", value: "1" });
  if (!result.ok) return card.tell(result.data.message, "bad");
  model.problems = [];
  return goToNext();
}

/** An answer from the server, perhaps about a return that was left behind. */
function answered(item, result) {
  const slot = item.key === model.key ? slotAt(item.path) : null;
  if (result.ok) {
    if (item.key === model.key) {
      model.next = result.data.next ?? "";
      if (!result.data.problems) model.problems = [];
    }
    if (slot && !outbox.of(model.key).some((other) => other.path === item.path)) {
      Object.assign(slot, { state: result.data.state, value: result.data.value, version: result.data.version, pending: false, failed: "" });
      if (slot === hand) card.slot = slot;
      paint(slot);
    }
    fetchBeforehand(result.data.next);
    fetched.delete(item.key);
    left();
    return;
  }
  if (result.status === 409 && result.data.conflict) conflict(item, slot, result.data.conflict);
  else failure(item, slot, result.data.message);
}

function failure(item, slot, message) {
  const words = told(texts, "failed", { number: item.number, message });
  if (slot) {
    Object.assign(slot, item.previous, { pending: false, failed: message, draft: { state: item.body.state, value: item.body.value } });
    paint(slot);
    viewer.mark(model.slots, hand);
    left();
  }
  notice(words, [[texts.goto, "", () => goTo(item.key, item.path)]]);
}

/** Somebody else has decided meanwhile: theirs stands, until the reviewer says otherwise. */
function conflict(item, slot, theirs) {
  const mine = { state: item.body.state, value: item.body.value };
  const words = told(texts, "conflict", { number: item.number, who: theirs.who, when: theirs.when, theirs: worthText(texts, theirs.state, theirs.value, slot?.kind), mine: worthText(texts, mine.state, mine.value, slot?.kind) });
  outbox.versions.set(item.slot, theirs.version);
  if (slot) {
    Object.assign(slot, { state: theirs.state, value: theirs.value, who: theirs.who, version: theirs.version, open: false, pending: false });
    paint(slot);
    if (slot === hand) card.load(slot, place(slot));
  }
  const put = () => {
    if (slot) Object.assign(slot, mine, { who: me, pending: true });
    outbox.push({ ...item, body: { ...item.body, seen: theirs.version } });
    if (slot) paint(slot);
  };
  notice(words, [[texts.keep, "K", () => {}], [texts.mine, "M", put]], "conflict");
}

function waiting(count) {
  const place = get("notices");
  place.querySelector(".offline")?.remove();
  if (count) notice(told(texts, "offline", { count }), [], "offline");
  else window.kuohao.toast(texts.saved);
}

/** A line above the form's foot, with what can be done about it; each by a button and by its key. */
function notice(words, actions, kind = "") {
  const line = document.createElement("div");
  line.className = `notice-line ${kind}`;
  const text = document.createElement("p");
  text.textContent = words;
  line.append(text);
  for (const [label, key, act] of actions) {
    const button = document.createElement("button");
    Object.assign(button, { type: "button", className: "button small", textContent: label, tabIndex: -1 });
    if (key) button.append(Object.assign(document.createElement("kbd"), { textContent: key }));
    button.dataset.key = key;
    button.addEventListener("click", () => {
      line.remove();
      act();
      card.focus();
    });
    line.append(button);
  }
  get("notices").append(line);
}

function resolve(key) {
  const button = document.querySelector(`.notice-line.conflict button[data-key="${key}"]`);
  button?.click();
  return Boolean(button);
}

async function undo() {
  await Promise.race([outbox.run(), new Promise((later) => setTimeout(later, 3000))]);
  if (outbox.items.length) return window.kuohao.toast(told(texts, "unsent", { count: outbox.items.length }), "bad");
  const result = await window.kuohao.post("/undo");
  if (!result.ok) {
    const message = result.status === 404 ? texts.nothing_to_undo : result.data.message;
    return window.kuohao.toast(message, result.status === 404 ? "" : "bad");
  }
  const { undone } = result.data;
  outbox.versions.delete(`${undone.key} ${undone.path}`);
  fetched.clear();
  await goTo(undone.key, undone.path, { anew: true });
  return window.kuohao.toast(told(texts, "undone", { what: undone.what, value: undone.told }));
}

// --- from return to return

async function goToNext() {
  const next = model.next && model.next !== model.key ? model.next : await asked();
  if (next && next !== model.key) return goTo(next);
  await outbox.run();
  if (outbox.items.length) return undefined;
  sessionStorage.setItem("kuohao.said", texts.all_done);
  return location.assign("/queue");
}

/** The server's word on what is next, once it has all we decided. */
async function asked() {
  await outbox.run();
  const answer = await fetch(`/returns/next?after=${model.key}`, { headers: { Accept: "application/json" } }).catch(() => null);
  return answer?.ok ? (await answer.json()).next : "";
}

/** Show a return without loading the page anew. */
async function goTo(key, path = "", { anew = false, push = true } = {}) {
  if (key !== model.key || anew) {
    onTheWay = true;
    get("dock").classList.add("on-the-way");
    const page = await pageOf(key, anew);
    onTheWay = false;
    get("dock").classList.remove("on-the-way");
    if (!page) return window.kuohao.toast(texts.gone, "bad");
    ["head", "sheet"].forEach((id) => get(id).replaceChildren(...page.getElementById(id).childNodes));
    document.title = page.title;
    if (push && location.pathname !== `/returns/${key}`) history.pushState(null, "", `/returns/${key}`);
    get("sheet").scrollTop = 0;
    fetched.delete(key);
    adopt();
  }
  return take(first(path));
}

function refresh(key = model.key) {
  return goTo(key, hand?.path ?? "", { anew: true });
}

async function pageOf(key, anew) {
  const held = fetched.get(key);
  const text = !anew && held && Date.now() - held.at < FRESH ? await held.text : await download(key);
  return text ? new DOMParser().parseFromString(text, "text/html") : null;
}

function download(key) {
  return fetch(`/returns/${key}`, { credentials: "same-origin", headers: { Accept: "text/html" } })
    .then((answer) => (answer.ok && PATH.test(new URL(answer.url).pathname) ? answer.text() : null)).catch(() => null);
}

/** The next return's page and pictures, so that it is there when this one is done. */
async function fetchBeforehand(key) {
  if (!key || key === model.key || fetched.has(key)) return;
  const text = download(key);
  fetched.set(key, { at: Date.now(), text });
  const page = await text;
  if (!page) return void fetched.delete(key);
  const next = JSON.parse(new DOMParser().parseFromString(page, "text/html").getElementById("model").dataset.model);
  const pictures = [...next.pages.map((each) => each.original), ...next.slots.filter((slot) => slot.open && slot.crop).map((slot) => slot.crop)];
  // One after the other: a browser has six connections to a server, and decisions must not wait for pictures.
  for (const url of pictures) await seen(url);
}

function seen(url) {
  return new Promise((resolve) => {
    const image = new Image();
    image.onload = resolve;
    image.onerror = resolve;
    image.src = url;
  });
}

/** What others have decided meanwhile. */
async function poll() {
  if (document.hidden || outbox.items.length) return;
  const { key } = model;
  const answer = await fetch(`/returns/${key}/state`, { headers: { Accept: "application/json" } }).catch(() => null);
  if (answer?.status === 401) return window.kuohao.toLogin();
  if (!answer?.ok || key !== model.key) return undefined;
  const standing = await answer.json();
  model.next = standing.next;
  model.slots.forEach((slot) => {
    const now = standing.slots[slot.path];
    if (!now || now.version === slot.version || slot.pending || outbox.items.length) return;
    const foreign = now.who && now.who !== me && !same(now, slot);
    if (slot === hand && card.dirty) {
      // What is being typed meets it as a conflict, when it is confirmed.
      if (foreign) card.tell(told(texts, "others", { who: now.who, value: worthText(texts, now.state, now.value, slot.kind) }), "warn");
      return;
    }
    Object.assign(slot, now, { failed: "", news: foreign ? told(texts, "others", { who: now.who, value: worthText(texts, now.state, now.value, slot.kind) }) : "" });
    if (slot === hand) card.load(slot, place(slot));
    paint(slot);
  });
  viewer.mark(model.slots, hand);
  return left();
}

// --- pages' tabs, keys, clicks

function tabs() {
  get("page-tabs").replaceChildren(...model.pages.map((page, at) => {
    const button = document.createElement("button");
    Object.assign(button, { type: "button", className: "button quiet small", tabIndex: -1, textContent: told(texts, "page", { number: at + 1 }) });
    button.dataset.page = page.number;
    button.addEventListener("click", () => viewer.number(page.number));
    return button;
  }));
}

function seal() {
  const clean = !viewer.clean;
  document.querySelector('[data-view="seal"]').setAttribute("aria-pressed", String(clean));
  show(clean);
}

async function show(clean = viewer.clean) {
  await viewer.open(model.pages, model.slots, clean);
  viewer.mark(model.slots, hand);
  markPage(viewer.told);
}

function markPage(number) {
  document.querySelectorAll("#page-tabs button").forEach((button) => button.setAttribute("aria-selected", String(button.dataset.page === String(number))));
}

function perform({ name, number }) {
  const view = ["in", "out", "rotate", "fit", "left", "right", "up", "down"];
  if (view.includes(name)) viewer.do(name);
  else if (name === "seal") seal();
  else if (name === "page-on" || name === "page-back") viewer.turn(name === "page-on" ? 1 : -1);
  else if (name === "onward" || name === "back") step(name === "onward" ? 1 : -1);
  else if (name === "undo") undo();
  else if (name === "next") goToNext();
  else if (name === "queue") location.assign("/queue");
  else if (name === "keys") get("keys").showModal();
  else if (name === "menu") menu.open();
  else if (name === "keep" || name === "mine") resolve(name === "keep" ? "K" : "M");
  else if (name === "only") {
    onlyFlagged = !onlyFlagged;
    sessionStorage.setItem("kuohao.only", onlyFlagged ? "yes" : "no");
    showOnly();
  } else if (!hand) {
    if (name === "confirm") settle();
  } else if (name === "choose") card.choose(number);
  else card.perform(name);
  if (hand && ["choose", "blank", "unreadable", "reset", "tick", "toggle"].includes(name)) paint(hand);
}

document.addEventListener("keydown", (event) => {
  if (document.querySelector("dialog[open]")) return;
  if (onTheWay) return void (event.ctrlKey || event.metaKey || event.preventDefault());
  const elsewhere = event.target.closest?.("input, textarea, select, a, summary, button");
  const inCard = card.element.contains(event.target) || event.target.matches?.(".place, [data-view]");
  // In the menu bar, Tab and Enter are the browser's; a command with Alt or Ctrl is ours everywhere.
  if (elsewhere && !inCard && !event.altKey && !event.ctrlKey) return;
  const meant = command(event, card.words, card.ticks);
  if (meant) {
    event.preventDefault();
    perform(meant);
  } else if (event.target !== card.input && event.key.length === 1 && !event.ctrlKey && !event.altKey && !event.metaKey) card.focus();
});
card.element.addEventListener("typed", () => hand && paint(hand));
document.addEventListener("click", (event) => {
  const target = event.target.closest("[data-path], [data-do=confirm], [data-view], [data-more], #only, [data-open-menu], [data-open-keys]");
  if (!target || target.closest("dialog")) return;
  if (target.dataset.path) take(slotAt(target.dataset.path));
  else if (target.dataset.do) return void (hand || settle());
  else if (target.dataset.view) perform({ name: target.dataset.view });
  else if (target.dataset.more) return;
  else if (target.id === "only") perform({ name: "only" });
  else perform({ name: target.dataset.openMenu === undefined ? "keys" : "menu" });
  if (!document.querySelector("dialog[open]")) card.focus();
});
get("keys").addEventListener("close", () => card.focus());
window.addEventListener("popstate", () => {
  const key = PATH.exec(location.pathname)?.[1];
  if (key) goTo(key, "", { push: false });
});
