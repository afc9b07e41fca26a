"""sources: what a person names (files, folders, URLs) in; each file of it, and the document in a file, out."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from monitor.model.poll import Document

FILE_BYTES_MAX = 10 * 2**20


def is_url(source: str) -> bool:
    return source.lower().startswith(("http://", "https://"))


def spread(sources: Sequence[str]) -> Iterator[str]:
    """The sources with each folder replaced by its files, those in its folders included, in order; hidden ones are left out."""
    for source in sources:
        if is_url(source) or not Path(source).is_dir():
            yield source
        else:
            yield from _files(Path(source)) or [source]


def _files(folder: Path) -> list[str]:
    return [
        str(file)
        for file in sorted(folder.rglob("*"))
        if not file.is_dir() and not any(part.startswith(".") for part in file.relative_to(folder).parts)
    ]


def read_file(path: Path) -> Document | str:
    """The document in a file, or why there is none."""
    try:
        if path.is_dir():
            return "no files in this folder"
        # To open a pipe waits for somebody who writes, maybe for ever. What a shell hands over (`<(…)`, /dev/stdin) has somebody.
        if path.exists() and not path.is_file() and path.parts[:2] not in {("/", "dev"), ("/", "proc")}:
            return "not a file"
        with path.open("rb") as file:
            body = file.read(FILE_BYTES_MAX + 1)
    except OSError as error:
        return error.strerror or str(error)
    if len(body) > FILE_BYTES_MAX:
        return f"larger than {FILE_BYTES_MAX // 2**20} MiB"
    return Document(body=body)
