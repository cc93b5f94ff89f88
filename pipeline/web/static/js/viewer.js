// The page's picture: all pages of a return below each other, the slots' boxes over them, and the view that follows a slot.

const CALM = window.matchMedia("(prefers-reduced-motion: reduce)");
// Between two pages, in widths of a page.
const GAP = 0.03;
// Of a page's width shown around a slot: its line, and the words on both sides.
const AROUND = 0.5;
const STEP = 0.12;
// Above the table's first slot, in widths of a page: title, fields and the table's heading.
const HEAD = 0.36;

export class Viewer {
  /** `picked(path)` is told of a click on a slot's box, `seen(number)` of the page that is looked at. */
  constructor(stage, { picked, seen }) {
    Object.assign(this, { picked, seen });
    this.viewer = window.OpenSeadragon({
      element: stage,
      drawer: "canvas",
      showNavigationControl: false,
      showNavigator: false,
      keyboardNavEnabled: false,
      animationTime: CALM.matches ? 0 : 0.35,
      springStiffness: 9,
      visibilityRatio: 0.3,
      minZoomImageRatio: 0.5,
      maxZoomPixelRatio: 4,
      gestureSettingsMouse: { clickToZoom: false, dblClickToZoom: true },
      gestureSettingsTouch: { clickToZoom: false, dblClickToZoom: true, flickEnabled: true },
      imageSmoothingEnabled: true,
    });
    // Keys belong to the field.
    this.viewer.canvas.tabIndex = -1;
    this.viewer.addHandler("canvas-scroll", () => { this.zoomed = true; });
    this.viewer.addHandler("canvas-pinch", () => { this.zoomed = true; });
    this.viewer.addHandler("viewport-change", () => this.#tell());
    this.pages = [];
    this.boxes = new Map();
    this.clean = false;
    this.opening = 0;
  }

  /** Show a return's pages and slots; the pictures of one that is shown already stay. */
  async open(pages, slots, clean = this.clean) {
    document.getElementById("no-pages").hidden = pages.length > 0;
    const key = JSON.stringify([pages.map((page) => page.original), clean]);
    if (key !== this.key) {
      this.key = key;
      this.clean = clean;
      this.zoomed = false;
      await this.#load(pages);
    }
    this.#draw(slots);
    if (this.wanted) this.follow(this.wanted, true);
    this.#tell();
  }

  /** Move to a slot, or to the top of its page where it has no place of its own. */
  follow(slot, at_once = CALM.matches) {
    this.wanted = slot;
    const page = this.pages.find((each) => each.number === slot.page) ?? this.pages[0];
    if (!page?.height) return;
    const { viewport } = this.viewer;
    const Rect = window.OpenSeadragon.Rect;
    if (!slot.box) {
      if (slot.foot === null) return void viewport.fitBounds(new Rect(0, page.top, 1, page.height), at_once);
      const top = Math.max(slot.foot * page.height - HEAD, 0);
      return void viewport.fitBounds(new Rect(0, page.top + top, 1, this.#tall()), at_once);
    }
    const { x, y, width, height } = this.#rect(slot, page);
    if (this.zoomed) {
      return void viewport.panTo(new window.OpenSeadragon.Point(x + width / 2, y + height / 2), at_once);
    }
    const wide = Math.max(AROUND, 3 * width);
    const left = Math.min(Math.max(x + width / 2 - wide / 2, -0.02), 1.02 - wide);
    return void viewport.fitBounds(new Rect(left, y + height / 2 - wide / 4, wide, wide / 2), at_once);
  }

  /** The stage's height in widths of it. */
  #tall() {
    const { x, y } = this.viewer.viewport.getContainerSize();
    return x ? y / x : 1;
  }

  /** Mark the boxes: which is in hand, which are open, decided, accepted. */
  mark(slots, inHand) {
    slots.forEach((slot) => {
      const element = this.boxes.get(slot.path);
      if (element) element.className = `box ${slot === inHand ? "in-hand" : ""} ${slot.open || slot.failed ? "open" : slot.who ? "decided" : "accepted"}`;
    });
  }

  do(name) {
    const { viewport } = this.viewer;
    if (name === "in" || name === "out") {
      this.zoomed = true;
      viewport.zoomBy(name === "in" ? 1.3 : 1 / 1.3, undefined, CALM.matches);
      viewport.applyConstraints(CALM.matches);
    } else if (name === "rotate") viewport.setRotation(viewport.getRotation() + 90, CALM.matches);
    else if (name === "fit") this.show(this.#current());
    else this.#pan(name);
  }

  /** Show a whole page. */
  show(page) {
    if (!page?.height) return;
    this.zoomed = false;
    this.viewer.viewport.fitBounds(new window.OpenSeadragon.Rect(0, page.top, 1, page.height), CALM.matches);
  }

  /** Show the page so many further on. */
  turn(by) {
    const at = this.pages.indexOf(this.#current()) + by;
    this.show(this.pages[Math.min(Math.max(at, 0), this.pages.length - 1)]);
  }

  number(page) {
    this.show(this.pages.find((each) => each.number === page));
  }

  #pan(name) {
    const [x, y] = { left: [-STEP, 0], right: [STEP, 0], up: [0, -STEP], down: [0, STEP] }[name] ?? [0, 0];
    const { viewport } = this.viewer;
    const size = viewport.getBounds(true);
    const delta = new window.OpenSeadragon.Point(x * size.width, y * size.height).rotate(-viewport.getRotation());
    viewport.panBy(delta, CALM.matches);
    viewport.applyConstraints(CALM.matches);
  }

  #current() {
    const middle = this.viewer.viewport.getCenter(true).y;
    return this.pages.find((page) => middle < page.top + page.height + GAP) ?? this.pages.at(-1);
  }

  #tell() {
    const number = this.pages.length ? this.#current().number : null;
    if (number !== this.told) this.seen(this.told = number);
  }

  async #load(pages) {
    const turn = ++this.opening;
    const { viewer } = this;
    viewer.clearOverlays();
    viewer.world.removeAll();
    this.boxes.clear();
    viewer.viewport?.setRotation(0, true);
    const sources = await Promise.all(pages.map((page) => this.#picture(this.clean ? page.clean : page.original)));
    if (turn !== this.opening) return;
    this.pages = [];
    let top = 0;
    for (const [at, page] of pages.entries()) {
      const size = sources[at];
      const height = size ? size.height / size.width : 0;
      this.pages.push({ number: page.number, top, height });
      if (size) {
        await this.#add(size.url, top);
        if (turn !== this.opening) return;
        top += height + GAP;
      }
    }
  }

  /** A picture's size, when it has come; null where there is none. */
  #picture(url) {
    return new Promise((resolve) => {
      const image = new Image();
      image.onload = () => resolve({ url, width: image.naturalWidth, height: image.naturalHeight });
      image.onerror = () => resolve(null);
      image.src = url;
    });
  }

  #add(url, y) {
    return new Promise((resolve) => {
      this.viewer.addTiledImage({
        tileSource: { type: "image", url, buildPyramid: true },
        x: 0, y, width: 1,
        success: resolve,
        error: resolve,
      });
    });
  }

  #rect(slot, page) {
    const [left, top, right, bottom] = slot.box;
    return new window.OpenSeadragon.Rect(left, page.top + top * page.height, right - left, (bottom - top) * page.height);
  }

  #draw(slots) {
    this.viewer.clearOverlays();
    this.boxes.clear();
    slots.forEach((slot) => {
      const page = this.pages.find((each) => each.number === slot.page);
      if (!slot.box || !page?.height) return;
      const element = document.createElement("div");
      element.className = "box";
      element.title = slot.number;
      this.boxes.set(slot.path, element);
      this.viewer.addOverlay({ element, location: this.#rect(slot, page) });
      new window.OpenSeadragon.MouseTracker({ element, clickHandler: (event) => event.quick && this.picked(slot.path) });
    });
  }
}
