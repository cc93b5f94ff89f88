// The roster's names, offered while a unit is typed.

const MOST = 6;

export class Roster {
  constructor(card) {
    this.card = card;
    card.element.addEventListener("typed", () => this.#search());
  }

  /** A slot has come to hand: what was searched for another is of no use. */
  offer(slot) {
    this.slot = slot;
    clearTimeout(this.timer);
  }

  #search() {
    const { card, slot } = this;
    if (slot?.kind !== "unit") return;
    clearTimeout(this.timer);
    const text = card.input.value.trim();
    if (!text) return card.choices(slot.candidates);
    // Once the fingers rest: letters of a name come in quick succession.
    this.timer = setTimeout(async () => {
      const answer = await fetch(`/returns/units?q=${encodeURIComponent(text)}`, { headers: { Accept: "application/json" } }).catch(() => null);
      if (!answer?.ok || this.slot !== slot || card.input.value.trim() !== text) return;
      const { names } = await answer.json();
      card.choices(names.slice(0, MOST));
      if (!names.length) card.tell(card.texts.no_match, "warn");
    }, 120);
    return undefined;
  }
}
