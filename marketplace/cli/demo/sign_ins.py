"""One sign-in per role of the demo. Demo mode binds to loopback only, so its password may be known."""

PASSWORD = "bangfu-demo-2026"
SIGN_INS = (
    ("采购人，采购员", "buyer"),
    ("采购人，审批人", "buyer-approver"),
    ("采购人，验收员", "buyer-receiver"),
    ("采购人，财务", "buyer-finance"),
    ("供应商，负责人", "supplier"),
    ("供应商，业务员", "supplier-clerk"),
    ("市级主管部门，负责人", "office"),
    ("炎陵县主管部门，负责人", "yanling"),
    ("审计", "auditor"),
    ("平台运营", "platform"),
)
