// Counting at the door: whole or none at a touch, a crate per row of the scale, reasons only where less arrived, progress
// and sum in the dock. The form works without.
import { formatMoney, formatQuantity, halfUp, parseQuantity } from "./money.js";

const form = document.getElementById("acceptance");
const cards = [...(form?.querySelectorAll("[data-card]") ?? [])]; // the page after it has neither
const progress = form?.querySelector("[data-out=progress]");
const FIRST_ADDED = 5000; // rows that a script adds are numbered above those that the page came with

const touch = (card) => { card.querySelector("[data-touched]").value = "1"; };
const touched = (card) => card.querySelector("[data-touched]").value === "1";

/** The sum of a card's crates, each shown beside its row; null where none is weighed. */
function weigh(card) {
  let sum = null;
  for (const row of card.querySelectorAll("[data-scale]")) {
    const gross = parseQuantity(row.querySelector("[data-gross]").value);
    const tare = parseQuantity(row.querySelector("[data-tare]").value || "0");
    const out = row.querySelector("[data-crate]");
    const sound = gross !== null && tare !== null && gross > tare;
    out.textContent = gross === null ? "" : sound ? formatQuantity(gross - tare) : "?";
    out.classList.toggle("bad", gross !== null && !sound);
    if (sound) sum = (sum ?? 0n) + gross - tare;
  }
  return sum;
}

function show() {
  let sum = 0n;
  for (const card of cards) {
    const shipped = BigInt(card.dataset.shipped);
    const accepted = parseQuantity(card.querySelector("[name$='.accepted']").value);
    const crates = weigh(card);
    const typed = card.querySelector("[name$='.net']");
    if (typed) typed.placeholder = crates === null ? "" : formatQuantity(crates);
    const net = card.dataset.pricing === "weighed" ? crates ?? parseQuantity(typed.value) : accepted;
    const state = card.querySelector("[data-out=state]");
    const less = accepted !== null && accepted < shipped;
    card.querySelector("[data-why]").hidden = !less;
    card.querySelector("[data-out=rejected]").textContent = less ? progress.dataset.less.replace("{quantity}", formatQuantity(shipped - accepted)) : "";
    const counted = touched(card) && accepted !== null;
    state.className = `bf-state ${!counted ? "idle" : !less ? "done" : accepted ? "wait" : "stop"}`;
    state.textContent = !counted ? progress.dataset.open : !less ? progress.dataset.all : accepted ? progress.dataset.part : progress.dataset.none;
    if (accepted && net) sum += halfUp(net * BigInt(card.dataset.price), 1000n);
  }
  const done = cards.filter(touched).length;
  progress.value = done;
  form.querySelector("[data-out=count]").textContent = progress.dataset.words.replace("{done}", done).replace("{all}", cards.length);
  form.querySelector("[data-out=sum]").textContent = formatMoney(sum);
}

/** One more row of the scale; `number` where a draft names it. */
export function addCrate(card, number) {
  const rows = card.querySelectorAll("[data-scale]");
  const row = rows[rows.length - 1].cloneNode(true);
  const names = [...form.querySelectorAll("[data-gross]")].map((input) => Number(input.name.split(".")[1]));
  const next = number ?? Math.max(FIRST_ADDED - 1, ...names) + 1;
  for (const input of row.querySelectorAll("input")) {
    input.name = input.name.replace(/\.\d+\./, `.${next}.`);
    if (input.type !== "hidden") input.value = "";
  }
  row.querySelector("[data-crate]").textContent = "";
  card.querySelector("[data-scales]").append(row);
  return row;
}

for (const card of cards) {
  card.querySelector("[data-live]").hidden = false;
  const more = card.querySelector("[data-more]");
  more.hidden = false;
  more.addEventListener("click", () => addCrate(card).querySelector("[data-gross]").focus());
  card.querySelectorAll("[data-set]").forEach((button) => button.addEventListener("click", () => {
    card.querySelector("[name$='.accepted']").value = button.dataset.set.replaceAll(",", "");
    touch(card);
    form.dispatchEvent(new Event("input", { bubbles: true }));
  }));
  card.addEventListener("input", (event) => { if (event.target.type !== "file") touch(card); });
}
if (form) {
  form.addEventListener("input", show);
  progress.hidden = false;
  show();
}
