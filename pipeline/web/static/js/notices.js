// Lines above the form's foot that say what has happened to a decision, and what can be done about it.

export class Notices {
  /** `done()` is called when something was done about a line. */
  constructor(place, done) {
    Object.assign(this, { place, done });
  }

  /** A line with its `actions`, [label, key, act] each: by a button, and by its key. */
  tell(words, actions, kind = "") {
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
        this.done();
      });
      line.append(button);
    }
    this.place.append(line);
  }

  /** Take the lines of a kind away. */
  clear(kind) {
    this.place.querySelector(`.${kind}`)?.remove();
  }

  /** What a key means to the oldest conflict. */
  resolve(key) {
    this.place.querySelector(`.notice-line.conflict button[data-key="${key}"]`)?.click();
  }
}
