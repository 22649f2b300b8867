"""One sign-in per role of the demo. Demo mode binds to loopback only, so its password may be known."""

from flask_babel import lazy_gettext as _

PASSWORD = "bangfu-demo-2026"
SIGN_INS = (
    (_("采购人，采购员"), "buyer"),
    (_("采购人，审批人"), "buyer-approver"),
    (_("采购人，验收员"), "buyer-receiver"),
    (_("采购人，财务"), "buyer-finance"),
    (_("供应商，负责人"), "supplier"),
    (_("供应商，业务员"), "supplier-clerk"),
    (_("市级主管部门，负责人"), "office"),
    (_("炎陵县主管部门，负责人"), "yanling"),
    (_("审计"), "auditor"),
    (_("平台运营"), "platform"),
)
