"""The script of the report; everything can be read without it."""

SCRIPT = """
"use strict";
document.documentElement.classList.add("scripted");
const contents = document.getElementById("contents");
const narrow = matchMedia("(max-width: 64rem)");
const foldContents = () => { contents.open = !narrow.matches; };
narrow.addEventListener("change", foldContents);
foldContents();

// a link into a fold opens it
const reveal = (target) => {
  for (let part = target; part; part = part.parentElement)
    if (part.tagName === "DETAILS") part.open = true;
  target.scrollIntoView();
};
const follow = () => {
  const target = document.getElementById(location.hash.slice(1));
  if (target) reveal(target);
};
addEventListener("hashchange", follow);
follow();
contents.addEventListener("click", (event) => {
  if (event.target.tagName === "A") foldContents();
});

// the contents mark where the reader is
const links = [...contents.querySelectorAll("a")];
const places = links.map((link) => document.getElementById(link.hash.slice(1)));
let waiting = false;
const mark = () => {
  waiting = false;
  const line = 0.3 * innerHeight;
  let here = 0;
  places.forEach((place, index) => { if (place.getBoundingClientRect().top < line) here = index; });
  links.forEach((link, index) => {
    if (index !== here) link.removeAttribute("aria-current");
    else if (!link.hasAttribute("aria-current")) {
      link.setAttribute("aria-current", "location");
      if (!narrow.matches) {
        const side = contents.parentElement, box = link.getBoundingClientRect();
        if (box.top < 60 || box.bottom > innerHeight - 30)
          side.scrollTop += box.top - innerHeight / 2;
      }
    }
  });
};
addEventListener("scroll", () => {
  if (!waiting) { waiting = true; requestAnimationFrame(mark); }
}, { passive: true });
mark();

// search: every word must occur; names count before text, figures and tables before claims
const search = document.querySelector(".search");
const field = search.querySelector("input"), hits = search.querySelector("ul");
const state = search.querySelector("p");
search.hidden = false;
const plain = (text) => text.toLowerCase().replace(/\\s+/g, " ");
const things = [...document.querySelectorAll("[data-find]")].map((element) => ({
  element, kind: element.dataset.find, label: element.dataset.label,
  name: plain(element.dataset.label), text: plain(element.textContent) }));
const most = 40, kinds = ["Figure", "Table", "Claim", "Check"];
field.addEventListener("input", () => {
  const words = plain(field.value).split(" ").filter(Boolean);
  hits.replaceChildren();
  state.textContent = "";
  if (!words.length) return;
  const within = (text) => words.every((word) => text.includes(word));
  const found = things.filter((thing) => within(thing.name + " " + thing.text));
  const rank = (thing) => 4 * !within(thing.name) + kinds.indexOf(thing.kind);
  found.sort((a, b) => rank(a) - rank(b));
  state.textContent = found.length + " found" +
    (found.length > most ? ", the first " + most + " are listed" : "");
  for (const thing of found.slice(0, most)) {
    const link = document.createElement("a"), kind = document.createElement("small");
    link.href = "#" + thing.element.id;
    kind.textContent = thing.kind + " ";
    const label = thing.label.length > 90 ? thing.label.slice(0, 90) + "…" : thing.label;
    link.append(kind, label);
    link.addEventListener("click", () => reveal(thing.element));
    const item = document.createElement("li");
    item.append(link);
    hits.append(item);
  }
});
addEventListener("keydown", (event) => {
  if (event.key === "/" && document.activeElement !== field) {
    event.preventDefault();
    field.focus();
  } else if (event.key === "Escape" && field.value) {
    field.value = "";
    field.dispatchEvent(new Event("input"));
  }
});

// on paper every fold is open
let folded = [];
addEventListener("beforeprint", () => {
  folded = [...document.querySelectorAll("main details:not([open])")];
  folded.forEach((part) => { part.open = true; });
});
addEventListener("afterprint", () => folded.forEach((part) => { part.open = false; }));
"""
