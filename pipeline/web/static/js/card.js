// One slot to be decided: its picture, what the machine made of it, the field to type into.

export const told = (texts, key, values = {}) =>
  Object.entries(values).reduce((text, [name, value]) => text.replaceAll(`{${name}}`, value), texts[key] ?? key);

// Where these are asked for, letters command; a date is typed with marks that command elsewhere.
const NUMBERS = ["count", "money"];
const TICKED = ["1", "y", "√", "✓", "☑"];
const UNTICKED = ["0", "n", "□"];

/** A worth as people read it: blank, 0 and unreadable are told apart; of a box (`kind` "tick") whether it is ticked. */
export function worthText(texts, state, value, kind = "") {
  if (state === "blank") return texts.blank;
  if (state === "unreadable") return texts.unreadable;
  return kind === "tick" ? "√" : String(value);
}

/** A plain number that was typed, full-width and with commas too; null where only the server can tell. */
export function plainNumber(text, decimals = false) {
  const plain = text.normalize("NFKC").replace(/[\s]/g, "").replace(/^\d{1,3}(,\d{3})+(?=$|\.)/, (whole) => whole.replaceAll(",", ""));
  return (decimals ? /^\d+(\.\d{1,6})?$/ : /^\d+$/).test(plain) ? Number(plain) : null;
}

/** Where a decision about a slot is sent. */
export const slotUrl = (slot, place = "/returns") => `${place}/${slot.key}/${place === "/returns" ? "slots/" : ""}${encodeURIComponent(slot.path)}`;

export const same = (one, other) => one.state === other.state && (one.state !== "value" || String(one.value) === String(other.value));

// What a count means that an input method has let through: the keys for blank and unreadable.
const SAID = { "-": "blank", "—": "blank", "b": "blank", "*": "unreadable", "×": "unreadable", "x": "unreadable" };

