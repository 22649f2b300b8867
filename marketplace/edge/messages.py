"""The words of every error code: one sentence that says what would be right. A test finds codes without words.

Append a code in the section of its room. Facts fill the sentence by name, formatted by the ending of their name: `_fen`
as money, `_qty` (and QUANTITIES) as a quantity in thousandths, `_bp` as a percentage; dates and moments as such.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from flask_babel import gettext, lazy_gettext
from flask_babel.speaklater import LazyString

from ..core import clock
from ..core.errors import DomainError
from ..core.money import format_yuan
from ..core.quantity import format_quantity

_ = lazy_gettext

WORDS: dict[str, LazyString] = {
    # edge
    "many": _("有几处要改。"),
    "not_found": _("没有找到%(what)s，或者您无权查看。"),
    "forbidden": _("您的岗位没有这项权限。需要时请联系本单位管理员。"),
    "sign_in_needed": _("请先登录。"),
    "fresh_sign_in_needed": _("查看完整号码前，请在五分钟内重新输入一次密码；程序令牌不能代替。"),
    "sealed_unreadable": _("这条加密资料无法还原，可能被改动过。请不要重填，联系管理员核查。"),
    "key_unknown": _("解密所需的密钥不在本机，请联系管理员。"),
    "csrf": _("页面停留过久，请刷新后再提交一次。"),
    "wrong_state": _("%(what)s现在的状态不能这样办，请刷新后查看。"),
    "changed_meanwhile": _("别人刚改过这份%(what)s，请刷新后核对再提交。"),
    "rule_in_database": _("与已有记录冲突，没有写入。请刷新后核对。"),
    "request_running": _("同一请求正在处理，请稍候查看结果。"),
    "key_needed": _("请带上 Idempotency-Key：同一编号只办一次，重发时得到同一个回答。"),
    "key_malformed": _("请求编号应是 120 个以内的英文字符。"),
    "key_reused": _("这个请求编号已经用于另一份内容，请换一个编号。"),
    "unavailable": _("系统暂时连不上所需的部件，请稍后再试。"),
    "busy": _("同时办理的人较多，请稍后再试。"),
    "too_large": _("提交的内容太大，单次不超过 12 MB。"),
    "internal": _("系统出错，已记录。请把下面的编号告诉管理员。"),
    "bad_request": _("请求的格式不对。"),
    "method_not_allowed": _("这个地址不支持这种操作。"),
    "not_acceptable": _("无法提供所要的格式。"),
    "unsupported_media": _("不支持这种内容格式。"),
    "precondition_failed": _("别人刚改过，请重新读取后再提交。"),
    "precondition_required": _("请带上所改版本的 ETag。"),
    # input of any form, any body
    "required": _("必须填写"),
    "invalid": _("填写的内容不对"),
    "unknown_field": _("没有这个字段"),
    "too_long": _("填写的内容太长"),
    "too_short": _("填写的内容太短"),
    "out_of_range": _("超出允许的范围"),
    "not_a_choice": _("请从所列的选项中选"),
    "not_a_number": _("应是数字"),
    "not_a_day": _("应是日期，例如 2026-08-18"),
    "not_a_season_day": _("应是月日，例如 7-20"),
    "not_a_moment": _("应是时间，例如 2026-08-18T09:40:00+08:00"),
    "not_an_id": _("编号不对"),
    "not_text": _("含有不能显示的字符"),
    "named_twice": _("与前面的一行重复"),
    "code_malformed": _("编码只用大写英文字母、数字和连字符"),
    # numbers
    "not_money": _("“%(value)s”不是金额，应如 1234.50，最多两位小数"),
    "not_a_quantity": _("“%(value)s”不是数量，应如 497.6"),
    "too_many_decimals": _("“%(value)s”小数太多，最多三位"),
    "quantity_too_large": _("“%(value)s”太大"),
    # files
    "file_empty": _("文件是空的，或没有上传"),
    "file_too_large": _("文件太大，不超过 %(limit_mb)s MB"),
    "file_type": _("只收 PDF、PNG 或 JPEG"),
    # commands
    "demo_not_empty": _("数据库里已有数据，演示数据只装入空库"),
    # identity
    "sign_in_wrong": _("登录名或密码不对。"),
    "password_wrong": _("密码不对。"),
    "sign_in_throttled": _("试的次数太多，请 %(minutes)s 分钟后再试。"),
    "name_taken": _("“%(name)s”已有人使用，请换一个"),
    "role_unfit": _("该单位不能设“%(role)s”这个岗位"),
    "language_unknown": _("只有中文和英文"),
    "token_name": _("请写明令牌的用途，60 字以内"),
    "token_days": _("有效期为 1 至 %(limit)s 天"),
    "too_many_tokens": _("最多同时保有 %(limit)s 个令牌，请先作废不用的"),
    # ledger
    "already_posted": _("这笔业务已经记账，不能重复记账"),
    "period_closed": _("这个月份在当地已经结账。请刷新后重试：新发生的会记入当前月份，并注明所属月份"),
    "period_not_over": _("月份还没有结束，不能结账"),
    "nothing_to_close": _("到这个月为止都已经结账"),
    "closing_open": _("已有一份结账申请待批，请先批准或撤回"),
    "closing_own": _("自己提出的结账要由另一人批准"),
    # regions, channels
    "channel_unknown": _("没有“%(value)s”这个渠道"),
    "village_without_households": _("%(name)s没有农户"),
    # households
    "household_unknown": _("没有这一户，或户号与户主姓名对不上"),
    "class_unknown": _("没有“%(value)s”这个户类别"),
    "household_size": _("家庭人口应在 1 至 30 之间"),
    "id_number_malformed": _("身份证号应为 18 位，末位可以是 X"),
    "id_number_checksum": _("身份证号的末位校验码不对，请对照证件再看一遍"),
    "id_number_birth": _("身份证号里的出生日期不对，请对照证件再看一遍"),
    "phone_malformed": _("电话应为 7 至 15 位数字"),
    "relation_unknown": _("请选与户主的关系"),
    "head_name_differs": _("户主的姓名与本户登记的户主不同"),
    "head_exists": _("本户已经有户主"),
    "person_elsewhere": _("此人已是一户的成员。一个人同时只在一户，请先办理离开原来的户"),
    "member_left": _("此人已不是本户的成员"),
    "left_before_joined": _("日期早于此人成为本户成员的日期"),
    "not_a_member": _("此人不是本户现在的成员"),
    "payee_person_needed": _("请选一位家庭成员，或写明代领人的姓名和与户主的关系"),
    "proxy_paper_needed": _("代领要有书面委托，请附扫描件"),
    "proxy_until_needed": _("请填代领到哪一天为止，不早于今天"),
    "id_name_differs": _("姓名与身份证号不是同一个人"),
    "bank_needed": _("请填开户行"),
    "account_malformed": _("账号应为 8 至 30 位数字"),
    "account_for_cash": _("现金领取不填账号"),
    "holder_differs": _("账户户名应与收款人的姓名相同"),
    "payee_waiting": _("已有一笔收款变更待办或在冷静期内，请先办完或停止"),
    "approver_is_proposer": _("提出人不能批准自己提出的收款人，请另一人批准"),
    "office_needed": _("提出和批准的两人中，至少一人应是帮扶部门的"),
    "number_in_reason": _("这里不要写证件号、账号或电话"),
    "change_evidence_needed": _("请写明依据，例如村委证明的文号"),
    "change_before_another": _("%(latest)s 已有一次变动，日期不能早于它"),
    "household_ended": _("本户已并入别的户或已全部分出"),
    "part_is_itself": _("不能并入自己"),
    "parts_one": _("并户要写明并入的一户"),
    "parts_sum": _("分户至少写明两户，比例合计应为 100 %%"),
    "part_twice_named": _("同一户写了两次"),
    "part_ended": _("%(household)s 已并入别的户或已全部分出，不能再接收"),
    "village_unknown": _("没有这个村"),
    "not_moved": _("与现在的住地相同"),
    "new_head_needed": _("户主去世，请选一位在世的成员为新户主"),
    "approver_is_recorder": _("登记人不能批准自己登记的变动，请另一人批准"),
    # products
    "category_unknown": _("没有“%(value)s”这个品类"),
    "code_taken": _("编码“%(value)s”已被使用"),
    "unit_unknown": _("没有“%(value)s”这个单位"),
    "origin_needed": _("请填产地，至少到县"),
    "paper_exists": _("这种批次单据已经登记"),
    "paper_number_needed": _("请填单据编号"),
    "paper_unknown": _("没有“%(value)s”这种批次单据"),
    # linkage
    "agreement_not_in_force": _("利益联结协议 %(number)s 当日不在有效期内"),
    "basis_needed": _("请选收购方式：买断、代销或保底收购"),
    "mechanism_unknown": _("没有“%(value)s”这种联结方式"),
    "method_unknown": _("没有“%(value)s”这种分配方法"),
    "rate_out_of_range": _("标准超出允许的范围"),
    "ends_before_start": _("终止日期早于起始日期"),
    "end_in_past": _("终止日期不能早于今天"),
    "day_in_future": _("日期不能晚于今天"),
    "evidence_needed": _("请附凭证"),
    "roster_empty": _("名单里至少要有一户"),
    "roster_exists": _("这一天已有一份名单"),
    "roster_in_past": _("名单不能从已有结清的日期之前开始"),
    "not_on_roster": _("该农户不在协议的名单上"),
    "no_consent": _("该农户还没有确认"),
    "witness_is_clerk": _("见证人不能是供应商自己的人"),
    "witnesses_same": _("要有两位不同的见证人"),
    "consent_exists": _("该农户已经确认过"),
    "payouts_none": _("请至少选一户"),
    "slips_none": _("请至少选一张过磅单"),
    "weight_not_positive": _("份额应大于零"),
    "weights_unknown": _("没有“%(value)s”这种份额口径"),
    "not_produce": _("这份协议不是收购类协议"),
    "tare_above_gross": _("皮重不能大于毛重"),
    "nothing_payable": _("扣款不能超过货款，货款应大于零"),
    "price_needed": _("请填单价"),
    "paid_beyond_payable": _("付款超过应付额"),
    "paid_beyond_owed": _("付款超过该户应得（此前退货形成的待抵扣款须先抵扣）"),
    "lot_short": _("批次剩余不足"),
    "slip_taken": _("过磅单已归入别的批次"),
    "slips_mixed": _("过磅单的产品或收购方式不一致，不能归入一个批次"),
    "size_not_positive": _("批次数量应大于零"),
    "size_beyond_delivered": _("批次数量超过过磅单的合计能出的 %(most)s"),
    "sale_tied_piece_wage": _("只有计件务工可以按销售计"),
    "agreement_overlaps": _("该农户同期已在协议 %(number)s 里，同一种联结、同一产品不能重叠"),
    "end_later": _("终止日不能晚于约定的 %(agreed)s；延长要另订协议"),
    "roster_after_end": _("协议 %(number)s 届时已经终止"),
    "roster_before_settled": _("到 %(settled)s 验收的货已有结清，名单只能从其后开始；要改须先冲回再记"),
    "weight_absurd": _("一次净重超过 %(most)s %(unit)s，请核对小数点"),
    "yield_needed": _("交来按%(delivered_unit)s，出售按%(unit)s，请填每%(delivered_unit)s出多少%(unit)s"),
    "own_produce": _("自产批次没有农户，不能补差"),
    "revision_empty": _("至少填一户的补差"),
    "not_of_lot": _("该农户没有货在这一批里"),
    "deduction_not_owed": _("代销的货结清后才应付，这里不能扣款"),
    "deduction_beyond_advances": _("扣款只能抵已签收的预支款，该户还有 %(left_fen)s 未抵"),
    "deduction_beyond_owed": _("该户有待抵扣款要先抵，这张单最多还能扣 %(left_fen)s"),
    "beyond_advance": _("超过未还的预支款，还剩 %(left_fen)s"),
    "payment_beyond_owed": _("会付超过应得，该户现在最多可付 %(left_fen)s"),
    "not_a_flow": _("协议 %(number)s 的收入不是按日登记的"),
    "no_entries": _("至少要有一行"),
    "flow_exists": _("同一户、同一人、同一天、同一凭证已在 %(batch)s 登记过"),
    "flow_is_correction": _("这一笔本身就是更正"),
    "flow_corrected": _("这一笔已经更正过"),
    "flow_of_surplus": _("盈余返还不能逐户更正"),
    "rate_differs": _("单价应与协议一致：%(agreed_fen)s"),
    "fen_differs": _("金额应等于数量乘单价：%(due_fen)s"),
    "not_surplus": _("协议 %(number)s 不是盈余返还"),
    "resolution_needed": _("请填成员大会决议的文号，并附决议文件"),
    "year_not_over": _("%(year)s 年的盈余要在该年成员大会决议之后返还"),
    "surplus_exists": _("%(year)s 年的盈余返还已经编制"),
    "surplus_nothing": _("盈余减去弥补亏损和提取公积后没有可分配的金额"),
    "volume_part_low": _("按交易量返还的部分不能低于 %(least_bp)s"),
    "volume_weights_missing": _("没有成员的交易量，请填交易量"),
    "capital_weights_missing": _("有按份额分配的部分，请填成员的出资和公积份额"),
    # regions
    "division_header": _("第一行应是 %(expected)s，现在是 %(found)s。"),
    "division_columns": _("应有 %(expected)s 列，这一行有 %(found)s 列。"),
    "division_code": _("“%(value)s”不是 12 位数字的区划代码。"),
    "division_code_level": _("代码 %(value)s 与级别 %(level)s 不符：这一级用前 %(digits)s 位，后面应全为 0。"),
    "division_level": _("“%(value)s”不是级别，应为 %(expected)s 之一。"),
    "division_level_changes": _("%(value)s 已按另一级别登记，级别不能改。"),
    "division_name": _("名称“%(value)s”应为 1 至 %(limit)s 个可见字符。"),
    "division_twice": _("代码 %(value)s 在第 %(first_row)s 行已经出现。"),
    "division_parent_unknown": _("%(division)s 的上级“%(value)s”既不在文件的可用行里，也没有登记。"),
    "division_parent_of_province": _("省级没有上级，%(division)s 的上级代码应留空。"),
    "division_parent_level": _("%(division)s 的上级 %(value)s 不是它的上一级。"),
    "division_parent_prefix": _("%(division)s 的代码不在上级 %(value)s 之下。"),
    "division_file_encoding": _("文件应为 UTF-8 编码。"),
    "division_file_csv": _("文件不是完整的 CSV：%(reason)s。"),
    "division_file_gzip": _("压缩文件不完整或已损坏。"),
    "division_file_size": _("文件展开后不得超过 %(limit_mb)s MB。"),
    "division_file_rows": _("一次最多 %(limit)s 行。"),
    # search
    "search_unavailable": _("搜索暂时不可用，请稍后再试；订单和账目不受影响。"),
    # accreditation
    "county_not_listed": _("供应商所在的县不在名录内"),
    # catalogue
    "pricing_unknown": _("计价方式只有按件和按净重"),
    "breaks_needed": _("至少要有一档价格"),
    "breaks_from_minimum": _("第一档应从起订量 %(minimum)s 开始"),
    "breaks_not_falling": _("后一档的数量应更多，单价应更低"),
    "below_minimum": _("低于起订量，至少 %(minimum)s"),
    "below_reserved": _("库存不能少于已被订单占用的 %(reserved)s"),
    "beyond_stock": _("库存不足，还可订 %(available)s"),
    "off_pack": _("应是 %(pack)s 的整数倍，可填 %(lower)s 或 %(upper)s"),
    "off_step": _("应按 %(step)s 递增，可填 %(lower)s"),
    "offer_unknown": _("没有这个供应，或已下架"),
    "offer_withdrawn": _("供应商已下架，请换一个"),
    # quota
    "agency_unknown": _("没有找到采购人"),
    "target_not_positive": _("预留份额应大于零"),
    "ceiling_below_target": _("上限不能低于预留份额"),
    "plan_exists": _("%(year)s 年的方案已经有了"),
    "beyond_ceiling": _("超出份额上限 %(over_fen)s，还可用 %(left_fen)s"),
    # procurement
    "no_lines": _("至少要有一行数量大于零"),
    "too_many_lines": _("一张采购单最多 %(limit)s 行"),
    "line_too_large": _("这一行的金额超过 %(most_fen)s，请核对数量"),
    "origin_outside": _("产地要在本供应商登记的县内"),
    "agreed_unknown": _("本单位没有这一项协议价"),
    "agreed_not_in_force": _("协议价 %(number)s 今天不在有效期内，或已经终止"),
    "beyond_agreed": _("超过协议价的数量上限，还可订 %(left_qty)s"),
    "span_overlaps": _("与日历上已有的一段重叠"),
    "days_too_many": _("一张定期订货单最长 %(limit)s 天，请分学年设"),
    "weekday_needed": _("请选每周哪几天送货"),
    "day_not_planned": _("这一天不是今后的送货日"),
    "standing_drafted": _("这一天的采购单已经生成或已经停送"),
    "limit_not_positive": _("每人限额应大于零"),
    "no_heads": _("请先填人员名单"),
    "no_heads_chosen": _("请勾选已签领的人"),
    "heads_too_many": _("一张名单最多 %(limit)s 人，请分单"),
    "name_needed": _("这一行没有姓名"),
    "beyond_head_limit": _("每人 %(head_fen)s，超过限额 %(limit_fen)s"),
    "beyond_accepted": _("已验收的货还够 %(left)s 人，不能多发"),
    "already_signed": _("其中有人已经签领，请刷新名单再登记"),
    "code_missing": _("这一行没有编码；合并的单元格要拆开，每行写全"),
    "code_unknown": _("没有编码为 %(value)s 的在售供应"),
    "sheet_heads_missing": _("表里找不到“编码”和“数量”两列，请用模板的表头"),
    "line_twice": _("%(offer)s 已在单内，请合并数量"),
    "quantity_zero": _("数量应大于零"),
    "day_in_past": _("日期不能早于今天"),
    "reason_needed": _("请写明理由"),
    "above_reference": _("高出参考价较多，请写明理由"),
    "not_eligible_no_grant": _("没有认定，不能计入预留份额"),
    "not_eligible_grant_expired": _("认定已过期，不能计入预留份额"),
    "not_eligible_grant_suspended": _("认定已暂停，不能计入预留份额"),
    "not_eligible_grant_revoked": _("认定已撤销，不能计入预留份额"),
    "not_eligible_county_not_listed": _("产地县不在名录内，不能计入预留份额"),
    "not_eligible_linkage_not_in_force": _("供应商没有生效的利益联结，不能计入预留份额"),
    "decision_needed": _("请选批准或不批准"),
    "approver_is_submitter": _("提交人不能审批自己的采购单，请另一人审批"),
    "approver_twice": _("同一人不能批两步，请另一人审批"),
    "approval_out_of_order": _("还没有轮到这一步，现在等第 %(waiting)s 步"),
    "approval_not_yours": _("现在等第 %(waiting)s 步，由另一位审批人办理"),
    "total_risen": _("价格变了：提交时合计 %(was_fen)s，现在 %(now_fen)s。请退回，由填报人核对后重新提交"),
    "chain_day": _("审批链从明天或以后起用；本单位还没有设过的，可从今天起"),
    "chain_leader_sets": _("本单位设有负责人，审批链由负责人设定"),
    "chain_from_zero": _("要有一档从 0 元起"),
    "chain_amount_twice": _("与前面一档的起点相同"),
    "chain_steps": _("每档 1 至 %(limit)s 步"),
    "step_person": _("每一步请选一种岗位，或本单位一位有审批权限的人"),
    "step_twice": _("同一人不能在一档里批两步"),
    "deputy_days": _("请填起止日期：到期日不早于今天和起始日，最长一年"),
    "deputy_person": _("请选本单位两位不同的、有审批权限的人"),
    "deputy_exists": _("这几天已有同样的代理"),
    "deputy_ended": _("这项代理已经结束"),
    "too_many_deliveries": _("送货计划最多 %(limit)s 次"),
    "part_unknown": _("所分的产品不在采购单里"),
    "delivery_empty": _("这次送货还没有分到任何产品"),
    "plan_sum_differs": _("各次送货合计 %(planned_qty)s，应等于这一行的 %(line_qty)s"),
    "part_below_minimum": _("第 %(delivery)s 次送货低于起订量 %(minimum_qty)s"),
    "part_off_pack": _("第 %(delivery)s 次送货应是 %(pack_qty)s 的整数倍"),
    "confirm_too_late": _("已过接单期限"),
    "beyond_open": _("超过未发的数量，最多 %(left)s"),
    "part_twice": _("同一批次在这一行写了两次"),
    "line_counted_twice": _("有一行点了两次"),
    "not_counted": _("这一行还没有点"),
    "more_than_shipped": _("多于本次所发的 %(shipped)s"),
    "net_needed": _("按净重计价，请填净重"),
    "quantity_not_positive": _("数量应大于零"),
    "return_beyond_accepted": _("退货超过验收数量，最多还可退 %(left_qty)s"),
    "return_net_differs": _("全部退回须退回全部净重，部分退回须留有净重（最多还可退 %(left_qty)s）"),
    "net_beyond_tolerance": _("净重超出允许的偏差，最多 %(most)s"),
    "papers_missing": _("缺批次单据：%(papers)s"),
    "reject_reason_needed": _("有拒收，请选原因"),
    "receiver_is_requester": _("下单人不能验收自己的订单"),
    "witness_is_receiver": _("见证人不能是验收人本人"),
    "second_is_first": _("第二验收人不能是第一个签字的人"),
    # payments
    "invoice_number_needed": _("请填发票号码"),
    "invoice_exists": _("发票 %(number)s 已经登记"),
    "invoice_differs": _("发票金额与结算单不符，尚可开 %(left_fen)s"),
    "payment_differs": _("付款金额与结算单不符，应付 %(due_fen)s"),
    "bank_serial_needed": _("请填银行流水号"),
    "transfer_exists": _("这张结算单已登记付款，等供应商确认"),
    # reporting
    "not_a_month": _("“%(value)s”不是月份，应如 202608"),
    "months_turned": _("结束月份不能早于开始月份"),
    "too_many_months": _("一次最多看 %(most)s 个月"),
    "not_a_dimension": _("不能按“%(value)s”分组"),
    "not_a_prefix": _("区划代码应是 2、4、6、9 或 12 位数字"),
    "not_a_figure": _("没有“%(value)s”这个数字"),
    # attribution
    "distribution_open": _("上一次分配还没有办完"),
    "nothing_to_distribute": _("截至这一天没有可分配的金额"),
    "approver_is_preparer": _("编制人不能审批自己的分配，请另一人审批"),
    "pool_moved": _("编制以后又有结清或冲回，请重新编制"),
    "already_paid": _("这一户已经兑付"),
    "draft_not_checked": _("系统按月末拟的草稿要先由一人核对认领，再由另一人批准"),
    "scan_needed": _("现金发放请上传签字或按手印的花名册扫描件"),
    "payout_held": _("没有有效的收款人，暂缓发放"),
    "payout_in_bank_file": _("已在送银行的代发文件里，等银行结果"),
    "payout_failed": _("上次付款失败，请先改派重付"),
    "payout_void": _("已收回并入下一次分配"),
    "notice_running": _("公示期未满，期满后才能发放"),
    "objection_open": _("公示异议还没有处理完，暂缓发放"),
    "payee_none": _("这一户还没有登记收款人"),
    "payee_proposed": _("收款人等另一人复核"),
    "payee_cooling": _("收款人刚变更，冷静期内不能用"),
    "payee_died": _("收款人已去世，请另行登记"),
    "payee_ended": _("收款人已停用，请另行登记"),
    "payee_split": _("这一户已分为几户，请收回这一笔，下次分配按份额重列"),
    "village_needed": _("请选择一个住有农户的村"),
    "list_too_long": _("名单超过 %(most)s 户，请按村打印"),
    "cash_payee": _("收款人登记的是现金，不能由银行代发"),
    "bank_template_unknown": _("没有这种代发模板"),
    "bank_file_told": _("银行已有结果，不能再撤回这份代发文件"),
    "nothing_to_send": _("没有可由银行代发的款"),
    "result_read_before": _("这份结果文件 %(day)s 已读入，没有重复登记"),
    "result_columns": _("结果文件缺列：%(columns)s"),
    "reference_unknown": _("没有这个代发编号"),
    "reference_withdrawn": _("这个编号所在的代发文件已撤回"),
    "result_amount_differs": _("金额不符，应为 %(due_fen)s"),
    "result_account_differs": _("账号后四位不符，应为 %(last4)s"),
    "result_state_unknown": _("看不懂处理结果“%(value)s”，应是成功、失败或处理中"),
    "result_already_failed": _("这一笔已登记失败"),
    # notices
    "notice_over": _("公示已于 %(day)s 结束，不再收异议；有疑问请找乡镇部门"),
    "line_unknown": _("公示单里没有这一行"),
    "contact_needed": _("请留联系方式，便于核实和答复"),
    "objections_many": _("这份公示的异议较多，请过一小时再提，或找村委会代为登记"),
    # spreadsheets
    "sheet_type": _("请上传 XLSX 或 CSV 文件"),
    "sheet_too_large": _("文件太大，最大 %(limit_mb)s MB"),
    "sheet_bomb": _("文件解开后过大，没有读入"),
    "sheet_unreadable": _("文件打不开，请另存后再传"),
    "sheet_too_many": _("内容太多：最多 %(sheets)s 个表、%(rows)s 行、%(columns)s 列"),
    "sheet_empty": _("文件里没有数据"),
    "sheet_number_rounded": _("长数字被表格软件截断了，请把这一列设为文本后重填"),
    "sheet_encoding": _("看不懂文字编码，请存为 UTF-8 或 GBK"),
    # the household's side
    "link_wrong": _("后四位不对，或者这张卡已经换过。请看卡片再填，或找村委会重新打印。"),
    "mail_address_wrong": _("应是一个邮箱地址，例如 caigou@example.gov.cn"),
    "mail_asked_often": _("今天要求确认的次数太多，请明天再试。"),
    "mail_link_wrong": _("这个网址不对，或者已经过期。请在「邮件通知」里重新填写邮箱。"),
    "certificate_nothing": _("这段时间还没有结清的帮扶采购，开不出证明。"),
    "certificate_code_wrong": _("编号和校验码对不上，请照证明上的抄写。"),
    "certificate_throttled": _("试的次数太多，请 %(minutes)s 分钟后再试。"),
    "certificate_ahead": _("证明只能开到今天为止。"),
    "pack_too_large": _("资料太多：最多 %(most)s 份、%(limit_mb)s MB，请按结算单分开打印。"),
    "link_throttled": _("试的次数太多，请 %(minutes)s 分钟后再试，或找村委会查询。"),
    "statement_closed": _("查询时间已到，请重新扫码。"),
    "payout_not_paid": _("还没有付出去的款不能确认"),
    "dispute_open": _("这一项已经提了异议，正在处理"),
    "dispute_words": _("请写明情况，500 字以内"),
    "dispute_corrected": _("这件异议已经登记过更正"),
    "township_decides": _("异议由乡镇或上级部门处理，村里可以查看和代为提出"),
    "decider_is_raiser": _("代农户提出异议的人不能自己裁定"),
    "answer_awaited": _("供应商的答复期到 %(day)s，届时未答复或已答复后再裁定"),
    "remedy_needed": _("请选择如何更正"),
}
# Facts that are quantities in thousandths, and codes of papers, whatever the error.
QUANTITIES = frozenset(
    {"minimum", "pack", "step", "lower", "upper", "available", "reserved", "left", "shipped", "most"}
)
PAPERS: dict[str, LazyString] = {
    "conformity": _("承诺达标合格证"),
    "quarantine": _("动物检疫合格证明"),
    "meat_inspection": _("肉品品质检验合格证"),
    "sc_licence": _("食品生产许可证"),
    "test_report": _("检测报告"),
}

# What was not found or was in the wrong state, and whose version was stale.
NOUNS: dict[str, LazyString] = {
    "row": _("这条记录"),
    "page": _("这个页面"),
    "organisation": _("单位"),
    "user": _("用户"),
    "token": _("令牌"),
    "checkpoint": _("检查点"),
    "key": _("公钥"),
    "file": _("文件"),
    "division": _("区划"),
    "village": _("村"),
    "household": _("农户"),
    "member": _("家庭成员"),
    "payee": _("收款人"),
    "change": _("农户变动"),
    "product": _("产品"),
    "offer": _("供应"),
    "lot": _("批次"),
    "slip": _("过磅单"),
    "agreement": _("协议"),
    "advance": _("预支款"),
    "surplus": _("盈余返还"),
    "roster": _("名单"),
    "grant": _("认定"),
    "plan": _("份额方案"),
    "agency_span": _("学期或停送日"),
    "requisition": _("采购单"),
    "standing_order": _("定期订货单"),
    "welfare_order": _("福利采购单"),
    "order": _("订单"),
    "line": _("订单行"),
    "order_line": _("订单行"),
    "shipment": _("发货"),
    "acceptance": _("验收"),
    "bill": _("结算单"),
    "payment": _("付款"),
    "transfer": _("付款"),
    "invoice": _("发票"),
    "distribution": _("分配"),
    "payout": _("兑付"),
    "bank_file": _("代发文件"),
    "notice": _("公示"),
    "objection": _("异议"),
    "finding": _("问题"),
    "dispute": _("异议"),
    "link": _("明白卡"),
    "flow": _("收入记录"),
}


class _Facts(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return "…"


def sentence(error: DomainError) -> str:
    """The error in words, in the request's language."""
    words = WORDS.get(error.code) or WORDS["invalid"]
    facts = _Facts({name: _shown(name, value) for name, value in error.facts.items()})
    text: str = str(words) % facts
    return text


