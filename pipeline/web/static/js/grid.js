// Slots of many returns side by side, each a card of its own: by slot, by impact, entered a second time, audited.

import { Card, slotUrl, told, worthText } from "./card.js";
import { command } from "./keys.js";
import { Outbox } from "./outbox.js";

const desk = document.getElementById("grid");
const { mode } = desk.dataset;
const me = desk.dataset.who;
const texts = JSON.parse(desk.dataset.texts);
const blind = mode === "second" || mode === "audit";
const outbox = new Outbox(answered, waiting);

const cards = [...desk.querySelectorAll(".slot-card")].map((element) => {
  const slot = JSON.parse(element.dataset.slot);
  const card = new Card(element, texts, { decide: (each, entry) => decide(card, entry), onward: () => goOn(), blind });
  card.load(slot);
  element.addEventListener("focusin", () => take(card, false));
  element.addEventListener("pointerdown", () => take(card, false));
  return card;
});
let hand = null;

take(cards.find(isOpen) ?? cards[0]);
outbox.run();

function isOpen(card) {
  return !card.done && (blind || card.slot.open || Boolean(card.slot.failed));
}

function take(card, focus = true) {
  if (!card) return;
  if (card !== hand) {
    hand?.element.classList.remove("in-hand");
    hand = card;
    card.element.classList.add("in-hand");
    card.element.scrollIntoView({ block: "nearest" });
  }
  if (focus) card.focus();
}

function step(by) {
  take(cards[(cards.indexOf(hand) + by + cards.length) % cards.length]);
}

function goOn() {
  const at = cards.indexOf(hand);
  const next = [...cards.slice(at + 1), ...cards.slice(0, at)].find(isOpen);
  if (next) take(next);
  else more();
}

/** All of these are done: the next ones, when the server has what was decided here. */
async function more() {
  await outbox.run();
  if (outbox.items.length || cards.some((card) => card.slot.failed || card.element.dataset.conflict)) return;
  if (desk.dataset.more) location.reload();
  else document.getElementById("grid-done").hidden = false;
}

function decide(card, entry) {
  const { slot } = card;
  if (mode === "audit") return audit(card, entry);
  const previous = { state: slot.state, value: slot.value, open: slot.open, who: slot.who };
  const body = { state: entry.state, value: entry.value, seen: slot.version, mode };
  const url = blind ? slotUrl(slot, "/second") : slotUrl(slot);
  Object.assign(slot, entry, { open: false, who: me, failed: "" });
  finish(card, "decided", worthText(texts, entry.state, entry.value, card.slot.kind));
  outbox.push({ url, body, slot: `${slot.key} ${slot.path}`, key: slot.key, path: slot.path, number: slot.title, previous });
  return goOn();
}

/** What was seen against what was accepted: where they differ, the reviewer is asked once more, seeing both. */
async function audit(card, entry) {
  const { slot } = card;
  const sure = card.sure === JSON.stringify(entry);
  const result = await window.kuohao.post(slotUrl(slot, "/audit"), { ...entry, sure });
  if (!result.ok) return card.tell(result.data.message, "bad");
  const { right, accepted, estimate } = result.data;
  if (estimate) document.getElementById("estimate").textContent = estimate;
  const mine = worthText(texts, entry.state, entry.value, card.slot.kind);
  if (right === null) {
    card.sure = JSON.stringify(entry);
    card.tell(told(texts, "audit_ask", { accepted: worthText(texts, accepted.state, accepted.value, slot.kind), mine }), "warn");
    return card.focus();
  }
  finish(card, right ? "agrees" : "differs", right ? texts.audit_right : told(texts, "audit_wrong", { mine }));
  return goOn();
}

function answered(item, result) {
  const card = cards.find((each) => each.slot.key === item.key && each.slot.path === item.path);
  if (!card) return result.ok || window.kuohao.toast(told(texts, "failed", { number: item.number, message: result.data.message }), "bad");
  const { slot } = card;
  if (result.ok && mode === "second") {
    const { agrees, first } = result.data;
    const words = agrees ? texts.agrees : told(texts, "differs", { first: worthText(texts, first.state, first.value, slot.kind), second: worthText(texts, item.body.state, item.body.value, slot.kind) });
    return finish(card, agrees ? "agrees" : "differs", words);
  }
  if (result.ok) {
    Object.assign(slot, { version: result.data.version, state: result.data.state, value: result.data.value });
    return finish(card, "decided", worthText(texts, slot.state, slot.value, slot.kind));
  }
  if (result.status === 409 && result.data.conflict) return conflict(card, item, result.data.conflict);
  Object.assign(slot, item.previous, { failed: result.data.message });
  reopen(card, item.body);
  return card.tell(result.data.message, "bad");
}

