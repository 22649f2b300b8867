"""Evidence and papers: uploaded once, then named by id in bodies."""

from typing import Any
from uuid import UUID

from flask import Response, send_file
from flask_babel import lazy_gettext as _
from flask_smorest.fields import Upload
from marshmallow import fields

from ..core import files
from ..core.db import by_id
from ..core.fields import Id, Moment, Shown, Taken, Whole
from ..edge.current import actor
from ..edge.guard import guard
from .blueprint import Blueprint, View

blueprint = Blueprint("files", _("文件"))


def gives_content(view: View) -> View:
    """Declares that the answer is a file's content."""
    for media_type in files.SIGNATURES.values():
        view = blueprint.response(200, {"type": "string", "format": "binary"}, content_type=media_type)(view)
    return view


class NewFileSchema(Taken):
    file = Upload(required=True, metadata={"description": "PDF, PNG or JPEG, 8 MB at most"})


class FileSchema(Shown):
    id = Id()
    name = fields.String()
    media_type = fields.String()
    size = Whole()
    sha256 = fields.String()
    added_at = Moment()


def require_own(file_id: UUID | None) -> None:
    """Only a file of one's own organisation can be attached. Raises NotFound."""
    if file_id:
        files.kept(actor(), file_id)


def attached(file_id: UUID) -> Response:
    """The content of a file that hangs on something within scope; the caller has checked that."""
    return _content(by_id(files.FileRow, file_id, what="file"))


def _content(row: files.FileRow) -> Response:
    return send_file(files.open_kept(row), row.media_type, as_attachment=True, download_name=row.name)


@blueprint.post("/files", summary=_("上传文件"))
@blueprint.arguments(NewFileSchema, location="files")
@blueprint.gives(FileSchema, 201)
@guard("file.add")
def add(data: dict[str, Any]) -> Any:
    upload = data["file"]
    return files.keep(actor(), upload.filename or "file", upload.stream.read(files.MAX_BYTES + 1))


@blueprint.get("/files/<uuid:file_id>", summary=_("文件信息"))
@blueprint.gives(FileSchema)
@guard(signed_in=True)
def one(file_id: UUID) -> Any:
    """Of one's own organisation; what others attached is read where it hangs."""
    return files.kept(actor(), file_id)


@blueprint.get("/files/<uuid:file_id>/content", summary=_("文件内容"))
@gives_content
@guard(signed_in=True)
def content(file_id: UUID) -> Response:
    return _content(files.kept(actor(), file_id))