def _shown(name: str, value: Any) -> str:
    if name == "what":
        return str(NOUNS.get(value, NOUNS["row"]))
    if isinstance(value, int) and name.endswith("_fen"):
        return format_yuan(value)
    if isinstance(value, int) and (name in QUANTITIES or name.endswith("_qty")):
        return format_quantity(value)
    if isinstance(value, int) and name.endswith("_bp"):
        return f"{value / 100:.2f} %"
    if isinstance(value, datetime):
        return clock.local(value).strftime("%Y-%m-%d %H:%M")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list | tuple | set | frozenset):
        return gettext("、").join(str(PAPERS.get(part, part)) for part in value)
    return str(value)


# marshmallow's own sentences, by how they begin, as our codes; a schema may also name one of our codes as its message.
_LIBRARY = {
    "Missing data": "required",
    "Field may not be null": "required",
    "Unknown field": "unknown_field",
    "Longer than": "too_long",
    "Shorter than": "too_short",
    "Length must be": "too_long",
    "Must be one of": "not_a_choice",
    "Must be ": "out_of_range",
    "Not a valid number": "not_a_number",
    "Not a valid integer": "not_a_number",
    "Not a valid decimal": "not_a_number",
    "Not a valid date": "not_a_day",
    "Not a valid datetime": "not_a_moment",
    "Not a valid aware datetime": "not_a_moment",
    "Not a valid UUID": "not_an_id",
}


def code_of(text: str) -> str:
    """A validation library's sentence, or a code that stands in its place, as our code."""
    if text in WORDS:
        return text
    matches = [start for start in _LIBRARY if text.startswith(start)]
    return _LIBRARY[max(matches, key=len)] if matches else "invalid"


def flattened(messages: Mapping[Any, Any] | list[Any], field: str = "", row: int | None = None) -> list[DomainError]:
    """marshmallow's nested messages as refusals: {'lines': {0: {'quantity': [...]}}} → 'lines.0.quantity', row 1."""
    if isinstance(messages, Mapping):
        found = []
        for name, below in messages.items():
            path = "" if name == "_schema" else str(name)
            found += flattened(below, ".".join(filter(None, (field, path))), name + 1 if isinstance(name, int) else row)
        return found
    return [_placed(text, field or None, row) for text in messages]


def _placed(text: Any, field: str | None, row: int | None) -> DomainError:
    """A message at its place; a schema's field may give one of our refusals, whose facts are kept."""
    if isinstance(text, DomainError):
        text.field, text.row = field, row
        return text
    return DomainError(code_of(str(text)), field=field, row=row)