function conflict(card, item, theirs) {
  const { slot } = card;
  outbox.versions.set(item.slot, theirs.version);
  Object.assign(slot, { state: theirs.state, value: theirs.value, who: theirs.who, version: theirs.version, open: false });
  card.element.dataset.conflict = JSON.stringify(item.body);
  card.done = false;
  const words = told(texts, "conflict", { number: "", who: theirs.who, when: theirs.when, theirs: worthText(texts, theirs.state, theirs.value, slot.kind), mine: worthText(texts, item.body.state, item.body.value, slot.kind) });
  card.tell(words, "warn");
  card.element.querySelector(".c-choices").replaceChildren(button(texts.keep, "K", () => settle(card, false)), button(texts.mine, "M", () => settle(card, true)));
}

function settle(card, mine) {
  const body = JSON.parse(card.element.dataset.conflict ?? "null");
  if (!body) return false;
  delete card.element.dataset.conflict;
  card.choices(card.slot.candidates);
  const entry = mine ? body : card.slot;
  card.set(entry);
  if (mine) decide(card, { state: body.state, value: body.value });
  else finish(card, "decided", worthText(texts, entry.state, entry.value, card.slot.kind));
  return true;
}

function button(label, key, act) {
  const made = document.createElement("button");
  Object.assign(made, { type: "button", className: "button small", textContent: label, tabIndex: -1 });
  made.append(Object.assign(document.createElement("kbd"), { textContent: key }));
  made.addEventListener("click", act);
  return made;
}

function finish(card, kind, words) {
  card.done = true;
  card.element.classList.remove("decided", "agrees", "differs");
  card.element.classList.add(kind);
  card.tell(words, kind === "differs" ? "bad" : "good");
  count();
}

function reopen(card, worth) {
  card.done = false;
  card.element.classList.remove("decided", "agrees", "differs");
  card.set(worth);
  count();
}

function count() {
  const place = document.getElementById("grid-left");
  if (place) place.textContent = told(texts, "left", { open: cards.filter(isOpen).length, all: cards.length });
}

function waiting(number) {
  window.kuohao.toast(number ? told(texts, "offline", { count: number }) : texts.saved, number ? "bad" : "");
}

async function undo() {
  await outbox.run();
  const result = await window.kuohao.post("/undo");
  if (!result.ok) return window.kuohao.toast(result.status === 404 ? texts.nothing_to_undo : result.data.message);
  const { undone } = result.data;
  window.kuohao.toast(told(texts, "undone", { what: undone.what, value: undone.told }));
  const card = cards.find((each) => each.slot.key === undone.key && each.slot.path === undone.path);
  if (!card) return location.assign(`/returns/${undone.key}#${encodeURIComponent(undone.path)}`);
  outbox.versions.delete(`${undone.key} ${undone.path}`);
  Object.assign(card.slot, { state: undone.state, value: undone.value, version: undone.version, open: undone.open, who: "", failed: "" });
  reopen(card, card.slot);
  card.tell("");
  return take(card);
}

document.addEventListener("keydown", (event) => {
  if (document.querySelector("dialog[open]") || !hand) return;
  const inGrid = desk.contains(event.target);
  if (!inGrid && event.target.closest?.("input, select, textarea, a, button, summary") && !event.altKey && !event.ctrlKey) return;
  const meant = command(event, hand.words, hand.ticks);
  if (!meant) return;
  const { name, number } = meant;
  if (name === "onward" || name === "back") step(name === "onward" ? 1 : -1);
  else if (name === "choose") hand.choose(number);
  else if (name === "undo") undo();
  else if (name === "keep" || name === "mine") settle(hand.element.dataset.conflict ? hand : cards.find((card) => card.element.dataset.conflict) ?? hand, name === "mine");
  else if (name === "keys") document.getElementById("keys")?.showModal();
  else if (name === "queue") location.assign("/queue");
  else if (["blank", "unreadable", "reset", "confirm", "tick", "toggle"].includes(name)) {
    if (hand.done && name === "confirm") goOn();
    else {
      if (name !== "confirm") hand.done = false;
      hand.perform(name);
    }
  } else return;
  event.preventDefault();
});
desk.addEventListener("typed", (event) => {
  const card = cards.find((each) => each.element === event.target);
  if (card?.done) reopen(card, { state: "value", value: card.input.value });
});
document.getElementById("keys")?.addEventListener("close", () => hand?.focus());
count();
