"""Reports (报表): what was sold where, what of it reached households, and the rows behind each figure. Reads only.

The volume report's figures, in fen, by month (RULES.md, Reporting):

- *ordered* 订购额: order lines by the month of approval, at the approved quantity; orders that were declined, lapsed
  or wholly cancelled are left out. An order has no lot yet: it lies in the supplier's county, never finer.
- *accepted* 验收额: accepted lines by the month of acceptance, at the lot's origin.
- *settled* 销售额: accepted and paid lines by the month of settlement, at the lot's origin. Only this is volume.
- *attributed* 可追溯额: the part of settled that flowed into pools of named households.
- *owed* 应得: the value of outright and floor weighing slips, and dated flows (wages, rent, fixed dividends, surplus),
  by the month in which they were posted where the household lives; late costs of a lot that are owed at once, and what
  settled lines moved into pools that make debt (consignment, dividend, premium), where the lot comes from.
- *received* 已得: what slips repaid of signed advances, farm-gate payments and paid payouts, by the month in which they
  were posted, where the household lives.
- *to pay* 应付未付 = owed − received of these months; below zero where older debts were paid in them.
- *change* 比上年: settled against settled of the same months of the year before; none where there was nothing.
- *households* 联结农户: distinct households with a weight in a pool that the settled lines fed. Each counts once in
  every group and once in the total, so the total may be smaller than the sum.

Owed and received belong to a household and a supplier, never to a buyer, category or channel: asked by one of these, or
narrowed to one, they are None, and *attributed* answers instead.

A month that is closed does not change: what is late is posted to the open one (`restated` shows both). `verification`
runs every room's checks and keeps what they found.

How far an actor sees: a supplier its own sales, an agency its own and its subtree's purchases, an office what lies in
its division on the seller's or on the buyer's side (owed and received: where the household lives).
"""
