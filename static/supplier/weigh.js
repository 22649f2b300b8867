// Net weight and payable while they are typed, with the server's own arithmetic: integers, half up. Nothing depends on it.
const FACTORS = { 千克: 1000n, 公斤: 1000n, kg: 1000n, 斤: 500n, 吨: 1000000n, t: 1000000n, 克: 1n, g: 1n };

/** '120斤' → 60000n thousandths; null where it is no quantity. */
export const thousandths = (text, unit) => {
  let typed = text.trim().replaceAll(/[,，]/g, "");
  let factor = 1000n;
  if (unit === "千克") {
    const suffix = Object.keys(FACTORS).sort((a, b) => b.length - a.length).find((name) => typed.endsWith(name));
    if (suffix) {
      factor = FACTORS[suffix];
      typed = typed.slice(0, -suffix.length).trim();
    }
  }
  const found = /^(\d{1,9})(?:\.(\d+))?$/.exec(typed);
  if (!found) return null;
  const decimals = (found[2] ?? "").replace(/0+$/, "");
  const scale = 10n ** BigInt(decimals.length);
  const scaled = BigInt(found[1] + decimals) * factor;
  return scaled % scale ? null : scaled / scale;
};

/** '1,234.5' → 123450n fen. */
export const fen = (text) => {
  const found = /^[¥￥]?\s*(\d{1,13})(?:\.(\d{1,2}))?$/.exec(text.trim().replaceAll(/[,，]/g, ""));
  return found ? BigInt(found[1]) * 100n + BigInt((found[2] ?? "").padEnd(2, "0")) : null;
};

const grouped = (whole) => whole.toString().replace(/\B(?=(\d{3})+$)/g, ",");
const decimals = (value, size, places) => `${grouped(value / size)}.${(value % size).toString().padStart(places, "0")}`;
const shownWeight = (value) => decimals(value, 1000n, 3);
const shownMoney = (value) => decimals(value, 100n, 2);

const unitOf = () => document.querySelector("[name=unit]")?.value ?? "千克";
/** The unit as the page's language says it: the chosen option's own text. */
const unitWord = () => document.querySelector("[name=unit]")?.selectedOptions?.[0]?.text.trim() ?? unitOf();

/** [net, payable] of the inputs below `place`, each null where it cannot be told yet. */
const reckon = (place) => {
  const text = (name) => place.querySelector(`[data-${name}]`)?.value ?? "";
  const gross = thousandths(text("gross"), unitOf());
  const tare = text("tare").trim() ? thousandths(text("tare"), unitOf()) : 0n;
  if (gross === null || tare === null || gross <= tare) return [null, null];
  const net = gross - tare;
  const price = fen(text("price")) ?? fen(document.querySelector("[data-price-all]")?.value ?? "");
  const deduction = text("deduction").trim() ? fen(text("deduction")) : 0n;
  if (price === null || deduction === null) return [net, null];
  const payable = (2n * net * price + 1000n) / 2000n - deduction;
  return [net, payable > 0n ? payable : null];
};

const single = document.querySelector("#weigh");
const showSingle = () => {
  const [net, payable] = reckon(single);
  single.querySelector("[data-net]").textContent = net === null ? "—" : `${shownWeight(net)}\u00a0${unitWord()}`;
  single.querySelector("[data-payable]").textContent = payable === null ? "—" : `¥${shownMoney(payable)}`;
};

const table = document.querySelector("[data-weigh-table]");
const showTable = () => {
  let nets = 0n;
  let sum = 0n;
  for (const row of table.querySelectorAll("[data-weigh]")) {
    const [net, payable] = reckon(row);
    row.querySelector("[data-net]").textContent = net === null ? "" : shownWeight(net);
    row.querySelector("[data-payable]").textContent = payable === null ? "" : shownMoney(payable);
    nets += net ?? 0n;
    sum += payable ?? 0n;
  }
  table.querySelector("[data-net-sum]").textContent = nets ? shownWeight(nets) : "";
  table.querySelector("[data-payable-sum]").textContent = sum ? shownMoney(sum) : "";
};

/** Twenty more rows without a new page: what is typed stays. */
const addRows = (event) => {
  event.preventDefault();
  const rows = [...table.querySelectorAll("tbody tr[data-weigh]")];
  const last = rows.at(-1);
  for (let number = rows.length; number < Math.min(rows.length + 20, 200); number += 1) {
    const row = last.cloneNode(true);
    row.classList.remove("bad");
    row.firstElementChild.textContent = number + 1;
    for (const input of row.querySelectorAll("input")) {
      input.name = input.name.replace(/\.\d+\./, `.${number}.`);
      input.id = `f-${input.name}`;
      input.value = "";
      input.classList.remove("is-invalid");
    }
    for (const cell of row.querySelectorAll("[data-net], [data-payable]")) cell.textContent = "";
    table.tBodies[0].append(row);
  }
};

if (single) {
  single.addEventListener("input", showSingle);
  showSingle();
}
if (table) {
  table.closest("form").addEventListener("input", showTable);
  document.querySelector("[data-more-rows]").addEventListener("click", addRows);
  showTable();
}
