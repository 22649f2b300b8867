"""What these pages call relations, kinds and states."""

from flask_babel import lazy_gettext as _
from flask_babel import lazy_pgettext
from flask_babel.speaklater import LazyString

RELATIONS: dict[str, LazyString] = {
    "head": _("户主"),
    "spouse": _("配偶"),
    "child": _("子女"),
    "child_in_law": _("儿媳、女婿"),
    "grandchild": _("孙子女"),
    "parent": _("父母"),
    "grandparent": _("祖父母"),
    "sibling": _("兄弟姐妹"),
    "other": lazy_pgettext("relation", "其他"),
}
KINDS: dict[str, LazyString] = {"card": _("社保卡、一卡通"), "bank": _("银行账户"), "cash": _("现金")}
KIND_NOTES: dict[str, LazyString | str] = {
    "card": _("本人的社保卡或惠农一卡通"),
    "bank": _("本人的其他银行账户"),
    "cash": _("当面签字或按手印领取"),
}
CHANGES: dict[str, LazyString] = {
    "moved": _("搬家"),
    "died": _("家庭成员去世"),
    "merged": _("并入另一户"),
    "split": _("分户"),
    "left": _("迁出，不再在本地"),
}
CHANGE_NOTES: dict[str, LazyString] = {
    "moved": _("以后的收入计在新住地，以前的不变"),
    "died": _("其名下的收款停止，要另定收款人"),
    "merged": _("欠本户的钱以后付给那一户，须另一人批准"),
    "split": _("欠本户的钱按比例分给几户，须另一人批准"),
    "left": _("欠本户的钱照付"),
}


def relation(code: str) -> LazyString | str:
    """A member's relation is a code, a proxy's the paper's own words."""
    return RELATIONS.get(code, code)
