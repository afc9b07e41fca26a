"""Variables in values: their content, or what stands after `:-` where there is none."""

from pathlib import Path

import pytest

from monitor.config.document import Mapping, Scalar, read_document
from monitor.config.environment import fill

DEFAULTS = {
    "set": ("${D:-plain}", {"D": "/data"}, "/data"),
    "not set": ("${D:-plain}", {}, "plain"),
    "empty": ("${D:-plain}", {"D": ""}, "plain"),
    "nothing instead": ("${D:-}", {}, ""),
    "within a text": ("a ${D:-b c} d ${E}", {"E": "e"}, "a b c d e"),
    "its content is not read again": ("${D:-x}", {"D": "${E}"}, "${E}"),
    "the characters themselves": ("$${D:-x}", {}, "${D:-x}"),
}


@pytest.mark.parametrize("name", DEFAULTS)
def test_default(name: str) -> None:
    text, environ, expected = DEFAULTS[name]
    document = fill(read_document(Path("a.yaml"), f'key: "{text}"\n'.encode()), environ)
    assert isinstance(document.root, Mapping)
    node = document.root.entries["key"].node
    assert isinstance(node, Scalar)
    assert node.value == expected
