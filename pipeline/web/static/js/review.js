// A return: its slots worked through by keys. The page waits for no answer; the next return is fetched beforehand.

import { Ahead, PATH } from "./ahead.js";
import { Card, told } from "./card.js";
import { Decisions } from "./decisions.js";
import { command } from "./keys.js";
import { Menu } from "./menu.js";
import { Notices } from "./notices.js";
import { Roster } from "./roster.js";
import { Sheet, isOpen } from "./sheet.js";
import { Tabs } from "./tabs.js";
import { Viewer } from "./viewer.js";

const POLL = 10_000;

const desk = document.getElementById("desk");
const texts = JSON.parse(desk.dataset.texts);
const me = desk.dataset.who;
const get = (id) => document.getElementById(id);

let model = null;
let hand = null;
// While another return is fetched keys are not taken: what is typed must not go into a slot that nobody has seen.
let onTheWay = false;

const ahead = new Ahead();
const sheet = new Sheet(get("sheet"), texts);
const card = new Card(get("dock").firstElementChild, texts, { decide, onward: () => goOn() });
const viewer = new Viewer(get("stage"), { picked: (path) => take(slotAt(path)), seen: (number) => tabs.mark(number) });
const tabs = new Tabs(get("page-tabs"), texts, (number) => viewer.number(number));
const notices = new Notices(get("notices"), () => card.focus());
const decisions = new Decisions(texts, me, notices, { slot: (key, path) => (key === model.key ? slotAt(path) : undefined), changed, taken, goTo });
const { outbox } = decisions;
const roster = new Roster(card);
const menu = new Menu(get("decisions"), texts, { key: () => model.key, slot: () => hand, slots: () => model.slots, settled: refresh });

const slotAt = (path) => model.slots.find((slot) => slot.path === path);

adopt();
take(first(new URLSearchParams(location.search).get("slot") ?? decodeURIComponent(location.hash.slice(1))));
outbox.run();
setInterval(poll, POLL);

// --- a return and its slots

/** Make the page's model our own, with what has not been sent yet put on top. */
function adopt() {
  model = JSON.parse(get("model").dataset.model);
  decisions.restore(model.key);
  hand = null;
  card.slot = null;
  model.slots.forEach(paint);
  tabs.of(model.pages);
  sheet.show();
  // The next one's pictures come after this one's: one process draws them all.
  show().then(() => fetchNext(model.next));
}

/** The slot to begin with. */
function first(path = "") {
  return slotAt(path) ?? model.slots.find(isOpen) ?? (model.problems.length ? null : model.slots.find((slot) => slot.flagged)) ?? (model.problems.length ? null : model.slots[0]);
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
  sheet.count(model.slots);
  sheet.follow(slot);
  if (focus) card.focus();
}

/** What is wrong with the return as a whole stands in the dock like a slot: the last thing to confirm. */
function askProblems() {
  get("dock").classList.add("about-problems");
  card.ask(told(texts, "problem", { problems: model.problems.join("；") }), model.unplaced ? texts.place : texts.settle);
}

function place(slot) {
  const flagged = model.slots.filter((each) => each.flagged);
  const at = flagged.indexOf(slot);
  return at < 0 ? "" : `${at + 1} / ${flagged.length}`;
}

function paint(slot) {
  const inHand = slot === hand;
  sheet.paint(slot, inHand, inHand && card.slot === slot ? (card.entry ?? { state: null }) : null);
}

// --- deciding

function decide(slot, entry) {
  decisions.decide(slot, entry);
  paint(slot);
  goOn(slot);
}

/** A slot is worth something else by now; what is being `typed` into the one in hand stays. */
function changed(slot, { typed = false } = {}) {
  if (slot === hand && !typed) card.load(slot, place(slot));
  paint(slot);
  viewer.mark(model.slots, hand);
  sheet.count(model.slots);
}

/** The server has a decision. */
function taken(item, answer) {
  ahead.forget(item.key);
  if (item.key === model.key) {
    model.next = answer.next ?? "";
    if (!answer.problems) model.problems = [];
  }
  fetchNext(answer.next);
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
  const shown = sheet.onlyFlagged ? model.slots.filter((slot) => slot.flagged || slot.failed || slot === hand) : model.slots;
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
  ahead.forgetAll();
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
    const page = await ahead.page(key, anew);
    onTheWay = false;
    get("dock").classList.remove("on-the-way");
    if (!page) return window.kuohao.toast(texts.gone, "bad");
    ["head", "sheet"].forEach((id) => get(id).replaceChildren(...page.getElementById(id).childNodes));
    document.title = page.title;
    if (push && location.pathname !== `/returns/${key}`) history.pushState(null, "", `/returns/${key}`);
    get("sheet").scrollTop = 0;
    ahead.forget(key);
    adopt();
  }
  return take(first(path));
}

function fetchNext(key) {
  if (key !== model.key) ahead.fetch(key);
}

function refresh(key = model.key) {
  return goTo(key, hand?.path ?? "", { anew: true });
}

/** What others have decided meanwhile. */
async function poll() {
  const { key } = model;
  const standing = await decisions.standing(key);
  if (!standing || key !== model.key) return;
  model.next = standing.next;
  model.slots.forEach((slot) => {
    const typing = slot === hand && card.dirty;
    const news = decisions.meet(slot, standing.slots[slot.path], typing);
    // What is being typed meets it as a conflict, when it is confirmed.
    if (typing && news) card.tell(news, "warn");
  });
}

// --- pictures, keys, clicks

function seal() {
  const clean = !viewer.clean;
  document.querySelector('[data-view="seal"]').setAttribute("aria-pressed", String(clean));
  show(clean);
}

async function show(clean = viewer.clean) {
  await viewer.open(model.pages, model.slots, clean);
  viewer.mark(model.slots, hand);
  tabs.mark(viewer.told);
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
  else if (name === "keep" || name === "mine") notices.resolve(name === "keep" ? "K" : "M");
  else if (name === "only") sheet.toggle();
  else if (!hand) {
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
