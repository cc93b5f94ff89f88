// Which command a key means. Where letters are what is typed (`words`), commands take Alt; elsewhere letters command too.

const ALT = {
  KeyB: "blank", KeyX: "unreadable", KeyR: "rotate", KeyS: "seal", KeyF: "fit", KeyA: "only", KeyD: "menu", KeyK: "keep",
  KeyM: "mine", KeyN: "next", KeyQ: "queue", Slash: "keys", Equal: "in", NumpadAdd: "in", Minus: "out", NumpadSubtract: "out",
  ArrowLeft: "left", ArrowRight: "right", ArrowUp: "up", ArrowDown: "down",
};

const PLAIN = {
  "-": "blank", "－": "blank", "—": "blank", "b": "blank", "*": "unreadable", "＊": "unreadable", "×": "unreadable", "x": "unreadable",
  "+": "in", "=": "in", "＋": "in", "/": "out", "_": "out", "r": "rotate", "s": "seal", "f": "fit", "a": "only", "d": "menu",
  "k": "keep", "m": "mine", "?": "keys", "？": "keys",
};

// In a box: one key says what is there, and the space bar that it is otherwise.
const BOX = { "1": "tick", "１": "tick", "y": "tick", "√": "tick", " ": "toggle", "0": "blank", "０": "blank", "n": "blank", "/": "blank" };

const ALWAYS = { Escape: "reset", PageUp: "page-back", PageDown: "page-on", ArrowUp: "back", ArrowDown: "onward" };

/** The command, {name} or {name: "choose", number}; null where the key is for typing or for an input method. */
export function command(event, words, ticks = false) {
  // An input method's own keys: its Enter takes the characters, it confirms nothing.
  if (event.isComposing || event.key === "Process" || event.keyCode === 229) return null;
  if ((event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey && event.key.toLowerCase() === "z") return { name: "undo" };
  if (event.ctrlKey || event.metaKey) return null;
  if (event.altKey) {
    const digit = /^(?:Digit|Numpad)([1-9])$/.exec(event.code);
    if (digit) return { name: "choose", number: Number(digit[1]) };
    return event.code in ALT ? { name: ALT[event.code] } : null;
  }
  if (event.key === "Enter") return { name: event.shiftKey ? "back" : "confirm" };
  if (event.key === "Tab") return { name: event.shiftKey ? "back" : "onward" };
  if (event.key in ALWAYS) return { name: ALWAYS[event.key] };
  if (!words) {
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    if (ticks && key in BOX) return { name: BOX[key] };
    if (key in PLAIN) return { name: PLAIN[key] };
  }
  return null;
}
