// Ticked rows: how many, and their sum in fen (or thousandths); one tick for all of them.
const table = document.querySelector("[data-choose]");
const chosen = document.querySelector("[data-chosen]");
const grouped = (text) => text.replace(/\B(?=(\d{3})+$)/g, ",");

if (table && chosen) {
  const boxes = [...table.querySelectorAll("tbody input[type=checkbox]")];
  const all = table.querySelector("[data-all]");
  const update = () => {
    const ticked = boxes.filter((box) => box.checked);
    const fen = ticked.reduce((sum, box) => sum + BigInt(box.dataset.fen ?? 0), 0n);
    const net = ticked.reduce((sum, box) => sum + BigInt(box.dataset.net ?? 0), 0n);
    chosen.querySelector("[data-count]").textContent = ticked.length;
    const sum = chosen.querySelector("[data-sum]");
    if (sum) sum.textContent = `¥${grouped((fen / 100n).toString())}.${(fen % 100n).toString().padStart(2, "0")}`;
    const weight = chosen.querySelector("[data-weight]");
    if (weight) weight.textContent = `${grouped((net / 1000n).toString())}.${(net % 1000n).toString().padStart(3, "0")}`;
    if (all) all.checked = ticked.length === boxes.length;
  };
  chosen.hidden = false;
  if (all) {
    all.hidden = false;
    all.addEventListener("change", () => {
      for (const box of boxes) box.checked = all.checked;
      update();
    });
  }
  table.addEventListener("change", update);
  update();
}
