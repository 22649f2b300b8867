"""Papers and scans of the supplier's own: kept with a form, opened again by nobody else."""

from uuid import UUID

from flask import Response, request, send_file

from ...core import files
from ...edge.current import actor
from ...edge.guard import guard
from . import blueprint


def uploaded(name: str = "file") -> UUID | None:
    """Keeps the form's file, if one was chosen. Raises Refused: file_empty, file_too_large, file_type."""
    upload = request.files.get(name)
    if upload is None or not upload.filename:
        return None
    return files.keep(actor(), upload.filename, upload.read(files.MAX_BYTES + 1), field=name).id


@blueprint.get("/files/<uuid:file_id>")
@guard(signed_in=True)
def file(file_id: UUID) -> Response:
    row = files.kept(actor(), file_id)
    response = send_file(files.open_kept(row), mimetype=row.media_type, download_name=row.name)
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["Content-Security-Policy"] = "sandbox"
    return response
