"""Where a chunked body ends (RFC 9112, section 7.1); pure."""

import re

LINE_END, TRAILERS_END = b"\r\n", b"\r\n\r\n"
SIZE_LINE = re.compile(rb"([0-9A-Fa-f]{1,16})(?:[ \t;].*)?")
LONGEST_LINE = 8190  # bytes, as gunicorn's parser has it


class Chunks:
    """Looks for the end of a chunked body whose bytes come little by little."""

    def __init__(self) -> None:
        self._at = 0  # where the next chunk's size begins

    def are_all_in(self, data: bytearray) -> bool:
        """Whether the body, of which this has arrived, is there to its end. Of what is no chunked
        body nothing more has to be awaited."""
        while (end := data.find(LINE_END, self._at)) >= 0:
            line = SIZE_LINE.fullmatch(data, self._at, end)
            if line is None:
                return True
            size = int(line[1], 16)
            if size == 0:
                # Trailers, or at once the empty line that ends them.
                return data.find(TRAILERS_END, end) >= 0
            self._at = end + len(LINE_END) + size + len(LINE_END)
        return len(data) - self._at > LONGEST_LINE
