
"use strict";
// Both parts only add to what the page can do without them: tables that sort, and charts that one key walks through.
for (const table of document.querySelectorAll("table.sorts")) {
  const body = table.tBodies[0];
  if (body.rows.length < 2) continue;
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const rising = head.getAttribute("aria-sort") === "descending" ||
        (!head.hasAttribute("aria-sort") && !head.classList.contains("n"));
      heads.forEach((each) => each.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", rising ? "ascending" : "descending");
      body.append(...[...body.rows].sort((a, b) => compare(a.cells[column], b.cells[column], rising ? 1 : -1)));
    });
  });
}
function compare(a, b, sign) {
  const [x, y] = [a.dataset.v, b.dataset.v];
  if (x === undefined || y === undefined) return (x === undefined) - (y === undefined);
  const [p, q] = [Number(x), Number(y)];
  return sign * (Number.isNaN(p) || Number.isNaN(q) ? x.localeCompare(y, "en") : p - q);
}
for (const steps of document.querySelectorAll(".steps")) {
  const all = [...steps.children];
  const moves = { ArrowLeft: -1, ArrowRight: 1, Home: -Infinity, End: Infinity };
  all.forEach((step, place) => { step.tabIndex = place === all.length - 1 ? 0 : -1; });
  steps.addEventListener("keydown", (event) => {
    steps.classList.toggle("shut", event.key === "Escape");
    if (!(event.key in moves)) return;
    event.preventDefault();
    const place = Math.max(0, Math.min(all.length - 1, all.indexOf(document.activeElement) + moves[event.key]));
    all.forEach((step, each) => { step.tabIndex = each === place ? 0 : -1; });
    all[place].focus();
  });
  for (const kind of ["focusin", "pointerover"]) steps.addEventListener(kind, () => steps.classList.remove("shut"));
}