export class Card {
  /** `decide(slot, {state, value})` takes a decision, `onward()` goes on where there was nothing to decide. */
  constructor(element, texts, { decide, onward, blind = false }) {
    Object.assign(this, { element, texts, decide, onward, blind });
    this.part = (name) => element.querySelector(`.c-${name}`);
    this.input = this.part("input");
    this.state = "value";
    this.asked = null;
    this.input.addEventListener("input", (event) => event.isComposing || this.#typed());
    this.input.addEventListener("compositionend", () => this.#typed());
    element.addEventListener("click", (event) => {
      const button = event.target.closest("[data-do], [data-choice]");
      if (!button || !this.slot) return;
      if (button.dataset.choice) this.choose(Number(button.dataset.choice));
      else this.perform(button.dataset.do);
      this.focus();
    });
  }

  /** Whether letters are what is typed here. */
  get words() {
    return this.slot ? !NUMBERS.includes(this.slot.kind) && !this.ticks : false;
  }

  /** Whether a box is asked for. */
  get ticks() {
    return this.slot?.kind === "tick";
  }

  /** Whether something was typed that has not been confirmed. */
  get dirty() {
    const entry = this.entry;
    return Boolean(this.slot) && (entry ? !same(entry, this.#start()) : this.#start().state !== null);
  }

  /** What stands in the field, {state, value}; null where nothing does. */
  get entry() {
    if (this.state !== "value") return { state: this.state, value: null };
    const text = this.input.value.trim();
    if (!text) return null;
    const said = text.normalize("NFKC").toLowerCase();
    // Where words are typed a letter is a word; a mark alone still means what its key means.
    const meant = this.words && /^[a-z]$/.test(said) ? undefined : SAID[said];
    if (meant) return { state: meant, value: null };
    if (this.ticks) return UNTICKED.includes(said) ? { state: "blank", value: null } : { state: "value", value: TICKED.includes(said) ? 1 : text };
    const number = this.words ? null : plainNumber(text, this.slot.kind === "money");
    return { state: "value", value: number ?? text };
  }

  /** Take a slot in hand, with what was typed into it before. */
  load(slot, place = "") {
    if (this.slot && this.slot !== slot) this.leave();
    const fresh = this.slot !== slot;
    this.slot = slot;
    this.asked = null;
    this.element.dataset.kind = slot.kind;
    this.element.classList.toggle("words", this.words);
    this.part("number").textContent = slot.number || this.texts.field;
    this.part("context").textContent = slot.context;
    this.part("before").textContent = slot.before + slot.opening;
    this.part("after").textContent = slot.closing + slot.after;
    this.part("count").textContent = place;
    this.input.inputMode = this.words ? "text" : slot.kind === "money" ? "decimal" : "numeric";
    if (fresh) this.#picture();
    this.#read();
    this.choices(slot.candidates);
    this.set(slot.draft ?? this.#start());
    this.tell(...this.#standing());
  }

  /** Ask about no slot, but for a confirmation: what is asked, and what confirming it does. */
  ask(words, effect) {
    this.slot = null;
    const shown = { number: "!", context: "", before: words, after: "", count: "" };
    Object.entries(shown).forEach(([name, text]) => { this.part(name).textContent = text; });
    this.part("read").replaceChildren();
    this.choices([]);
    this.set({ state: "value", value: "" });
    this.tell(effect, "warn");
  }

  /** Keep what was typed and not confirmed. */
  leave() {
    if (this.slot) this.slot.draft = this.dirty ? (this.entry ?? { state: null, value: null }) : undefined;
  }

  /** Put a worth into the field; a number is selected, so that typing replaces it. */
  set({ state, value }) {
    this.state = state === "blank" || state === "unreadable" ? state : "value";
    this.input.value = state !== "value" ? "" : this.ticks && value === 1 ? "√" : String(value);
    this.#show();
    if (document.activeElement === this.input) this.input.select();
  }

  perform(name) {
    if (name === "tick" || name === "toggle") {
      const ticked = name === "tick" || this.entry?.value !== 1;
      this.asked = null;
      this.set(ticked ? { state: "value", value: 1 } : { state: "blank", value: null });
      this.tell("");
    } else if (name === "blank" || name === "unreadable") {
      this.asked = null;
      this.set({ state: name, value: null });
      this.tell("");
    } else if (name === "reset") {
      this.slot.draft = undefined;
      this.asked = null;
      this.set(this.#start());
      this.choices(this.slot.candidates);
      this.tell(...this.#standing());
    } else if (name === "confirm") this.confirm();
  }

  choose(number) {
    const choice = this.offered?.[number - 1];
    if (choice === undefined) return;
    this.asked = null;
    const value = this.words ? choice : (plainNumber(choice, this.slot.kind === "money") ?? choice);
    this.set({ state: "value", value });
    // Chosen from what was offered: nothing about it is unusual.
    this.asked = String(value);
    this.input.select();
  }

  confirm() {
    const slot = this.slot;
    const entry = this.entry;
    if (!entry) return this.tell(this.texts.undecided, "bad");
    const unchanged = !this.blind && same(entry, slot);
    if (unchanged && !slot.open && !slot.failed) return this.onward(slot);
    const doubt = unchanged || this.blind ? null : this.#doubt(entry);
    if (doubt && this.asked !== String(entry.value)) {
      this.asked = String(entry.value);
      this.tell(doubt, "warn");
      this.input.select();
      return undefined;
    }
    slot.draft = undefined;
    return this.decide(slot, entry);
  }

  /** Say something about this slot, without moving anything. */
  tell(message = "", kind = "") {
    const place = this.part("told");
    place.textContent = message;
    place.className = `c-told ${kind}`;
  }

  /** Offer readings to choose from by one key. */
  choices(candidates) {
    this.offered = candidates;
    const place = this.part("choices");
    place.replaceChildren(...candidates.slice(0, 9).map((choice, at) => {
      const button = document.createElement("button");
      Object.assign(button, { type: "button", className: "button small choice", tabIndex: -1 });
      button.dataset.choice = at + 1;
      const key = document.createElement("kbd");
      key.textContent = `Alt+${at + 1}`;
      button.append(choice, key);
      return button;
    }));
  }

  focus() {
    this.input.focus({ preventScroll: true });
    if (this.state === "value") this.input.select();
  }

  /** What the field begins with: what counts; nothing where the machine could not tell, for that is the person's to say. */
  #start() {
    const { slot } = this;
    if (this.blind) return { state: null, value: null };
    if (slot.state === "unreadable" && !slot.who && slot.open) return { state: null, value: null };
    return { state: slot.state, value: slot.value };
  }

  #doubt(entry) {
    if (!NUMBERS.includes(this.slot.kind) || entry.state !== "value" || typeof entry.value !== "number") return null;
    if (this.slot.candidates.includes(String(entry.value)) || entry.value === this.slot.read_value) return null;
    if (String(Math.trunc(entry.value)).length > 7) return told(this.texts, "many_digits", { value: entry.value });
    return entry.value >= this.slot.doubtful_from ? told(this.texts, "unusual", { value: entry.value }) : null;
  }

  #typed() {
    this.state = "value";
    this.asked = null;
    if (!this.words && /[\uff01-\uff5e]/.test(this.input.value)) {
      const at = this.input.selectionStart;
      this.input.value = this.input.value.normalize("NFKC");
      this.input.setSelectionRange(at, at);
    }
    this.tell("");
    this.#show();
    this.element.dispatchEvent(new CustomEvent("typed", { bubbles: true }));
  }

  #show() {
    this.element.dataset.state = this.state === "value" && !this.input.value ? "nothing" : this.state;
    this.part("chip").textContent = this.state === "value" ? "" : this.texts[this.state];
  }

  #picture() {
    const image = this.part("picture");
    const { crop, foot } = this.slot;
    this.part("nowhere").hidden = Boolean(crop);
    image.hidden = !crop;
    if (crop) image.src = crop;
    else image.removeAttribute("src");
    // Of a field above the table there is no picture of its own: the strip of the page above the table's first slot is.
    image.classList.toggle("strip", foot !== null);
    image.onload = () => {
      if (foot === null) return;
      const shown = image.parentElement;
      const height = (image.naturalHeight / image.naturalWidth) * shown.clientWidth;
      image.style.top = `${Math.min(Math.round(shown.clientHeight - foot * height), 0)}px`;
    };
    image.onerror = () => {
      image.hidden = true;
      this.part("nowhere").hidden = false;
    };
  }

  /** The machine's reading, how sure it is, and why a person is asked. */
  #read() {
    const { slot, texts } = this;
    const place = this.part("read");
    place.replaceChildren();
    if (this.blind) return;
    const value = document.createElement("b");
    const unread = slot.read_state === "unreadable";
    value.textContent = unread ? texts.nothing_read : worthText(texts, slot.read_state, slot.read_value, slot.kind);
    value.className = `is-${slot.read_state}`;
    place.append(`${texts.read} `, value);
    if (!unread && slot.sureness) place.append(span("sureness", slot.sureness));
    if (slot.flagged) slot.reasons.forEach((reason) => place.append(span("reason", reason)));
    if (slot.who) place.append(span("decided", told(texts, "by", { who: slot.who, value: worthText(texts, slot.state, slot.value, slot.kind) })));
  }

  /** What is to be said of a slot when it comes to hand. */
  #standing() {
    const { slot, texts } = this;
    if (slot.failed) return [slot.failed, "bad"];
    if (slot.news) return [slot.news, "warn"];
    return [""];
  }
}

function span(name, text) {
  const made = document.createElement("span");
  made.className = name;
  made.textContent = text;
  return made;
}
