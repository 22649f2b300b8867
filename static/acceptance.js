// Counting at the door: whole or none at a touch, reasons only where less arrived, progress and sum in the dock.
import { formatMoney, formatQuantity, halfUp, parseQuantity } from "./money.js";

const form = document.getElementById("acceptance");
const cards = [...form.querySelectorAll("[data-card]")];
const progress = form.querySelector("[data-out=progress]");
const touched = new Set();

function show() {
  let sum = 0n;
  for (const card of cards) {
    const shipped = BigInt(card.dataset.shipped);
    const accepted = parseQuantity(card.querySelector("[name$='.accepted']").value);
    const weighed = card.dataset.pricing === "weighed";
    const net = weighed ? parseQuantity(card.querySelector("[name$='.net']").value) : accepted;
    const state = card.querySelector("[data-out=state]");
    const less = accepted !== null && accepted < shipped;
    card.querySelector("[data-why]").hidden = !less;
    card.querySelector("[data-out=rejected]").textContent = less ? progress.dataset.less.replace("{quantity}", formatQuantity(shipped - accepted)) : "";
    const counted = touched.has(card) && accepted !== null;
    state.className = `bf-state ${!counted ? "idle" : !less ? "done" : accepted ? "wait" : "stop"}`;
    state.textContent = !counted ? progress.dataset.open : !less ? progress.dataset.all : accepted ? progress.dataset.part : progress.dataset.none;
    if (accepted && net) sum += halfUp(net * BigInt(card.dataset.price), 1000n);
  }
  progress.value = touched.size;
  form.querySelector("[data-out=count]").textContent = progress.dataset.words.replace("{done}", touched.size).replace("{all}", cards.length);
  form.querySelector("[data-out=sum]").textContent = formatMoney(sum);
}

for (const card of cards) {
  card.querySelector("[data-live]").hidden = false;
  card.querySelectorAll("[data-set]").forEach((button) => button.addEventListener("click", () => {
    card.querySelector("[name$='.accepted']").value = button.dataset.set.replaceAll(",", "");
    touched.add(card);
    show();
  }));
  card.addEventListener("input", () => { touched.add(card); show(); });
}
progress.hidden = false;
show();
