// What is decided about a return as a whole: choose by a key, read the effect in one line, confirm.

import { told } from "./card.js";

/** What is searched for while it is typed. */
const SEARCHED = ["return", "unit", "collection"];

export class Menu {
  /** `key`, `slot` and `slots` tell what the page shows; `settled(key)` is called when something was decided. */
  constructor(dialog, texts, { key, slot, slots, settled }) {
    Object.assign(this, { dialog, texts, key, slot, slots, settled });
    this.part = (name) => document.getElementById(`menu-${name}`);
    dialog.addEventListener("keydown", (event) => this.#key(event));
    dialog.addEventListener("click", (event) => {
      const item = event.target.closest(".menu-item");
      if (item) this.#choose(item);
      const found = event.target.closest("[data-found]");
      if (found) this.#take(found);
    });
    this.part("step").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#confirm();
    });
    this.part("back").addEventListener("click", () => this.#begin());
    this.part("input").addEventListener("input", () => {
      this.dialog.querySelectorAll("[data-found].on").forEach((each) => each.classList.remove("on"));
      this.#search();
    });
    dialog.addEventListener("close", () => document.querySelector("#dock .c-input").focus());
  }

  /** All of it, or what is asked for a decision of this kind. */
  open(kind = "") {
    this.dialog.showModal();
    this.#begin();
    const item = kind && this.dialog.querySelector(`.menu-item[data-kind="${kind}"]`);
    if (item) this.#choose(item);
  }

  #begin() {
    this.item = null;
    this.part("list").hidden = false;
    this.part("step").hidden = true;
    this.part("list").querySelector("button").focus();
  }

  #choose(item) {
    this.item = item;
    const { asks, effect, ask } = item.dataset;
    const count = this.slots().filter((slot) => slot.open).length;
    this.part("effect").textContent = effect.replaceAll("{count}", count);
    this.part("told").textContent = "";
    this.part("found").replaceChildren();
    this.part("ask").hidden = !asks;
    this.part("ask").firstElementChild.textContent = ask;
    this.part("input").value = asks === "why" ? ask.split("：").at(1) ?? "" : "";
    this.part("list").hidden = true;
    this.part("step").hidden = false;
    if (asks) this.part("input").focus();
    else this.part("step").querySelector(".primary").focus();
    if (SEARCHED.includes(asks)) this.#search();
  }

  #key(event) {
    if (event.isComposing || event.keyCode === 229) return;
    const choosing = !this.item;
    if (event.key === "Escape" && !choosing) {
      event.preventDefault();
      this.#begin();
    } else if (choosing && !event.altKey && !event.ctrlKey) {
      const item = [...this.part("list").querySelectorAll(".menu-item")].find((each) => each.querySelector("kbd").textContent === event.key.toUpperCase());
      if (item) {
        event.preventDefault();
        this.#choose(item);
      }
    }
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      const reachable = [...this.dialog.querySelectorAll(choosing ? ".menu-item" : "#menu-input, [data-found]")].filter((each) => each.offsetParent);
      const at = reachable.indexOf(document.activeElement);
      event.preventDefault();
      reachable[(at + (event.key === "ArrowDown" ? 1 : -1) + reachable.length) % reachable.length]?.focus();
    }
  }

  #search() {
    const asks = this.item?.dataset.asks;
    if (!SEARCHED.includes(asks)) return;
    clearTimeout(this.timer);
    const text = this.part("input").value.trim();
    this.timer = setTimeout(async () => {
      const places = { unit: "units", return: `${this.key()}/others`, collection: `${this.key()}/collections` };
      const address = `/returns/${places[asks]}?q=${encodeURIComponent(text)}`;
      const answer = await fetch(address, { headers: { Accept: "application/json" } }).catch(() => null);
      if (!answer?.ok || this.part("input").value.trim() !== text) return;
      const data = await answer.json();
      const found = data.returns ?? data.names.map((name) => ({ key: name, words: name }));
      this.part("found").replaceChildren(...found.map(({ key, words }) => {
        const line = document.createElement("li");
        const button = document.createElement("button");
        Object.assign(button, { type: "button", className: "menu-item", textContent: words });
        button.dataset.found = key;
        line.append(button);
        return line;
      }));
      if (!found.length) this.part("told").textContent = text ? this.texts.no_match : "";
      else this.part("told").textContent = "";
    }, 120);
  }

  #take(button) {
    this.part("input").value = button.textContent;
    this.part("input").focus();
    this.dialog.querySelectorAll("[data-found]").forEach((each) => each.classList.toggle("on", each === button));
  }

  async #confirm() {
    const { kind, value, asks } = this.item.dataset;
    const typed = this.part("input").value.trim();
    const chosen = this.dialog.querySelector("[data-found].on")?.dataset.found;
    const first = this.dialog.querySelector("[data-found]");
    // What was only searched for is shown as chosen first: nobody confirms what they have not seen.
    if (!chosen && first && SEARCHED.includes(asks) && typed) return void this.#take(first);
    const body = { kind, value, why: asks === "why" ? typed : "" };
    if (asks === "unit" || asks === "collection") body.value = chosen ?? typed;
    if (asks === "page") body.value = typed;
    if (asks === "return" && !chosen) return void (this.part("told").textContent = this.texts.no_match);
    if (asks === "return" && kind === "dismissed") body.why = told(this.texts, "superseding", { key: chosen });
    else if (asks === "return") body.value = chosen;
    const result = await window.kuohao.post(`/returns/${this.key()}/decisions`, body);
    if (!result.ok) return void (this.part("told").textContent = result.data.message);
    this.dialog.close();
    window.kuohao.toast(result.data.told);
    return this.settled(this.key());
  }
}
