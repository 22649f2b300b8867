// While shipping is filled in: what of each line stays open, and which chosen lots lack papers. The form works without.
const table = document.querySelector("[data-ship]");

const thousandths = (text) => {
  const found = /^(\d{1,9})(?:\.(\d{1,3}))?$/.exec(text.trim());
  return found ? Number(found[1]) * 1000 + Number((found[2] ?? "").padEnd(3, "0")) : 0;
};
const shown = (value) => (value / 1000).toFixed(3);

const update = () => {
  const open = new Map();
  for (const row of table.querySelectorAll("tr[data-line]")) {
    const line = row.dataset.line;
    const cell = row.querySelector("[data-open]");
    if (cell) open.set(line, { cell, left: Number(cell.dataset.open), unit: row.querySelector(".input-group-text").textContent });
    open.get(line).left -= thousandths(row.querySelector("input").value);
    const choice = row.querySelector("select").selectedOptions[0];
    row.classList.toggle("warn", Boolean(choice?.dataset.missing) && !row.classList.contains("bad"));
  }
  for (const { cell, left, unit } of open.values()) {
    let note = cell.querySelector(".bf-note");
    if (!note) {
      note = document.createElement("span");
      note.className = "bf-note";
      cell.append(note);
    }
    note.textContent = `${table.dataset.left} ${left < 0 ? "−" : ""}${shown(Math.abs(left))} ${unit}`;
    note.classList.toggle("bf-late", left < 0);
    note.hidden = left === Number(cell.dataset.open);
  }
};

if (table) {
  table.addEventListener("input", update);
  update();
}
