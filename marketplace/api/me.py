"""Who asks, and its tokens."""

from typing import Any
from uuid import UUID

from flask import Response
from flask_babel import lazy_gettext as _

from ..edge.current import actor
from ..edge.guard import guard
from ..identity import tokens
from ..identity.schemas import MeSchema, NewTokenSchema, TokenSchema, TokenShownSchema
from .blueprint import Blueprint
from .paging import PageSchema, cut, list_of

blueprint = Blueprint("me", _("账号与令牌"))


@blueprint.get("/me", summary=_("我是谁"))
@blueprint.gives(MeSchema)
@guard(public=True)
def me() -> Any:
    """Without token or session: the public."""
    who = actor()
    return {
        "kind": who.kind,
        "user": who.user,
        "name": who.name,
        "organisation": who.organisation,
        "organisation_name": who.organisation_name,
        "roles": sorted(who.roles),
        "permissions": sorted(who.permissions),
        "signed_in": who.user is not None,
    }


@blueprint.get("/me/tokens", summary=_("我的令牌"))
@blueprint.asks(PageSchema)
@blueprint.gives(list_of(TokenShownSchema))
@guard(signed_in=True)
def my_tokens(query: dict[str, Any]) -> Any:
    """Newest first, ended ones too."""
    return cut(tokens.tokens_of(actor()), query)


@blueprint.post("/me/tokens", summary=_("新建令牌"))
@blueprint.takes(TokenSchema)
@blueprint.gives(NewTokenSchema, 201)
@blueprint.alt_response(204, description="The same key again: the token is there, its secret is not shown twice")
@guard(signed_in=True)
def create_token(data: dict[str, Any]) -> Any:
    """The secret is shown in this answer and never again: a repeat under the same key answers without a body."""
    row, secret = tokens.create_token(actor(), **data)
    shown = {name: getattr(row, name) for name in ("id", "name", "hint", "created_at", "expires_at", "revoked_at")}
    return shown | {"secret": secret}, 201, {"Cache-Control": "no-store"}


@blueprint.delete("/me/tokens/<uuid:token_id>", summary=_("作废令牌"))
@blueprint.gives(None, 204)
@guard(signed_in=True)
def revoke_token(token_id: UUID) -> Any:
    """A second time changes nothing."""
    tokens.revoke_token(actor(), token_id)
    return Response(status=204)
