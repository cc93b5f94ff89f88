// A button for each page of a return, and which of them is looked at.

import { told } from "./card.js";

export class Tabs {
  /** `chosen(number)` is told of the page that a person wants to see. */
  constructor(place, texts, chosen) {
    Object.assign(this, { place, texts, chosen });
  }

  of(pages) {
    this.place.replaceChildren(...pages.map((page, at) => {
      const button = document.createElement("button");
      Object.assign(button, { type: "button", className: "button quiet small", tabIndex: -1, textContent: told(this.texts, "page", { number: at + 1 }) });
      button.dataset.page = page.number;
      button.addEventListener("click", () => this.chosen(page.number));
      return button;
    }));
  }

  mark(number) {
    this.place.querySelectorAll("button").forEach((button) => button.setAttribute("aria-selected", String(button.dataset.page === String(number))));
  }
}
