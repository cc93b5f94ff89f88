// The form with its values: what each slot is worth, and whether it is open, decided or the machine's.

import { told, worthText } from "./card.js";

const ONLY = "kuohao.only";

/** Whether a person has still to decide about a slot. */
export const isOpen = (slot) => slot.open || Boolean(slot.failed);

export class Sheet {
  constructor(element, texts) {
    Object.assign(this, { element, texts });
    this.onlyFlagged = sessionStorage.getItem(ONLY) !== "no";
  }

  /** Show all slots, or only those that were flagged. */
  show() {
    this.element.classList.toggle("only-flagged", this.onlyFlagged);
    document.getElementById("only").setAttribute("aria-pressed", String(this.onlyFlagged));
  }

  /** The other of the two, which this tab keeps. */
  toggle() {
    this.onlyFlagged = !this.onlyFlagged;
    sessionStorage.setItem(ONLY, this.onlyFlagged ? "yes" : "no");
    this.show();
  }

  /** Show a slot; where it is in hand, `worth` is what stands in the field just now, {state: null} for nothing. */
  paint(slot, inHand, worth) {
    const element = this.#placeOf(slot.path);
    if (!element) return;
    const { texts } = this;
    const shown = worth ?? slot.draft ?? slot;
    const state = shown.state === null ? "nothing" : shown.state;
    const standing = isOpen(slot) ? "open" : slot.who ? "decided" : "accepted";
    const marks = { "in-hand": inHand, pending: slot.pending, failed: slot.failed, draft: slot.draft };
    element.className = ["place", `is-${state}`, standing, ...Object.keys(marks).filter((mark) => marks[mark])].join(" ");
    const isEmptyBox = slot.kind === "tick" && state === "blank";
    element.textContent = state === "nothing" ? "？" : isEmptyBox ? "\u00a0" : worthText(texts, shown.state, shown.value, slot.kind);
    const by = slot.who && told(texts, "by", { who: slot.who, value: worthText(texts, slot.state, slot.value, slot.kind) });
    element.title = [slot.number, by, slot.flagged && slot.reasons.join("；")].filter(Boolean).join(" · ");
  }

  /** Bring a slot's place into view; null is what is wrong with the whole. */
  follow(slot) {
    const element = slot ? this.#placeOf(slot.path) : document.getElementById("problems");
    element?.scrollIntoView({ block: "center", behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth" });
  }

  /** Say how many slots are open, of those that were flagged. */
  count(slots) {
    const flagged = slots.filter((slot) => slot.flagged || slot.failed).length;
    const open = slots.filter(isOpen).length;
    const place = document.getElementById("left");
    place.textContent = flagged ? told(this.texts, "left", { open, all: flagged }) : this.texts.none_left;
    place.classList.toggle("flag", open > 0);
  }

  #placeOf(path) {
    return this.element.querySelector(`.place[data-path="${CSS.escape(path)}"]`);
  }
}
