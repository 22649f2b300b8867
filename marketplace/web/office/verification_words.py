"""The verifier's checks in words, by what they are about; a test finds a check without words."""

from flask_babel import lazy_gettext as _

GROUPS = {
    "ledger": _("账本"),
    "income": _("农户收入"),
    "trade": _("采购和库存"),
    "reports": _("报表和结账"),
    "system": _("系统"),
}
# Check → (group, what holds).
_CHECKS = {
    "journals_are_complete": ("ledger", _("每张凭证的分录齐全，编号相连")),
    "entries_have_their_journal": ("ledger", _("没有离开凭证的分录")),
    "entries_have_two_accounts": ("ledger", _("每条分录有借有贷，金额大于零")),
    "sources_and_journals_are_one_to_one": ("ledger", _("一笔业务一张凭证，一一对应")),
    "sources_posted_once": ("ledger", _("没有重复记账的业务")),
    "debits_equal_credits": ("ledger", _("借方合计等于贷方合计")),
    "periods_are_months_of_their_day": ("ledger", _("凭证的月份就是它日期的月份")),
    "regions_are_divisions": ("ledger", _("凭证都有 12 位区划代码")),
    "accounts_carry_their_derived_id": ("ledger", _("账户编号由名称推出，没有第二个")),
    "guards_stand": ("ledger", _("防改、防删的触发器都在")),
    "seals_are_their_journals": ("ledger", _("封存链相连，凭证与封存时一致")),
    "journals_are_sealed_in_time": ("ledger", _("凭证按时封存")),
    "checkpoints_are_signed_prefixes": ("ledger", _("签名的检查点都对得上")),
    "entries_of_a_line_sum_to_its_money": ("ledger", _("每条结清行的分录合计等于它的金额")),
    "settled_lines_are_posted_in_their_period": ("ledger", _("结清行记在它所计的月份和产地")),
    "rows_are_posted_in_their_period": ("ledger", _("过磅单、收入、付款记在它所计的月份和村")),
    "movements_of_a_line_are_what_it_attributed": ("income", _("结清行的可追溯额等于流入各池的钱")),
    "pool_totals_are_their_movements": ("income", _("每个分配池的总额等于它的流水")),
    "lots_sold_out_posted_their_cost": ("income", _("卖完的批次正好记足它的成本")),
    "standings_are_the_owed_accounts": ("income", _("各户应得减已得等于账本上的余额")),
    "standings_are_what_rows_make": ("income", _("各户应得、已得等于单据的合计")),
    "nobody_received_beyond_what_was_owed": ("income", _("除冲销之后，没有人所得多于应得")),
    "a_household_is_paid_once_by_a_distribution": ("income", _("一次分配每户只付一次，不多付")),
    "shares_are_their_part_of_the_pool": ("income", _("各户的份额按办法重算一分不差")),
    "reversals_stay_within_their_sale": ("income", _("冲销不超过原来的销售")),
    "lines_wholly_reversed_leave_nothing": ("income", _("全部冲销的行没有余额")),
    "everybody_on_a_roster_consented": ("income", _("名单上的每一户都签过字")),
    "parts_are_the_whole": ("income", _("并户、分户的份额合起来是一整户")),
    "payees_are_named_by_two": ("income", _("收款人都经两人办理")),
    "changes_of_payees_cooled_off": ("income", _("换收款人都过了冷静期")),
    "payees_are_of_their_household": ("income", _("收款人是本户的人，去世、离开的不再收款")),
    "heads_have_the_households_name": ("income", _("户主姓名与家庭成员一致")),
    "accepted_and_paid_is_settled": ("trade", _("已验收且付清的都已结清，别的都没有")),
    "settled_quantities_are_their_lines": ("trade", _("订单行的结清数量等于它的结清行")),
    "returned_quantities_are_their_reversals": ("trade", _("退货数量与冲销一致")),
    "bills_are_lowered_by_their_credits": ("trade", _("结算单冲减额等于各次付款前退货")),
    "credits_are_their_returns": ("trade", _("每笔冲减等于它那次退货的金额")),
    "credited_goods_are_the_order_lines": ("trade", _("付款前退货的数量与订单行一致")),
    "returned_goods_are_the_order_lines": ("trade", _("退货与订单行一致")),
    "card_payments_are_on_their_bills": ("trade", _("网上支付成功的都记在自己的结算单上，金额、编号一致")),
    "bills_are_their_parts": ("trade", _("结算单的金额等于所含验收的金额")),
    "bills_are_paid_by_what_came": ("trade", _("结算单的已付等于到账和余款抵付，已登记等于待确认的付款")),
    "payers_credits_are_what_was_left": ("trade", _("付款方的余款等于多付和预付后剩下的")),
    "rows_of_statements_are_their_transfers": ("trade", _("银行流水确认的金额等于它的到账记录")),
    "certificates_are_their_settled_lines": ("reports", _("每份采购证明等于签发时已结清的合计")),
    "certificates_are_as_issued": ("reports", _("采购证明的编号、金额与签发记录一致，核验码各不相同")),
    "refunds_fill_the_room_they_took": ("trade", _("网上支付的已退额等于它的各次退款")),
    "lots_gave_what_was_shipped": ("trade", _("批次发出的数量等于发货单")),
    "stock_reserved_is_what_lines_hold": ("trade", _("预留的库存等于未发的订单，库存不为负")),
    "order_lines_keep_their_quantity": ("trade", _("订购等于未发、在途、验收、拒收、取消之和")),
    "settled_money_of_a_plan_is_its_lines": ("trade", _("预留份额的完成额等于它的结清行")),
    "committed_money_of_a_plan_is_its_open_lines": ("trade", _("预留份额的在途额等于它的未结订单")),
    "plans_stay_below_their_ceiling": ("trade", _("预留份额没有超过上限")),
    "each_unit_is_counted_by_one_plan": ("trade", _("合用食堂和承包商的采购各只计入一份方案")),
    "figures_are_their_settled_lines": ("reports", _("报表汇总数等于结清行重算")),
    "closed_months_are_what_was_frozen": ("reports", _("已结账月份的数字没有变")),
    "closed_months_are_guarded": ("reports", _("已结账月份的防记账触发器在")),
    "nothing_was_posted_into_a_closed_month": ("reports", _("结账之后没有再记入该月的凭证")),
    "the_index_is_the_catalogue": ("system", _("搜索里的产品等于在售的产品")),
    "the_outbox_moves": ("system", _("提交之后该办的都办了")),
    "keys_have_one_answer": ("system", _("同一请求只办一次、只有一个回答")),
}
WORDS = {name: words for name, (_group, words) in _CHECKS.items()}
ADVICE = {
    "ledger": _("先停止兑付，请平台管理员用最近的备份演练核对，并把凭证编号交审计。"),
    "income": _("涉及的供应商先停止兑付，请平台管理员核对明细；更正用冲销重记，不改旧账。"),
    "trade": _("请平台管理员核对所列的订单、批次或方案；更正前不影响已付的钱。"),
    "reports": _("报表先不对外，请平台管理员按明细重算；已结账的数字变了要查明是谁改的。"),
    "system": _("请平台管理员查看后台任务是否在运行；不影响账和钱。"),
}


def group_of(name: str) -> str:
    """What a check is about; one without words counts to the system."""
    return _CHECKS[name][0] if name in _CHECKS else "system"
